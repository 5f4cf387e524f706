// A message as one side sees it: text, medium, time, and the buttons below.

import { button_grid } from "./button_grid.js";
import { element } from "./element.js";
import { icon } from "./icons.js";
import { number, t, time_of } from "./language.js";
import { media } from "./media.js";

const MEGABYTE = 1000000;

const size = (bytes) =>
  typeof bytes !== "number"
    ? null
    : bytes < MEGABYTE
      ? t("kilobytes", { n: Math.round(bytes / 1000) })
      : t("megabytes", { n: Math.round((bytes / MEGABYTE) * 10) / 10 });

function picture(sign, extra, ...facts) {
  return element(
    "div",
    { class: `picture ${extra}` },
    icon(sign),
    facts.map((fact) => fact && element("span", { dir: "auto" }, fact)),
  );
}

function line(sign, name, facts) {
  return element(
    "div",
    { class: "medium" },
    element("span", { class: "medium-sign" }, icon(sign)),
    element(
      "div",
      {},
      name && element("p", { class: "medium-name" }, name),
      element("p", { class: "medium-facts", dir: "auto" }, facts),
    ),
  );
}

// Nothing is fetched from where a link leads: other hosts are not asked for anything.
const views = {
  IMAGE: (content) =>
    picture(
      "image",
      "",
      content.name ?? content.link,
      content.width_px && `${number(content.width_px)} × ${number(content.height_px)}`,
      size(content.size_bytes),
    ),
  VIDEO: (content) => picture("play", "", content.name ?? content.link, size(content.size_bytes)),
  FILE: (content) => line("file", content.name ?? content.link, size(content.size_bytes) ?? ""),
  VOICE: (content) =>
    element(
      "div",
      { class: "medium" },
      element("span", { class: "medium-sign" }, icon("play")),
      element("span", { class: "wave" }),
      element("p", { class: "medium-facts", dir: "auto" }, size(content.size_bytes) ?? t("voice")),
    ),
  LOCATION: (content) => picture("pin", "is-map", `${content.latitude}, ${content.longitude}`),
  CONTACT: (content) => line("contact", content.name, content.phone),
};

function medium(message) {
  const view = views[message.type];
  if (!view) return null;
  return element(
    "div",
    { role: "group", "aria-label": t(media[message.type].name) },
    view({ name: message.medium?.name ?? message.media_token, size_bytes: message.medium?.size, ...message.content }),
  );
}

/** Whose side of the screen it is on. The bot writes in a user's name in a post's chat, and in its own elsewhere. */
export const is_mine = (message, side) =>
  message.sender.side ? message.sender.side === side : message.sender.type === "HUMAN";

/** Make it. `phone` is the view it stands in. */
export function message_view(message, phone, is_new) {
  const mine = is_mine(message, phone.side),
    rows = message.buttons?.[phone.side];
  const has_buttons = Array.isArray(rows) && rows.length > 0;
  const is_app = message.sender.type === "BOT";
  const author = is_app ? t("from_app") : t(mine ? "from_me" : "from_them");
  return element(
    "div",
    {
      class: `message${mine ? " is-mine" : ""}${has_buttons ? " has-buttons" : ""}${is_new ? " is-new" : ""}`,
      data: { id: message.id },
    },
    element(
      "div",
      { class: "bubble" },
      is_app
        ? element("p", { class: "message-app" }, icon("bot"), t("from_app"))
        : element("span", { class: "unseen" }, author),
      medium(message),
      typeof message.text === "string" && element("p", { class: "message-text" }, message.text),
      element("time", { class: "message-time" }, time_of(message.sent_at, "fa")),
    ),
    has_buttons && button_grid(rows, message, phone),
  );
}
