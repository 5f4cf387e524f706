// Elements of the page. Whatever is written into them is text: there is no way to pass markup.

const SVG = "http://www.w3.org/2000/svg";

function add(node, child) {
  if (child === null || child === undefined || child === false) return;
  if (Array.isArray(child)) child.forEach((each) => add(node, each));
  else node.append(child instanceof Node ? child : String(child));
}

// What is set as a property; everything else is an attribute. `on` holds listeners by the name of their event.
const properties = new Set([
  "value",
  "checked",
  "disabled",
  "hidden",
  "tabIndex",
  "open",
  "htmlFor",
  "type",
  "selected",
]);

/** Make an element: `element("button", { class: "plain", on: { click } }, "text", child)`. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || (value === false && !properties.has(key))) continue;
    if (key === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (key === "data") Object.assign(node.dataset, value);
    else if (properties.has(key)) node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  add(node, children);
  return node;
}

/** Put these children in place of those that are there. */
export function fill(node, ...children) {
  node.replaceChildren();
  add(node, children);
  return node;
}

/** A drawing of lines in a square of 24, hidden from screen readers. `paths` are SVG path data. */
export function drawing(paths, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon ${extra}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", paths);
  path.setAttribute("fill", "none");
  path.setAttribute("stroke", "currentColor");
  path.setAttribute("stroke-width", "1.8");
  path.setAttribute("stroke-linecap", "round");
  path.setAttribute("stroke-linejoin", "round");
  svg.append(path);
  return svg;
}
