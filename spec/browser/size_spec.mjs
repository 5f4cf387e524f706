import assert from "node:assert/strict";

import { describe } from "./runner.mjs";
import { Site } from "./site.mjs";
import { visit } from "./visit.mjs";

const LIMIT = 200 * 1024;

describe("what the page loads", { open: () => Site.open(), close: (site) => site.close() }, (it) => {
  it("is less than 200 KB, all of it the page's own", async (site, browser) => {
    const context = await browser.newContext(),
      sizes = [];
    context.on("response", (response) => {
      if (!response.url().endsWith("/feed"))
        sizes.push(
          response.body().then(
            (body) => body.length,
            () => 0,
          ),
        );
    });
    const page = await visit(browser, site, { context });
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    console.log(`\nbytes of the page: ${bytes} in ${sizes.length} files`);
    assert.ok(bytes > 50000 && bytes < LIMIT, String(bytes));
    assert.deepEqual(page.foreign, []);
  });
});
