// The menu of what can be sent beside text, and the form of each.

import { api } from "./api.js";
import { field, open_form } from "./dialog.js";
import { element } from "./element.js";
import { icon } from "./icons.js";
import { has_text, t } from "./language.js";
import { media } from "./media.js";
import { menu } from "./menu.js";

function content_of(row, data) {
  const content = {};
  for (const [name, usual] of Object.entries(row.fields)) {
    const given = data.get(name);
    if (given !== "") content[name] = typeof usual === "number" ? Number(given) : given;
  }
  return content;
}

function open_attachment(phone, row) {
  open_form({
    title: t(row.name),
    about: t("attachment_about"),
    submit: t("send"),
    parts: Object.entries(row.fields).map(([name, usual]) =>
      field(has_text(`field_${name}`) ? t(`field_${name}`) : name, name, usual, {
        dir: name === "name" ? "auto" : "ltr",
      }),
    ),
    done: async (data) => {
      await api
        .act({
          act: "send",
          conversation_id: phone.id,
          side: phone.side,
          kind: row.act,
          content: content_of(row, data),
        })
        .then((act) => phone.show(act));
    },
  });
}

/** The button and its menu. */
export function attachment_menu(phone) {
  const entries = Object.values(media).map((row) => ({
    content: [icon(row.icon), t(row.name)],
    run: () => open_attachment(phone, row),
  }));
  return menu(
    element(
      "button",
      { class: "quiet icon-only", type: "button", "aria-label": t("attach"), title: t("attach") },
      icon("add"),
    ),
    entries,
    t("attach"),
  );
}
