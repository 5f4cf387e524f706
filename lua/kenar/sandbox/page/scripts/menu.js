// A button that opens a menu: arrows move in it, Escape and a click elsewhere close it.

import { element } from "./element.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** `entries` are { content, run }. Gives the button and the menu together. */
export function menu(button, entries, label) {
  const items = entries.map(({ content, run }) =>
    element(
      "button",
      {
        type: "button",
        role: "menuitem",
        tabIndex: -1,
        on: {
          click: () => {
            close(true);
            run();
          },
        },
      },
      content,
    ),
  );
  const list = element("div", { class: "menu", role: "menu", "aria-label": label, hidden: true }, items);
  const whole = element("div", {}, button, list);

  function close(is_back) {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (is_back) button.focus();
  }
  function open() {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    items[0].focus();
  }
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => (list.hidden ? open() : close(true)));
  list.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape") close(true);
    else if (STEPS[event.key]) items[(at + STEPS[event.key] + items.length) % items.length].focus();
    else if (event.key === "Home") items[0].focus();
    else if (event.key === "End") items.at(-1).focus();
    else return;
    event.preventDefault();
  });
  whole.addEventListener("focusout", (event) => {
    if (!whole.contains(event.relatedTarget)) close(false);
  });
  return whole;
}
