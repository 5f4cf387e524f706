// The middle of the page: the phones of the conversation that is shown, and what can be done around it.

import { api } from "./api.js";
import { heading } from "./chat_list.js";
import { element, fill } from "./element.js";
import { icon } from "./icons.js";
import { t } from "./language.js";
import { make_phone } from "./phone.js";
import { selected } from "./selection.js";
import { toast, trying } from "./toast.js";
import { open_touch_points } from "./touch_points.js";
import { on } from "./world.js";

const sides = { BOT: ["USER"], POST: ["SELLER", "BUYER"] };

function bar(conversation, phones) {
  const toggle = element(
    "button",
    {
      class: "plain icon-only chats-toggle",
      type: "button",
      "aria-label": t("chats"),
      "aria-controls": "chats",
      title: t("chats"),
      on: {
        click: () => {
          document.body.dataset.chats = document.body.dataset.chats === "open" ? "" : "open";
        },
      },
    },
    icon("menu"),
  );
  return element(
    "div",
    { class: "stage-bar" },
    toggle,
    element("h2", { class: "stage-title", dir: "auto" }, conversation ? heading(conversation) : ""),
    conversation &&
      element(
        "button",
        { class: "plain", type: "button", on: { click: () => open_touch_points(conversation, phones[0]) } },
        icon("launch", "follows-text"),
        t("open_app"),
      ),
    conversation &&
      element(
        "button",
        {
          class: "plain icon-only",
          type: "button",
          "aria-label": t("block"),
          title: t("block"),
          "aria-pressed": String(Boolean(conversation.blocked)),
          on: { click: () => trying(() => api.block(conversation.id, !conversation.blocked)) },
        },
        icon("blocked"),
      ),
  );
}

// In a post's chat Divar tells the bot of messages only while it has subscribed to them.
function notices(conversation) {
  const found = [];
  if (conversation.blocked) found.push(element("p", {}, t("is_blocked")));
  if (conversation.type === "POST" && !conversation.is_heard) {
    found.push(
      element("p", {}, t("not_heard")),
      element(
        "button",
        {
          class: "plain small",
          type: "button",
          on: {
            click: () =>
              trying(async () => {
                await api.hear(conversation.post_token, true);
                toast(t("heard_now"));
              }),
          },
        },
        t("tell_anyway"),
      ),
    );
  }
  return found.length > 0 && element("div", { class: "notice" }, icon("info"), found);
}

function side_switch(names, holder) {
  if (names.length < 2) return null;
  const labels = { SELLER: "seller", BUYER: "buyer" };
  const buttons = names.map((side) =>
    element(
      "button",
      {
        class: "side",
        type: "button",
        "aria-pressed": String(side === holder.dataset.side),
        on: {
          click: () => {
            holder.dataset.side = side;
            buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(names[i] === side)));
          },
        },
      },
      t(labels[side]),
    ),
  );
  return element("div", { class: "sides", role: "group", "aria-label": t("side_shown") }, buttons);
}

/** Fill the stage and keep it up to date. */
export function start_stage(stage) {
  let phones = [],
    shown = null;
  const top = element("div", {}),
    under = element("div", {});
  const holder = element("div", { class: "phones" });
  stage.append(top, under, holder);

  function draw_top() {
    fill(top, bar(shown, phones));
    fill(under, shown && notices(shown), shown && side_switch(sides[shown.type], holder));
  }
  function draw() {
    shown = selected();
    holder.dataset.side = shown?.type === "POST" ? "BUYER" : "USER";
    phones = shown ? sides[shown.type].map((side) => make_phone(shown, side)) : [];
    draw_top();
    fill(holder, shown ? phones.map((phone) => phone.node) : element("p", { class: "empty" }, t("no_chats")));
    document.body.dataset.chats = "";
  }
  on("all", draw);
  on("selection", draw);
  on("conversation", (conversation) => (conversation === shown ? draw_top() : selected() !== shown && draw()));
  on("message", ({ conversation, message }) => {
    if (conversation === shown) phones.forEach((phone) => phone.add(message));
  });
  return draw;
}
