// What came of an act: what the person sees, and the calls that it took.

import { element } from "./element.js";
import { explain } from "./diagnosis.js";
import { gauge } from "./gauge.js";
import { icon } from "./icons.js";
import { duration, t } from "./language.js";
import { show_exchange } from "./inspector.js";
import { world } from "./world.js";

// Schemes that a browser may be sent to; everything else is shown and not linked.
const is_web = (url) => /^https?:\/\//i.test(url);

function address(url) {
  return element(
    "div",
    { class: "seen-page" },
    element(
      "div",
      { class: "seen-address" },
      icon("open"),
      element("code", {}, url),
      is_web(url) &&
        element("a", { class: "quiet small", href: url, target: "_blank", rel: "noopener noreferrer" }, t("open")),
    ),
    element("p", { class: "seen-note" }, t(is_web(url) ? "opens_page" : "no_web_address")),
  );
}

function seen_parts(act) {
  const { text, url, page, post_token } = act.seen;
  return [
    typeof text === "string" && element("p", { class: "seen-text" }, text),
    url && address(url),
    page &&
      element(
        "div",
        { class: "seen-page" },
        element("p", { class: "seen-note" }, t(page === "post" ? "opens_post" : "opens_manage", { post: post_token })),
      ),
  ].filter(Boolean);
}

function step(number) {
  const exchange = world.exchanges.get(number);
  if (!exchange) return null;
  const status = exchange.response ? String(exchange.response.status) : t("no_answer");
  return element(
    "div",
    { class: "step" },
    element(
      "div",
      { class: "step-line" },
      icon("plug"),
      element("span", { class: "code" }, `${exchange.event} → ${status}`),
      element(
        "button",
        { class: "quiet small", type: "button", on: { click: () => show_exchange(number) } },
        t("inspect"),
      ),
    ),
    gauge(exchange.seconds, world.app.limits),
    element(
      "p",
      { class: "step-time" },
      t("took", { time: duration(exchange.seconds ?? 0), limit: duration(world.app.limits.timeout) }),
    ),
  );
}

function problem_of(act) {
  const exchange = act.exchanges.map((number) => world.exchanges.get(number)).find((each) => each?.problem);
  const { title, hint } = exchange ? explain(exchange) : { title: act.problem };
  return element(
    "div",
    { class: "problem", role: "alert" },
    element("strong", {}, title),
    hint && element("span", {}, hint),
  );
}

/** The sheet over a phone; nothing where there is nothing to say. */
export function outcome(act, phone) {
  const seen = seen_parts(act),
    is_press = Boolean(act.pressed) || act.is_visit;
  if (!is_press && !act.problem && seen.length === 0) return null;
  const close = () => {
    sheet.remove();
    act.from?.isConnected && act.from.focus();
  };
  const button = element(
    "button",
    { class: "quiet icon-only small", type: "button", "aria-label": t("close"), on: { click: close } },
    icon("close"),
  );
  const sheet = element(
    "div",
    {
      class: "outcome",
      role: "group",
      "aria-label": t("outcome"),
      on: { keydown: (event) => event.key === "Escape" && close() },
    },
    element(
      "div",
      { class: "outcome-head" },
      element(
        "h4",
        { dir: "auto" },
        act.pressed ? t("pressed", { caption: act.pressed.caption }) : t("outcome_of", { side: phone.label() }),
      ),
      button,
    ),
    element(
      "div",
      { class: "outcome-seen", role: "status" },
      act.problem && problem_of(act),
      seen,
      !act.problem && seen.length === 0 && element("p", { class: "seen-note" }, t("sees_nothing")),
    ),
    act.exchanges.length > 0 && element("div", { class: "steps" }, act.exchanges.map(step)),
  );
  if (is_press) queueMicrotask(() => button.focus());
  return sheet;
}
