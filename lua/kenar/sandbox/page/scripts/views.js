// What is shown: on a phone one of four, where there is room the stage and one of three panels.

import { element, fill } from "./element.js";
import { icon } from "./icons.js";
import { kept } from "./kept.js";
import { t } from "./language.js";
import { on, world } from "./world.js";

const views = { chat: "chat", inspector: "inspect", faults: "fault", setup: "plug" };
let draw = () => {};

export function show_view(name) {
  document.body.dataset.view = name;
  if (name !== "chat") {
    document.body.dataset.panel = name;
    kept.set("panel", name);
  }
  draw();
}

function is_current(name) {
  const is_narrow = matchMedia("(max-width: 900px)").matches;
  return name === (is_narrow ? document.body.dataset.view : document.body.dataset.panel);
}

/** Fill the navigation. */
export function start_views(nav) {
  const last = kept.get("panel");
  document.body.dataset.panel = views[last] && last !== "chat" ? last : "inspector";
  draw = () => {
    const focused = nav.contains(document.activeElement) && document.activeElement.dataset.view;
    fill(
      nav,
      Object.entries(views).map(([name, sign]) =>
        element(
          "button",
          {
            class: "view",
            type: "button",
            data: { view: name },
            "aria-current": is_current(name) ? "page" : null,
            on: { click: () => show_view(name) },
          },
          icon(sign),
          t(`view_${name}`),
          name === "faults" &&
            world.faults.length > 0 &&
            element("span", { class: "view-count" }, t("plain_number", { n: world.faults.length })),
        ),
      ),
    );
    if (focused) nav.querySelector(`[data-view="${focused}"]`).focus();
  };
  on("all", draw);
  on("faults", draw);
  matchMedia("(max-width: 900px)").addEventListener("change", draw);
  return draw;
}
