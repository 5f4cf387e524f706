// The bar at the top: whether the page is up to date, how the bot is, which faults are on.

import { fault_text } from "./faults_panel.js";
import { t } from "./language.js";
import { bot_state } from "./setup_panel.js";
import { show_view } from "./views.js";
import { on, world } from "./world.js";

const by_id = (id) => document.getElementById(id);

function set(node, text, severity) {
  if (node.textContent !== text) node.textContent = text;
  for (const each of ["good", "warning", "bad"]) node.classList.toggle(`is-${each}`, each === severity);
}

export function start_top_bar() {
  const feed = by_id("feed-state"),
    bot = by_id("bot-state"),
    faults = by_id("faults-on");
  function draw() {
    set(feed, t(world.is_live ? "live" : "not_live"), world.is_live ? "good" : "bad");
    const state = bot_state();
    set(bot, t(state?.is_silent ? "bot_is_silent" : `bot_is_${state?.severity ?? "unknown"}`), state?.severity);
    bot.title = state?.title ?? "";
    faults.hidden = world.faults.length === 0;
    set(faults, t("faults_now", { n: world.faults.length }), "warning");
    faults.title = world.faults.map(fault_text).join("\n");
  }
  bot.addEventListener("click", () => show_view("setup"));
  faults.addEventListener("click", () => show_view("faults"));
  for (const change of ["all", "live", "exchange", "faults"]) on(change, draw);
  return draw;
}
