// The form for any fault that the sandbox has.

import { api } from "./api.js";
import { choice, field, open_form } from "./dialog.js";
import { t } from "./language.js";
import { world } from "./world.js";

const numbers = ["status", "delay", "rate", "times"];

/** Open it; `conversation_id` is the only one that the fault is to strike, where there is one. */
export function open_own_fault(conversation_id) {
  open_form({
    title: t("own_fault"),
    submit: t("switch_on"),
    parts: [
      choice(
        t("fault_at"),
        "at",
        ["*", "webhook", ...(world.app.places ?? [])].map((place) => [place, place]),
        "*",
        { dir: "ltr" },
      ),
      choice(t("fault_kind"), "kind", [["", "—"], ...(world.app.kinds ?? []).map((kind) => [kind, kind])], "", {
        dir: "ltr",
      }),
      field(t("fault_status"), "status", "", { inputmode: "numeric", dir: "ltr" }),
      field(t("fault_delay_s"), "delay", "", { inputmode: "decimal", dir: "ltr" }),
      field(t("fault_rate"), "rate", "", { inputmode: "decimal", dir: "ltr", placeholder: "0.05" }),
      field(t("fault_times"), "times", "", { dir: "ltr", placeholder: "1, 3, forever" }),
    ],
    done: (data) => {
      const fault = { conversation_id };
      for (const [name, given] of data) {
        if (given !== "") fault[name] = numbers.includes(name) && !Number.isNaN(Number(given)) ? Number(given) : given;
      }
      return api.fault(fault);
    },
  });
}
