// Short notes, which screen readers say.

import { element } from "./element.js";

const SECONDS = 5;

export function toast(text) {
  const note = element("p", { class: "toast" }, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), SECONDS * 1000);
}

/** Run something that may fail, and say why. Gives what it gave, or undefined. */
export async function trying(work) {
  try {
    return await work();
  } catch (error) {
    toast(error.message);
    return undefined;
  }
}
