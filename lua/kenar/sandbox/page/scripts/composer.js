// Where a side writes: a text, or something from the menu of attachments.

import { api } from "./api.js";
import { attachment_menu } from "./attachments.js";
import { element } from "./element.js";
import { icon } from "./icons.js";
import { t } from "./language.js";

/** Make it for a phone. */
export function composer(phone) {
  const text = element("textarea", {
    rows: 1,
    placeholder: t("write_here"),
    "aria-label": t("write_as", { side: phone.label() }),
    dir: "auto",
    on: {
      keydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        form.requestSubmit();
      },
    },
  });
  const send = element(
    "button",
    { class: "strong icon-only", type: "submit", "aria-label": t("send"), title: t("send") },
    icon("send", "follows-text"),
  );
  const form = element("form", { class: "composer" }, attachment_menu(phone), text, send);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = text.value;
    if (said.trim() === "") return;
    text.value = "";
    const act = await phone.perform(() =>
      api.act({ act: "say", conversation_id: phone.id, side: phone.side, text: said }),
    );
    if (!act && text.value === "") text.value = said;
  });
  return form;
}
