// The language of the interface: texts, digits, times, and the direction of the page.

import { english } from "./english.js";
import { persian } from "./persian.js";
import { kept } from "./kept.js";

const languages = { fa: { texts: persian, dir: "rtl" }, en: { texts: english, dir: "ltr" } };

const wished = (navigator.languages ?? []).map((tag) => tag.slice(0, 2)).find((tag) => languages[tag]);
let current = languages[kept.get("language")] ? kept.get("language") : (wished ?? "fa");

/** "fa" or "en". */
export const language = () => current;

/** A text by its key; `{name}` in it stands for a value, and numbers among those get the language's digits. */
export function t(key, values = {}) {
  const text = languages[current].texts[key] ?? english[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? whole);
  });
}

/** Whether there is a text of this key. */
export const has_text = (key) => key in languages[current].texts;

const locale = (code) => (code === "fa" ? "fa-IR" : "en");

export function number(value, digits = 2) {
  return new Intl.NumberFormat(locale(current), { maximumFractionDigits: digits }).format(value);
}

/** Seconds in the unit that suits them. */
export function duration(seconds) {
  if (seconds < 1) return t("milliseconds", { n: Math.round(seconds * 10000) / 10 });
  return t("seconds", { n: Math.round(seconds * 100) / 100 });
}

const clock = Object.fromEntries(
  ["fa", "en"].map((code) => [
    code,
    new Intl.DateTimeFormat(locale(code), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  ]),
);
const day = Object.fromEntries(
  ["fa", "en"].map((code) => [
    code,
    new Intl.DateTimeFormat(locale(code), { weekday: "long", day: "numeric", month: "long" }),
  ]),
);

/** The time of day of a number of microseconds; on the phones it is Persian whatever the page is. */
export const time_of = (microseconds, code = current) => clock[code].format(microseconds / 1000);
export const day_of = (microseconds, code = current) => day[code].format(microseconds / 1000);

/** Fill in the texts and labels that stand in the document, now and on every change. */
export function translate(root = document) {
  document.documentElement.lang = current;
  document.documentElement.dir = languages[current].dir;
  document.title = t("title");
  for (const node of root.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  for (const node of root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.dataset.label));
}

/** Change to the other language; `after` draws what is not in the document's own texts. */
export function change_language(after) {
  current = current === "fa" ? "en" : "fa";
  kept.set("language", current);
  translate();
  after();
}
