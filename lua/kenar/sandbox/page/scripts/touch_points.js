// The form that opens the app from one of Divar's touch points, by one of the ways that the panel sets.

import { api } from "./api.js";
import { choice, choices, field, open_form } from "./dialog.js";
import { t } from "./language.js";
import { name_of, world } from "./world.js";

const POINTS = ["MY_POST", "MY_DIVAR", "DIVAR_PRO", "CHAT", "DEMAND_POST", "POST_ADDON"];
const has_post = new Set(["MY_POST", "DEMAND_POST", "POST_ADDON"]);

// One row a way: the act that it is, made of the form.
const ways = {
  start: (conversation, phone, data) => {
    const point = data.get("point"),
      id = has_post.has(point) ? data.get("post_token") : undefined;
    return { act: "start", conversation_id: conversation.id, touch_point: point, id: id || undefined };
  },
  visit: (conversation, phone, data) => {
    const point = data.get("point");
    if (point === "CHAT") return { act: "open", conversation_id: conversation.id, side: phone.side, source: "CHAT" };
    return {
      act: "visit",
      user: name_of(conversation.members[phone.side]),
      source: point,
      post_token: has_post.has(point) ? data.get("post_token") : undefined,
    };
  },
  direct_link: (conversation, phone, data) => ({ act: "direct_link", post_token: data.get("post_token") || undefined }),
};

export function open_touch_points(conversation, phone) {
  const names = conversation.type === "BOT" ? ["start", "visit", "direct_link"] : ["visit", "direct_link"];
  const token = conversation.post_token ?? Object.keys(world.posts)[0] ?? "gZd7omnS";
  open_form({
    title: t("open_app"),
    about: t("open_app_about"),
    submit: t("open_app"),
    parts: [
      choice(
        t("touch_point"),
        "point",
        POINTS.map((point) => [point, `${t(`point_${point}`)} · ${point}`]),
        conversation.type === "BOT" ? "MY_POST" : "CHAT",
      ),
      choices(
        t("way"),
        "way",
        names.map((name) => [name, t(`way_${name}`)]),
        names[0],
      ),
      field(t("post_token"), "post_token", token, { dir: "ltr" }),
    ],
    done: async (data) => {
      const act = await api.act(ways[data.get("way")](conversation, phone, data));
      phone.show({ ...act, is_visit: data.get("way") !== "start" });
    },
  });
}
