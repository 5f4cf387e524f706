// What a bot needs in order to talk to this sandbox, how it does, and the sandbox's state as a file.

import { api } from "./api.js";
import { copy } from "./clipboard.js";
import { explain } from "./diagnosis.js";
import { field, open_form } from "./dialog.js";
import { element, fill } from "./element.js";
import { icon } from "./icons.js";
import { t } from "./language.js";
import { load_saved, save } from "./saved_state.js";
import { trying } from "./toast.js";
import { on, world } from "./world.js";

/** How the bot's newest answer was; null before the first. */
export function bot_state() {
  const newest = [...world.exchanges.values()].reverse().find((each) => each.direction === "to_bot");
  return newest ? explain(newest) : null;
}

/** Ask the bot for something without consequence. */
export const check_bot = () => trying(() => api.check());

const signs = { good: "circle_check", warning: "warning", bad: "warning" };

function health() {
  const state = bot_state();
  if (!state) return element("div", { class: "state" }, icon("info"), element("p", {}, t("bot_unknown")));
  return element(
    "div",
    { class: `state is-${state.severity}`, role: "status" },
    icon(signs[state.severity]),
    element("p", {}, element("strong", {}, state.title), state.hint),
  );
}

function settings(rows) {
  return element(
    "dl",
    { class: "settings" },
    rows.map(([name, value]) =>
      element(
        "div",
        { class: "setting" },
        element("dt", {}, name),
        element(
          "dd",
          {},
          element("span", {}, value),
          element(
            "button",
            {
              class: "quiet icon-only small",
              type: "button",
              "aria-label": t("copy_this", { name }),
              on: { click: () => copy(value, name) },
            },
            icon("copy"),
          ),
        ),
      ),
    ),
  );
}

const shell_line = (environment) =>
  `${environment.map(([name, value]) => `${name}=${value}`).join(" ")} kenar run bot.lua`;

const words_of = (text) => text.split(/\s+/).filter(Boolean);

function open_urls() {
  const { urls, redirect_uris } = world.app;
  const names = Object.keys(urls);
  open_form({
    title: t("panel_urls"),
    submit: t("change_urls"),
    parts: [
      ...names.map((name) => field(t(`url_${name}`), name, urls[name], { dir: "ltr" })),
      field(t("urls_redirect"), "redirect", redirect_uris.join(" "), { dir: "ltr" }),
    ],
    done: (data) =>
      api.set_urls({
        ...Object.fromEntries(names.map((name) => [name, data.get(name).trim()])),
        redirect: words_of(data.get("redirect")),
      }),
  });
}

/** Fill the panel and keep it up to date. */
export function start_setup(panel) {
  let is_asked = false;
  const file = element("input", {
    type: "file",
    accept: "application/json,.json",
    hidden: true,
    "aria-hidden": "true",
    tabIndex: -1,
    on: { change: () => load_saved(file) },
  });
  function draw() {
    const { environment = [], urls = {}, redirect_uris = [] } = world.app;
    fill(
      panel,
      element("div", { class: "panel-head" }, element("h2", {}, t("setup"))),
      element(
        "div",
        { class: "block" },
        element("h3", {}, t("how_is_the_bot")),
        health(),
        element(
          "div",
          { class: "row" },
          element(
            "button",
            { class: "plain", type: "button", on: { click: check_bot } },
            icon("refresh"),
            t("check_now"),
          ),
        ),
        element("p", {}, t("check_about")),
      ),
      element(
        "div",
        { class: "block" },
        element("h3", {}, t("environment")),
        element("p", {}, t("environment_about")),
        settings(environment),
        element(
          "div",
          { class: "row" },
          element(
            "button",
            {
              class: "plain",
              type: "button",
              on: { click: () => copy(shell_line(environment), t("command")) },
            },
            icon("copy"),
            t("copy_command"),
          ),
        ),
      ),
      element(
        "div",
        { class: "block" },
        element("h3", {}, t("panel_urls")),
        element("p", {}, t("panel_urls_about")),
        settings([
          ...Object.entries(urls).map(([name, url]) => [t(`url_${name}`), url]),
          ...redirect_uris.map((url) => [t("url_redirect"), url]),
        ]),
        element(
          "div",
          { class: "row" },
          element("button", { class: "plain", type: "button", on: { click: open_urls } }, icon("link"), t("change_urls")),
        ),
      ),
      element(
        "div",
        { class: "block" },
        element("h3", {}, t("saved")),
        element("p", {}, t("saved_about")),
        element(
          "div",
          { class: "row" },
          element("button", { class: "plain", type: "button", on: { click: save } }, icon("save"), t("save")),
          element(
            "button",
            { class: "plain", type: "button", on: { click: () => file.click() } },
            icon("file"),
            t("load"),
          ),
          file,
        ),
      ),
    );
  }
  for (const change of ["all", "app", "exchange"]) on(change, draw);
  // A page that opens before the bot was asked for anything asks, so that it can tell how to start it.
  on("all", () => {
    if (!is_asked && !bot_state()) check_bot();
    is_asked = true;
  });
  return draw;
}
