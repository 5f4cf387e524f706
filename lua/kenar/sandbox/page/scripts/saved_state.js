// The sandbox's state as a file of JSON on this machine.

import { api } from "./api.js";
import { element } from "./element.js";
import { t } from "./language.js";
import { toast, trying } from "./toast.js";

export async function save() {
  const saved = await trying(() => api.saved());
  if (!saved) return;
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(saved, null, 1)}\n`], { type: "application/json" }));
  element("a", { href: url, download: "kenar-sandbox.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Load the file that was chosen in `input`; the feed tells every tab of it. */
export async function load_saved(input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  await trying(async () => {
    let saved;
    try {
      saved = JSON.parse(await file.text());
    } catch {
      throw new Error(t("not_json_file"));
    }
    await api.load(saved);
    toast(t("loaded"));
  });
}
