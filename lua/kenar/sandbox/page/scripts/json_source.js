// JSON as it was sent: numbers keep their digits, which a number of the browser's would not.

const word = /^(?:true|false|null)/,
  number = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/,
  string = /^"(?:[^"\\]|\\.)*"/s;

/** A tree of { kind: "object" | "array", entries: [key, node][] } and { kind: "string" | "number" | "word", text };
 * null where the text is not JSON. */
export function read_json(text) {
  let at = 0;
  const space = () => {
    while (/\s/.test(text[at] ?? "")) at += 1;
  };
  const expect = (letter) => {
    space();
    if (text[at] !== letter) throw new SyntaxError(letter);
    at += 1;
  };
  const take = (pattern) => {
    const [found] = pattern.exec(text.slice(at, at + 64)) ?? [];
    if (found === undefined) throw new SyntaxError();
    at += found.length;
    return found;
  };
  const take_string = () => {
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    const found = text.slice(at, end + 1);
    if (!string.test(found)) throw new SyntaxError();
    at = end + 1;
    return JSON.parse(found);
  };
  function list(kind, last, read_entry) {
    const entries = [];
    at += 1;
    space();
    if (text[at] === last) {
      at += 1;
      return { kind, entries };
    }
    for (;;) {
      entries.push(read_entry(entries.length));
      space();
      if (text[at] === last) {
        at += 1;
        return { kind, entries };
      }
      expect(",");
      space();
    }
  }
  function value() {
    space();
    if (text[at] === "{")
      return list("object", "}", () => {
        space();
        const key = take_string();
        expect(":");
        return [key, value()];
      });
    if (text[at] === "[") return list("array", "]", (i) => [i, value()]);
    if (text[at] === '"') return { kind: "string", text: take_string() };
    if (word.test(text.slice(at, at + 5))) return { kind: "word", text: take(word) };
    return { kind: "number", text: take(number) };
  }
  try {
    const tree = value();
    space();
    return at === text.length ? tree : null;
  } catch {
    return null;
  }
}
