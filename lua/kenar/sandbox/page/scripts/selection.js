// Which conversation is shown. It stands in the address, so that it survives a reload and differs from tab to tab.

import { tell, world } from "./world.js";

/** The conversation shown: the one in the address, else the newest that there is. */
export function selected() {
  return world.conversations.get(decodeURIComponent(location.hash.slice(1))) ?? [...world.conversations.values()].pop();
}

export function select(id) {
  if (selected()?.id === id && location.hash) return;
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  tell("selection");
}

addEventListener("hashchange", () => tell("selection"));
