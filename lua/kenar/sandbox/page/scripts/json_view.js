// JSON in coloured lines that fold, with what is wrong written below the line that it concerns.

import { element } from "./element.js";
import { read_json } from "./json_source.js";
import { t } from "./language.js";

const MAX_STRING = 2000;
const FOLD_ABOVE = 60; // entries

const closers = { object: ["{", "}"], array: ["[", "]"] };

const below = (path, key) => (typeof key === "number" ? `${path}[${key + 1}]` : path === "" ? key : `${path}.${key}`);
const concerns = (finding, path) =>
  finding.path === path || finding.path.startsWith(`${path}.`) || finding.path.startsWith(`${path}[`);

// A path that is not in the body (a field that is missing) belongs to the nearest above it that is.
function place(findings, tree) {
  const paths = new Set();
  (function collect(node, path) {
    paths.add(path);
    node.entries?.forEach(([key, child]) => collect(child, below(path, key)));
  })(tree, "");
  return findings.map((finding) => {
    let path = finding.path;
    while (path !== "" && !paths.has(path)) path = path.replace(/(?:\.|^)[^.[\]]*$|\[\d+\]$/, "");
    return { ...finding, full: finding.path, path };
  });
}

function scalar(node) {
  if (node.kind !== "string") return element("span", { class: `json-${node.kind}` }, node.text);
  const text = JSON.stringify(node.text),
    is_long = text.length > MAX_STRING;
  return element("bdi", { class: "json-string" }, is_long ? `${text.slice(0, MAX_STRING)}… (${text.length})` : text);
}

function finding_line(finding) {
  const where = finding.full === "" ? "" : `${finding.full}: `;
  return element(
    "div",
    { class: `finding${finding.severity === "note" ? " is-note" : ""}` },
    element(
      "span",
      { dir: "auto" },
      `${t(finding.severity === "note" ? "note" : "wrong")}: `,
      element("code", {}, where),
      finding.message,
    ),
  );
}

function line(depth, here, ...content) {
  const mark = here.some((each) => each.severity !== "note") ? " is-wrong" : here.length > 0 ? " is-noted" : "";
  return [
    element("div", { class: `json-line${mark}` }, element("span", { class: "json-text" }, "  ".repeat(depth), content)),
    ...here.map(finding_line),
  ];
}

function lines(node, findings, path, depth, key, comma) {
  const here = findings.filter((finding) => finding.path === path);
  const label = typeof key === "string" && [element("span", { class: "json-key" }, JSON.stringify(key)), ": "];
  if (!node.entries) return line(depth, here, label, scalar(node), comma);
  const [open, close] = closers[node.kind];
  if (node.entries.length === 0) return line(depth, here, label, open + close, comma);
  const inner = element("div", {});
  const fold = element(
    "button",
    { class: "json-fold", type: "button", "data-count": ` ${node.entries.length} ${close}${comma}` },
    label,
    open,
  );
  const end = element("div", {});
  // Children are made when they are first shown: a body may have a million of them.
  function set_open(is_open) {
    if (is_open && !inner.firstChild) {
      node.entries.forEach(([each, child], i) =>
        inner.append(
          ...lines(
            child,
            findings,
            below(path, each),
            depth + 1,
            node.kind === "object" ? each : null,
            i < node.entries.length - 1 ? "," : "",
          ),
        ),
      );
      end.append(...line(depth, [], close, comma));
    }
    inner.hidden = end.hidden = !is_open;
    fold.setAttribute("aria-expanded", String(is_open));
  }
  fold.addEventListener("click", () => set_open(inner.hidden));
  const is_wrong_inside = findings.some((finding) => finding.path !== path && concerns(finding, path));
  set_open((depth < 5 && node.entries.length <= FOLD_ABOVE) || is_wrong_inside || depth === 0);
  return [...line(depth, here, fold), inner, end];
}

/** The view of a body; as it stands where it is not JSON. */
export function json_view(text, findings = [], label = "JSON") {
  const tree = read_json(text);
  if (!tree) {
    return element(
      "div",
      {},
      element("pre", { class: "raw", tabIndex: 0, "aria-label": label, role: "region" }, text),
      findings.map((finding) => finding_line({ ...finding, full: finding.path })),
    );
  }
  return element(
    "div",
    { class: "json", tabIndex: 0, role: "region", "aria-label": label },
    lines(tree, place(findings, tree), "", 0, null, ""),
  );
}
