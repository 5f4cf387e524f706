// Copying, and saying that it was done.

import { t } from "./language.js";
import { toast } from "./toast.js";

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied", { what }));
  } catch {
    toast(t("not_copied"));
  }
}
