// Every HTTP exchange, the newest first, as it happens.

import { api } from "./api.js";
import { element, fill } from "./element.js";
import { exchange_details } from "./exchange_view.js";
import { icon } from "./icons.js";
import { duration, t, time_of } from "./language.js";
import { selected } from "./selection.js";
import { trying } from "./toast.js";
import { show_view } from "./views.js";
import { on, world } from "./world.js";

const PORTION = 150;
const filter = { text: "", is_here: false, is_wrong: false };
let open_number = null,
  list = null,
  draw_list = () => {};

const is_wrong = (exchange) =>
  Boolean(exchange.problem || exchange.has_errors || !exchange.response || exchange.response.status >= 400);

function passes(exchange) {
  if (filter.is_here && exchange.conversation_id !== selected()?.id) return false;
  if (filter.is_wrong && !is_wrong(exchange)) return false;
  return (
    filter.text === "" ||
    `${exchange.event ?? exchange.endpoint ?? ""} ${exchange.path} ${exchange.response?.status ?? ""}`
      .toLowerCase()
      .includes(filter.text)
  );
}

function status_of(exchange) {
  const status = exchange.response?.status;
  const extra = !status || status >= 500 || exchange.problem ? " is-bad" : status >= 400 ? " is-warning" : "";
  return element("span", { class: `status${extra}` }, status ?? t("no_answer"));
}

function marks(exchange) {
  return element(
    "span",
    { class: "exchange-marks" },
    exchange.replay_of && element("span", { class: "mark" }, t("replayed", { n: exchange.replay_of })),
    exchange.fault && element("span", { class: "mark" }, t("fault"), " ", element("code", {}, exchange.fault)),
    (exchange.has_errors || exchange.problem) && element("span", { class: "mark is-bad" }, t("wrong")),
  );
}

function entry(exchange) {
  const to_bot = exchange.direction === "to_bot",
    body = element("div", { class: "exchange-body", hidden: true });
  const head = element(
    "button",
    { class: "exchange-head", type: "button", "aria-expanded": "false" },
    element(
      "span",
      { class: "exchange-way" },
      icon(to_bot ? "in_" : "launch"),
      element("span", { class: "unseen" }, t(exchange.direction)),
    ),
    element("span", { class: "exchange-name" }, exchange.event ?? exchange.endpoint ?? exchange.path),
    status_of(exchange),
    element(
      "span",
      { class: "exchange-facts" },
      `${t(exchange.direction)} · ${duration(exchange.seconds ?? 0)} · ${time_of(exchange.at * 1000000)}`,
    ),
    marks(exchange),
  );
  const node = element(
    "li",
    { class: `exchange${to_bot ? "" : " to-divar"}`, data: { number: exchange.number } },
    head,
    body,
  );
  async function set_open(is_open) {
    open_number = is_open ? exchange.number : null;
    node.classList.toggle("is-open", is_open);
    head.setAttribute("aria-expanded", String(is_open));
    body.hidden = !is_open;
    if (is_open && !body.firstChild) {
      const whole = await trying(() => api.exchange(exchange.number));
      if (whole) fill(body, exchange_details(whole));
    }
  }
  head.addEventListener("click", () => set_open(body.hidden));
  if (exchange.number === open_number) set_open(true);
  return node;
}

/** Go to an exchange and open it. */
export function show_exchange(number) {
  show_view("inspector");
  Object.assign(filter, { text: "", is_here: false, is_wrong: false });
  open_number = number;
  draw_list();
  const node = list.querySelector(`[data-number="${number}"]`);
  node?.scrollIntoView({ block: "nearest" });
  node?.querySelector(".exchange-head").focus({ preventScroll: true });
}

function checkbox(key, name) {
  return element(
    "label",
    {},
    element("input", {
      type: "checkbox",
      checked: filter[name],
      on: {
        change: (event) => {
          filter[name] = event.target.checked;
          draw_list();
        },
      },
    }),
    t(key),
  );
}

/** Fill the panel and keep it up to date. */
export function start_inspector(panel) {
  const top = element("div", { class: "panel-head" });
  list = element("ul", { class: "exchanges" });
  const more = element("button", {
    class: "quiet",
    type: "button",
    on: {
      click: () => {
        limit += PORTION;
        draw_list();
      },
    },
  });
  let limit = PORTION;
  panel.append(top, list, more);

  function draw_top() {
    fill(
      top,
      element("h2", {}, t("inspector")),
      element(
        "div",
        { class: "filters" },
        element("input", {
          type: "search",
          value: filter.text,
          placeholder: t("search_exchanges"),
          "aria-label": t("search_exchanges"),
          on: {
            input: (event) => {
              filter.text = event.target.value.toLowerCase();
              draw_list();
            },
          },
        }),
        element("div", { class: "checks" }, checkbox("only_here", "is_here"), checkbox("only_wrong", "is_wrong")),
      ),
    );
    more.textContent = t("more");
  }
  draw_list = () => {
    const fitting = [...world.exchanges.values()].filter(passes).reverse();
    fill(list, fitting.slice(0, limit).map(entry));
    if (fitting.length === 0) fill(list, element("li", { class: "empty" }, t("no_exchanges")));
    more.hidden = fitting.length <= limit;
  };
  on("all", draw_list);
  on("selection", () => filter.is_here && draw_list());
  on("exchange", (exchange) => {
    if (!passes(exchange)) return;
    list.querySelector(".empty")?.remove();
    list.prepend(entry(exchange));
    if (list.children.length > limit) list.lastElementChild.remove();
  });
  return () => {
    draw_top();
    draw_list();
  };
}
