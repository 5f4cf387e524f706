// One side's view of a conversation: its messages, what came of the last press, and where it writes.

import { api } from "./api.js";
import { avatar } from "./chat_list.js";
import { composer } from "./composer.js";
import { element } from "./element.js";
import { day_of, t } from "./language.js";
import { message_view } from "./message_view.js";
import { outcome } from "./outcome.js";
import { trying } from "./toast.js";
import { name_of, title_of } from "./world.js";

// Messages are drawn in portions from the newest on; older ones when somebody scrolls to them.
const PORTION = 60;
const NEAR = 400;

const labels = { SELLER: "seller", BUYER: "buyer", USER: "user" };
const other_side = { SELLER: "BUYER", BUYER: "SELLER" };

function head(phone, conversation) {
  const is_bot = conversation.type === "BOT";
  const facts = is_bot ? t("bot_chat") : title_of(conversation);
  const name = is_bot ? t("the_bot") : name_of(conversation.members[other_side[phone.side]]);
  return element(
    "header",
    { class: "phone-head" },
    avatar(conversation, "is-small"),
    element(
      "div",
      { class: "phone-names" },
      element("h3", { dir: "auto" }, name),
      element("p", { dir: "auto" }, facts),
    ),
    element("span", { class: "phone-side" }, phone.label()),
  );
}

/** Make the view of `side`. Gives { node, add(message), side, id }. */
export function make_phone(conversation, side) {
  const phone = { side, id: conversation.id, label: () => t(labels[side]) };
  const list = element("div", { class: "message-list" });
  const log = element(
    "div",
    {
      class: "messages",
      role: "log",
      tabIndex: 0,
      "aria-label": t("messages_of", { side: phone.label() }),
    },
    list,
  );
  phone.node = element("section", {
    class: "phone",
    dir: "rtl",
    data: { side },
    "aria-label": t("view_of", { side: phone.label() }),
  });
  let first = conversation.messages.length,
    shown = null,
    last_day = null,
    is_at_end = true;

  // Whoever reads the newest message goes on doing so, whatever changes its size.
  const follow = new ResizeObserver(() => {
    if (is_at_end) log.scrollTop = log.scrollHeight;
  });
  follow.observe(list);
  follow.observe(log);

  // A portion of older messages, put before those that are there; what is looked at stays where it is.
  function draw_older() {
    if (first === 0) return;
    const from = Math.max(0, first - PORTION),
      part = conversation.messages.slice(from, first);
    const nodes = document.createDocumentFragment();
    let day = null;
    for (const message of part) {
      if (day_of(message.sent_at, "fa") !== day) {
        day = day_of(message.sent_at, "fa");
        nodes.append(element("p", { class: "day" }, day));
      }
      nodes.append(message_view(message, phone, false));
    }
    last_day ??= day;
    const head_day = list.firstElementChild;
    if (head_day?.textContent === day) head_day.remove();
    const height = log.scrollHeight,
      top = log.scrollTop;
    list.prepend(nodes);
    log.scrollTop = top + log.scrollHeight - height;
    first = from;
  }

  phone.add = (message) => {
    if (day_of(message.sent_at, "fa") !== last_day) {
      last_day = day_of(message.sent_at, "fa");
      list.append(element("p", { class: "day" }, last_day));
    }
    list.append(message_view(message, phone, true));
  };

  phone.show = (act) => {
    shown?.remove();
    shown = outcome(act, phone);
    if (shown) log.after(shown);
    act.from?.scrollIntoView({ block: "nearest" });
  };

  phone.perform = (work) =>
    trying(async () => {
      const act = await work();
      phone.show(act);
      return act;
    });

  phone.press = async (which, button, node) => {
    node.setAttribute("aria-busy", "true");
    const act = await trying(() => api.act({ act: "press", conversation_id: phone.id, side, which }));
    node.removeAttribute("aria-busy");
    if (act) phone.show({ ...act, pressed: button, from: node });
  };

  log.addEventListener(
    "scroll",
    () => {
      is_at_end = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      if (log.scrollTop < NEAR) draw_older();
    },
    { passive: true },
  );
  phone.node.append(head(phone, conversation), log, composer(phone));
  draw_older();
  return phone;
}
