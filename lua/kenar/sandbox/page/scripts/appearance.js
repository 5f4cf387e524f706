// Light, dark, or as the system has it.

import { fill } from "./element.js";
import { icon } from "./icons.js";
import { kept } from "./kept.js";
import { t } from "./language.js";

const root = document.documentElement;

function is_dark() {
  return root.dataset.appearance
    ? root.dataset.appearance === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
}

function show(button) {
  fill(button, icon(is_dark() ? "light" : "dark"));
  button.setAttribute("aria-label", t(is_dark() ? "to_light" : "to_dark"));
  button.title = button.getAttribute("aria-label");
}

/** Make the button change it. Gives a function that draws the button anew. */
export function start_appearance(button) {
  const chosen = kept.get("appearance");
  if (chosen === "light" || chosen === "dark") root.dataset.appearance = chosen;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(button));
  button.addEventListener("click", () => {
    root.dataset.appearance = is_dark() ? "light" : "dark";
    kept.set("appearance", root.dataset.appearance);
    show(button);
  });
  show(button);
  return () => show(button);
}
