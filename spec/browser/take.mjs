// The README's pictures.

import { take } from "./screenshots.mjs";
import { launch } from "./visit.mjs";

const browser = await launch();
try {
  await take(browser, "docs", true, "sandbox-");
} finally {
  await browser.close();
}
