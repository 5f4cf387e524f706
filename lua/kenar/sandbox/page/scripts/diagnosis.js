// What is wrong with an answer of the bot's, in words that tell what to fix.

import { duration, has_text, t } from "./language.js";
import { world } from "./world.js";

/** { title, hint, severity: "good" | "warning" | "bad", is_silent } of a delivery. */
export function explain(exchange) {
  const { code } = exchange.diagnosis ?? {};
  const values = {
    status: exchange.response?.status,
    url: exchange.url ?? exchange.path,
    problem: exchange.problem,
    time: duration(exchange.seconds ?? 0),
    patience: duration(world.app.limits?.patience ?? 0),
    timeout: duration(world.app.limits?.timeout ?? 0),
  };
  if (!code)
    return { title: t("bot_good"), hint: t("took", { time: values.time, limit: values.timeout }), severity: "good" };
  return {
    title: has_text(`bot_${code}`) ? t(`bot_${code}`, values) : exchange.problem,
    hint: t(`fix_${code}`, values),
    severity: exchange.diagnosis.severity,
    is_silent: !exchange.response,
  };
}
