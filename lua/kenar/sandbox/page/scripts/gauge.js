// How long the bot took, beside how long it has.

import { element } from "./element.js";
import { duration, t } from "./language.js";

// Most answers take milliseconds: the square root keeps those visible beside ten seconds.
const share = (seconds, limits) => `${Math.min(100, Math.sqrt(seconds / limits.timeout) * 100)}%`;

/** A bar; `limits` are { patience, timeout } in seconds. */
export function gauge(seconds, limits) {
  const late = seconds >= limits.timeout ? " is-late" : seconds >= limits.patience ? " is-slow" : "";
  const bar = element("span", { class: `gauge-bar${late}` }),
    mark = element("span", { class: "gauge-mark" });
  bar.style.inlineSize = share(seconds ?? 0, limits);
  mark.style.insetInlineStart = share(limits.patience, limits);
  return element(
    "span",
    {
      class: "gauge",
      role: "img",
      "aria-label": t("took", { time: duration(seconds ?? 0), limit: duration(limits.timeout) }),
    },
    bar,
    mark,
  );
}
