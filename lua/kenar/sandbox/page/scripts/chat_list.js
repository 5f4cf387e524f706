// The list of conversations.

import { element, fill } from "./element.js";
import { icon } from "./icons.js";
import { t, time_of } from "./language.js";
import { media } from "./media.js";
import { open_new_chat } from "./new_chat.js";
import { select, selected } from "./selection.js";
import { name_of, on, title_of, world } from "./world.js";

const TINTS = 4;

/** The square that stands for a post, or the circle for the bot. */
export function avatar(conversation, extra = "") {
  if (conversation.type === "BOT")
    return element("span", { class: `avatar is-bot ${extra}`, "aria-hidden": "true" }, icon("bot"));
  const sum = [...conversation.post_token].reduce((total, letter) => total + letter.codePointAt(0), 0);
  return element("span", { class: `avatar tint-${sum % TINTS} ${extra}`, "aria-hidden": "true" }, icon("tag"));
}

/** What a conversation is called in the list. */
export function heading(conversation) {
  if (conversation.type === "BOT") return t("bot_chat_of", { user: name_of(conversation.members.USER) });
  return `${title_of(conversation)} · ${name_of(conversation.members.BUYER)}`;
}

const summary = (message) => message.text ?? (media[message.type] ? t(media[message.type].name) : message.type);

function entry(conversation, is_current) {
  const last = conversation.messages.at(-1);
  return element(
    "li",
    {},
    element(
      "button",
      {
        class: "chat",
        type: "button",
        "aria-current": is_current ? "true" : null,
        on: { click: () => select(conversation.id) },
      },
      avatar(conversation),
      element("span", { class: "chat-title", dir: "auto" }, heading(conversation)),
      last && element("time", { class: "chat-time" }, time_of(last.sent_at)),
      element("span", { class: "chat-last" }, last ? summary(last) : t("no_messages")),
    ),
  );
}

/** Fill the column and keep it up to date. */
export function start_chat_list(column) {
  const list = element("ul", { class: "chat-list" });
  const title = element("h2");
  const add = element("button", { class: "plain small", type: "button", on: { click: open_new_chat } });
  column.append(element("div", { class: "chats-head" }, title, add), list);

  function draw() {
    title.textContent = t("chats");
    fill(add, icon("add"), t("new_chat"));
    const newest = (conversation) => conversation.messages.at(-1)?.sent_at ?? 0;
    const all = [...world.conversations.values()].sort((a, b) => newest(b) - newest(a));
    const focused = list.contains(document.activeElement);
    fill(
      list,
      all.map((each) => entry(each, each === selected())),
    );
    if (focused) list.querySelector("[aria-current]")?.focus();
    if (all.length === 0) fill(list, element("li", { class: "empty" }, t("no_chats")));
  }
  for (const change of ["all", "message", "conversation", "selection"]) on(change, draw);
  return draw;
}
