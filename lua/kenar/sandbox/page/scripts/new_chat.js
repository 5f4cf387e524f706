// The form with which a conversation begins: with the bot, or about a post.

import { api } from "./api.js";
import { choices, field, open_form } from "./dialog.js";
import { element } from "./element.js";
import { t } from "./language.js";
import { select } from "./selection.js";
import { merge, world } from "./world.js";

function show_part(form_part, is_shown) {
  form_part.hidden = !is_shown;
  for (const input of form_part.querySelectorAll("input")) input.disabled = !is_shown;
}

async function begin(data) {
  let conversation;
  if (data.get("kind") === "BOT") {
    conversation = await api.chatbot(data.get("user"));
  } else {
    const token = data.get("post_token").trim();
    if (!world.posts[token])
      await api.post({ post_token: token, title: data.get("title"), seller: data.get("seller") });
    conversation = await api.conversation(token, data.get("buyer"));
  }
  merge("conversation", { conversation, users: {}, posts: {} });
  select(conversation.id);
}

export function open_new_chat() {
  const bot = element(
    "div",
    { class: "field" },
    field(t("user_name"), "user", "customer", { required: true, maxlength: 29 }),
  );
  const tokens = element(
    "datalist",
    { id: "post-tokens" },
    Object.values(world.posts).map((post) => element("option", { value: post.token }, post.title)),
  );
  const post = element(
    "div",
    { class: "form-part" },
    field(t("post_token"), "post_token", "gZd7omnS", { required: true, list: "post-tokens", dir: "ltr" }),
    tokens,
    field(t("post_title"), "title", "گوشی سالم"),
    field(t("seller_name"), "seller", "seller", { required: true, maxlength: 29 }),
    field(t("buyer_name"), "buyer", "buyer", { required: true, maxlength: 29 }),
  );
  const change = (event) => {
    show_part(bot, event.target.value === "BOT");
    show_part(post, event.target.value === "POST");
  };
  show_part(post, false);
  open_form({
    title: t("new_chat"),
    submit: t("begin"),
    done: begin,
    parts: [
      choices(
        t("kind_of_chat"),
        "kind",
        [
          ["BOT", t("with_the_bot")],
          ["POST", t("about_a_post")],
        ],
        "BOT",
        { change },
      ),
      bot,
      post,
    ],
  });
}
