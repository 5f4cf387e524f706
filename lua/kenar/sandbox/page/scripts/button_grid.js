// The grid of buttons under a message.

import { element } from "./element.js";
import { button_icon } from "./icons.js";
import { t } from "./language.js";

// What a button does, by its action.
const deeds = {
  open_direct_link: "does_direct_link",
  open_server_link: "does_server_link",
  get_dynamic_action: "does_dynamic_action",
  open_post_page: "does_post_page",
  open_post_manage_page: "does_manage_page",
  legacy_link: "does_server_link",
};

function deed(button) {
  const name = Object.keys(deeds).find((key) => button.action?.[key] !== undefined && button.action[key] !== null);
  return name ? t(deeds[name]) : "";
}

/** Rows of buttons; pressing one asks the phone to. */
export function button_grid(rows, message, phone) {
  let number = 0;
  return element(
    "div",
    { class: "grid", role: "group", "aria-label": t("buttons") },
    rows.map((row) =>
      element(
        "div",
        { class: `grid-row has-${row.length}` },
        row.map((button) => {
          number += 1;
          const which = { message_id: message.id, number };
          return element(
            "button",
            {
              class: "press",
              type: "button",
              title: deed(button),
              on: { click: (event) => phone.press(which, button, event.currentTarget) },
            },
            button_icon(button.icon ?? button.icon_name),
            element("span", { class: "press-caption" }, button.caption),
          );
        }),
      ),
    ),
  );
}
