// Switches for what the sandbox lets go wrong, for all conversations or for the one that is shown.

import { api } from "./api.js";
import { choice } from "./dialog.js";
import { heading } from "./chat_list.js";
import { element, fill } from "./element.js";
import { calls, events } from "./fault_switches.js";
import { icon } from "./icons.js";
import { t } from "./language.js";
import { open_own_fault } from "./own_fault.js";
import { selected } from "./selection.js";
import { trying } from "./toast.js";
import { on, world } from "./world.js";

let scope = "all";

const only_here = () => (scope === "here" ? selected()?.id : undefined);
const scoped = (fault) => ({ ...fault, times: "forever", conversation_id: only_here() });

const same = (rule, fault) =>
  ["at", "kind", "status", "conversation_id"].every((name) => rule[name] === fault[name]) &&
  rule.rate === undefined &&
  rule.times === "forever";

function fault_switch({ key, fault }) {
  const wanted = scoped(fault),
    rule = world.faults.find((each) => same(each, wanted));
  return element(
    "button",
    {
      class: "switch",
      type: "button",
      role: "switch",
      "aria-checked": String(Boolean(rule)),
      data: { fault: key },
      on: { click: () => trying(() => (rule ? api.clear_fault(rule.id) : api.fault(wanted))) },
    },
    element("span", { class: "switch-name" }, t(`fault_${key}`)),
    element("span", { class: "switch-hint" }, t(`fault_${key}_hint`)),
    element("span", { class: "switch-track" }),
  );
}

/** A fault in a few words. */
export function fault_text(rule) {
  const what = rule.kinds
    ? rule.kinds.map((each) => each.kind ?? each.status ?? each).join(" / ")
    : (rule.status ?? rule.kind ?? (rule.skew ? `${rule.skew} s` : "delay"));
  return `${what} · ${rule.at === "*" ? t("all_calls") : rule.at === "webhook" ? t("all_events") : rule.at}`;
}

function rule_line(rule) {
  const conversation = rule.conversation_id && world.conversations.get(rule.conversation_id);
  const facts = [
    rule.struck > 0 ? t("struck", { n: rule.struck }) : t("not_struck"),
    rule.times === "forever" ? null : t("times_left", { n: rule.times }),
    rule.rate && t("at_rate", { n: rule.rate * 100 }),
    rule.conversation_id ? (conversation ? heading(conversation) : rule.conversation_id) : t("everywhere"),
  ];
  return element(
    "li",
    { class: "rule" },
    icon("fault"),
    element(
      "p",
      { class: "rule-text" },
      element("bdi", {}, fault_text(rule)),
      element("small", { dir: "auto" }, facts.filter(Boolean).join(" · ")),
    ),
    element(
      "button",
      {
        class: "plain small",
        type: "button",
        "aria-label": t("switch_off_this", { fault: fault_text(rule) }),
        on: { click: () => trying(() => api.clear_fault(rule.id)) },
      },
      t("switch_off"),
    ),
  );
}

/** Fill the panel and keep it up to date. */
export function start_faults(panel) {
  function draw() {
    const focused = panel.contains(document.activeElement) && document.activeElement.dataset.fault;
    const scopes = [
      ["all", t("scope_all")],
      ["here", t("scope_here")],
    ];
    fill(
      panel,
      element(
        "div",
        { class: "panel-head" },
        element("h2", {}, t("faults")),
        element(
          "button",
          {
            class: "plain small",
            type: "button",
            disabled: world.faults.length === 0,
            on: { click: () => trying(() => api.clear_fault()) },
          },
          t("all_off"),
        ),
      ),
      world.faults.length > 0 &&
        element(
          "div",
          { class: "block" },
          element("h3", {}, t("faults_now", { n: world.faults.length })),
          element("ul", { class: "switch-list" }, world.faults.map(rule_line)),
        ),
      element(
        "div",
        { class: "block" },
        element("p", {}, t("faults_about")),
        choice(t("fault_scope"), "scope", scopes, scope, {
          on: {
            change: (event) => {
              scope = event.target.value;
              draw();
            },
          },
        }),
      ),
      element(
        "div",
        { class: "block" },
        element("h3", {}, t("faults_of_calls")),
        element("div", { class: "switch-list" }, calls.map(fault_switch)),
      ),
      element(
        "div",
        { class: "block" },
        element("h3", {}, t("faults_of_events")),
        element("div", { class: "switch-list" }, events.map(fault_switch)),
      ),
      element(
        "div",
        { class: "block" },
        element(
          "div",
          { class: "row" },
          element("button", { class: "plain", type: "button", on: { click: () => open_own_fault(only_here()) } }, icon("add"), t("own_fault")),
        ),
      ),
    );
    if (focused) panel.querySelector(`[data-fault="${focused}"]`)?.focus();
  }
  for (const change of ["all", "faults", "selection"]) on(change, draw);
  return draw;
}
