// Runs specs one after the other, and counts them.

import assert from "node:assert/strict";

const specs = [];

/** A group of specs: `open` gives what each of them gets, `close` ends it. */
export function describe(name, { open, close }, define) {
  const shared = { open, close, value: undefined, left: 0 };
  define((title, run) => {
    shared.left += 1;
    specs.push({ title: `${name} ${title}`, run, shared });
  });
}

/** Wait until `ask` gives something true, and give it. */
export async function until(ask, what = "something") {
  const end = Date.now() + 8000;
  for (;;) {
    const value = await ask();
    if (value) return value;
    if (Date.now() > end) assert.fail(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function run_one(spec, browser) {
  const { shared } = spec;
  const contexts = new Set(browser.contexts());
  try {
    shared.value ??= await shared.open();
    await spec.run(shared.value, browser);
    return true;
  } catch (error) {
    console.log(`\nnot so: ${spec.title}\n${error.stack}\n`);
    return false;
  } finally {
    for (const context of browser.contexts()) if (!contexts.has(context)) await context.close();
  }
}

/** Run those whose titles contain `wanted`. Gives the number of failures. */
export async function run(browser, wanted = "") {
  let passed = 0,
    failed = 0;
  for (const spec of specs) {
    spec.shared.left -= 1;
    try {
      if (spec.title.includes(wanted)) {
        if (await run_one(spec, browser)) {
          passed += 1;
          process.stdout.write("●");
        } else failed += 1;
      }
    } finally {
      if (spec.shared.left === 0 && spec.shared.value) await spec.shared.close(spec.shared.value);
    }
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed;
}
