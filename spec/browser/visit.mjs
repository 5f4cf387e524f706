// A browser, and its visits to a page: each one notes what it asked of other hosts, and what the console said.

import { chromium } from "../../build/page/node_modules/playwright-core/index.mjs";

export const DESKTOP = { width: 1440, height: 900 },
  PHONE = { width: 390, height: 844 };

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: process.getuid() === 0 ? ["--no-sandbox"] : [], // its own sandbox does not work as root
  });
}

/** Open the page. Gives it with `foreign`, requests to other hosts, and `complaints`, errors of the console. */
export async function visit(browser, site, { size = DESKTOP, language = "fa-IR", scheme = "light", context } = {}) {
  const own =
    context ??
    (await browser.newContext({
      viewport: size,
      locale: language,
      colorScheme: scheme,
      reducedMotion: "reduce",
      acceptDownloads: true,
      permissions: ["clipboard-read", "clipboard-write"],
    }));
  const page = await own.newPage();
  page.setDefaultTimeout(8000);
  page.foreign = [];
  page.complaints = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(`${site.url}/`) && !request.url().startsWith("blob:"))
      page.foreign.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error") page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(error.message));
  await page.goto(`${site.url}/`);
  await page.waitForSelector("#feed-state.is-good", { state: "attached" });
  return page;
}

/** Submit the dialog, and see it go: what came of it may be on the page before. */
export async function submit(page) {
  await page.locator("dialog button[type=submit]").click();
  await page.locator("dialog").waitFor({ state: "detached" });
}

/** Choose a conversation by its id. */
export async function choose(page, id) {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, id);
  await page.waitForSelector(".phone", { state: "attached" });
}
