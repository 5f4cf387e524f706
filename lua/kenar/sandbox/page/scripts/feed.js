// The stream of what happens in the sandbox. After every interruption all is loaded anew.

import { load, merge, tell, world } from "./world.js";

const changes = ["message", "conversation", "exchange", "faults", "app"];

function set_live(is_live) {
  if (world.is_live === is_live) return;
  world.is_live = is_live;
  tell("live");
}

/** Listen for as long as the page is open. */
export function start_feed() {
  const feed = new EventSource("feed");
  let waiting = [];

  // What arrives while everything is being loaded is kept for afterwards.
  async function load_all() {
    waiting = [];
    try {
      await load();
      const late = waiting ?? [];
      waiting = null;
      late.forEach(([change, detail]) => merge(change, detail));
      set_live(true);
    } catch {
      set_live(false);
    }
  }

  feed.addEventListener("open", load_all);
  feed.addEventListener("reset", load_all);
  feed.addEventListener("error", () => set_live(false));
  for (const change of changes) {
    feed.addEventListener(change, ({ data }) => {
      const detail = JSON.parse(data);
      if (waiting) waiting.push([change, detail]);
      else merge(change, detail);
    });
  }
}
