// Runs the page's specs, keeps screenshots, prints figures. `node run.mjs [part of a title]`.

import { print_figures } from "./figures.mjs";
import { run } from "./runner.mjs";
import { take } from "./screenshots.mjs";
import { launch } from "./visit.mjs";

for (const name of ["chat", "inspector", "setup", "access", "size"]) await import(`./${name}_spec.mjs`);

const browser = await launch();
let failed = 1;
try {
  failed = await run(browser, process.argv[2]);
  if (!process.argv[2]) {
    await take(browser, "build/page/screenshots");
    await print_figures(browser);
  }
} finally {
  await browser.close();
}
process.exit(failed > 0 ? 1 : 0);
