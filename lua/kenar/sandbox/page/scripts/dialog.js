// A form that opens over the page. Where the focus was before, it is again afterwards: <dialog> sees to that.

import { element } from "./element.js";
import { t } from "./language.js";

/** Open it. `parts` are its fields; `done(data)` gets a FormData, and the form closes unless that throws. */
export function open_form({ title, about, parts, submit, done }) {
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  const form = element(
    "form",
    { class: "form" },
    element("h2", { id: "form-title" }, title),
    about && element("p", {}, about),
    parts,
    problem,
    element(
      "div",
      { class: "form-end" },
      element("button", { class: "quiet", type: "button", on: { click: () => dialog.close() } }, t("cancel")),
      element("button", { class: "strong", type: "submit" }, submit),
    ),
  );
  const dialog = element("dialog", { "aria-labelledby": "form-title" }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await done(new FormData(form));
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** A labelled field of one line. */
export function field(label, name, value, attributes = {}) {
  const type = typeof value === "number" ? "number" : "text";
  return element(
    "label",
    { class: "field" },
    element("span", {}, label),
    element("input", { type, name, value, step: type === "number" ? "any" : null, dir: "auto", ...attributes }),
  );
}

/** A labelled list: `options` are [value, text]. */
export function choice(label, name, options, value, attributes = {}) {
  return element(
    "label",
    { class: "field" },
    element("span", {}, label),
    element(
      "select",
      { name, ...attributes },
      options.map(([each, text]) => element("option", { value: each, selected: each === value }, text)),
    ),
  );
}

/** A group of which one is chosen: `options` are [value, text]. */
export function choices(label, name, options, value, on = {}) {
  return element(
    "fieldset",
    { class: "field" },
    element("legend", { class: "unseen" }, label),
    element(
      "div",
      { class: "choices", on },
      options.map(([each, text]) =>
        element(
          "label",
          { class: "choice" },
          element("input", { type: "radio", name, value: each, checked: each === value }),
          text,
        ),
      ),
    ),
  );
}
