// What the page costs. Printed, not judged: the machine decides half of it.

import { Site } from "./site.mjs";
import { DESKTOP, choose, visit } from "./visit.mjs";

const MESSAGES = 1000;
const CHAT = "11111111-0000-4000-8000-000000000001";

// A conversation of many messages, every tenth with buttons, as a saved state.
function long_conversation() {
  const user = "u",
    messages = [];
  for (let i = 0; i < MESSAGES; i += 1) {
    const is_bot = i % 2 === 1;
    messages.push({
      id: `m${i}`,
      type: "TEXT",
      sent_at: 1763000000000000 + i * 60000000,
      text: `پیام شمارهٔ ${i}، با چند واژهٔ دیگر و Latin ${i}`,
      sender: { type: is_bot ? "BOT" : "HUMAN" },
      ...(i % 10 === 1
        ? {
            buttons: {
              USER: [0, 1, 2].map(() =>
                [0, 1, 2].map((n) => ({
                  caption: `دکمه ${n}`,
                  icon: "ADD",
                  action: { open_post_page: { post_token: "p" } },
                })),
              ),
            },
          }
        : {}),
    });
  }
  return {
    format: "kenar-sandbox-1",
    count: 0,
    user_count: 1,
    users: [{ id: user, name: "بسیارگو", phone: "09990000001", legacy_id: "l" }],
    conversations: [{ id: CHAT, type: "BOT", members: { USER: user }, blocked: false, messages }],
  };
}

async function first_paints(browser, site, times) {
  const found = [];
  for (let i = 0; i < times; i += 1) {
    const page = await visit(browser, site);
    found.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
    await page.context().close();
  }
  return found.sort((a, b) => a - b);
}

// The longest task of the page's main thread in a trace.
function longest_task(trace) {
  const { traceEvents: events } = JSON.parse(trace);
  const main = events
    .filter((event) => event.name === "thread_name" && event.args.name === "CrRendererMain")
    .map((event) => `${event.pid}.${event.tid}`);
  const tasks = events.filter((event) => /RunTask$/.test(event.name) && main.includes(`${event.pid}.${event.tid}`));
  return Math.max(...tasks.map((event) => event.dur ?? 0)) / 1000;
}

async function scroll(page) {
  const log = page.locator(".messages");
  for (let i = 0; i < 400; i += 1) {
    const top = await log.evaluate((node) => {
      node.scrollBy(0, -900);
      return node.scrollTop;
    });
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          requestAnimationFrame(() => requestAnimationFrame(resolve));
        }),
    );
    if (top === 0 && (await page.locator(".message").count()) === MESSAGES) return;
  }
}

export async function print_figures(browser) {
  const site = await Site.open();
  try {
    const paints = await first_paints(browser, site, 5);
    console.log(
      `first contentful paint: ${paints[2].toFixed(0)} ms (median of 5; ${paints[0].toFixed(0)} to ${paints[4].toFixed(0)}; to reach: 300)`,
    );
    await site.post("saved", long_conversation());
    const page = await visit(browser, site, { size: DESKTOP });
    await choose(page, CHAT);
    await browser.startTracing(page, {
      categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"],
    });
    await scroll(page);
    const trace = await browser.stopTracing();
    console.log(
      `longest task while scrolling ${await page.locator(".message").count()} messages: ${longest_task(trace.toString()).toFixed(0)} ms (to reach: 50)`,
    );
    await page.context().close();
  } finally {
    await site.close();
  }
}
