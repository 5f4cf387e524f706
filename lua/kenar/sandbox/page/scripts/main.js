// Puts the page together.

import { start_appearance } from "./appearance.js";
import { start_chat_list } from "./chat_list.js";
import { start_faults } from "./faults_panel.js";
import { start_feed } from "./feed.js";
import { start_inspector } from "./inspector.js";
import { change_language, t, translate } from "./language.js";
import { start_setup } from "./setup_panel.js";
import { start_stage } from "./stage.js";
import { start_top_bar } from "./top_bar.js";
import { start_views } from "./views.js";

const by_id = (id) => document.getElementById(id);

translate();
const draws = [
  start_appearance(by_id("appearance")),
  start_views(document.querySelector(".views")),
  start_top_bar(),
  start_chat_list(by_id("chats")),
  start_stage(by_id("stage")),
  start_inspector(by_id("inspector")),
  start_faults(by_id("faults")),
  start_setup(by_id("setup")),
];

function draw_all() {
  by_id("language").textContent = t("other_language");
  by_id("language").lang = t("other_language_code");
  draws.forEach((draw) => draw());
}
by_id("language").addEventListener("click", () => change_language(draw_all));
// The address names the conversation: the link must not put its own name there.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  by_id("stage").focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.body.dataset.chats = "";
});
draw_all();
start_feed();
