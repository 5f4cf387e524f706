// One exchange whole: what was asked, what was answered, what is wrong, and what can be done with it.

import { api } from "./api.js";
import { as_curl } from "./shell.js";
import { as_spec } from "./fixture.js";
import { copy } from "./clipboard.js";
import { explain } from "./diagnosis.js";
import { element } from "./element.js";
import { gauge } from "./gauge.js";
import { icon } from "./icons.js";
import { json_view } from "./json_view.js";
import { duration, t } from "./language.js";
import { show_exchange } from "./inspector.js";
import { toast, trying } from "./toast.js";
import { world } from "./world.js";

function headers_view(headers) {
  const names = Object.keys(headers).sort();
  return element(
    "details",
    { class: "headers" },
    element("summary", {}, t("headers", { n: names.length })),
    element(
      "dl",
      {},
      names.map((name) => [element("dt", {}, name), element("dd", {}, headers[name])]),
    ),
  );
}

function body_view(text, findings, label) {
  if (text === undefined || text === "") return element("p", { class: "hint" }, t("empty_body"));
  return json_view(text, findings, label);
}

function problem_view(exchange) {
  const { title, hint, severity } = explain(exchange);
  if (severity === "good") return null;
  return element(
    "div",
    { class: `state is-${severity}` },
    icon("warning"),
    element("p", {}, element("strong", {}, title), hint),
  );
}

function button(name, sign, run) {
  return element("button", { class: "plain small", type: "button", on: { click: run } }, icon(sign), t(name));
}

async function replay(number) {
  const answer = await trying(() => api.replay(number));
  if (!answer) return;
  toast(t("replay_done"));
  show_exchange(answer.number);
}

/** The whole of it. */
export function exchange_details(exchange) {
  const { response } = exchange;
  return [
    element(
      "div",
      { class: "row" },
      button("copy_curl", "copy", () => copy(as_curl(exchange), "curl")),
      button("copy_spec", "copy", () => copy(as_spec(exchange), t("spec"))),
      button("replay", "refresh", () => replay(exchange.number)),
    ),
    exchange.direction === "to_bot" && problem_view(exchange),
    element(
      "div",
      { class: "half" },
      element("h3", {}, t("request")),
      element(
        "p",
        { class: "first-line" },
        `${exchange.method} ${exchange.path}${exchange.query ? `?${exchange.query}` : ""}`,
      ),
      headers_view(exchange.headers),
      body_view(exchange.body, exchange.findings ?? [], t("request")),
    ),
    element(
      "div",
      { class: "half" },
      element("h3", {}, t("answer")),
      exchange.direction === "to_bot" && gauge(exchange.seconds, world.app.limits),
      element(
        "p",
        { class: "step-time" },
        element("code", {}, response?.status ?? t("no_answer")),
        ` · ${duration(exchange.seconds ?? 0)}`,
      ),
      response && headers_view(response.headers),
      response && body_view(response.body, exchange.answer_findings ?? [], t("answer")),
    ),
  ];
}
