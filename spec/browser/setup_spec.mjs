import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";

import { describe, until } from "./runner.mjs";
import { Site, bot_file } from "./site.mjs";
import { choose, submit, visit } from "./visit.mjs";

const close = (site) => site.close();

// A bot that answers what it is told to.
async function with_server() {
  const state = { status: 200, body: "{}", delay: 0 };
  const server = createServer((_, response) => {
    setTimeout(
      () => response.writeHead(state.status, { "content-type": "application/json" }).end(state.body),
      state.delay,
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const site = await Site.open({ bot_url: `http://127.0.0.1:${server.address().port}/kenar` });
  return Object.assign(site, { server, state });
}
const close_both = async (site) => {
  await site.close();
  site.server.closeAllConnections();
  if (site.server.listening) site.server.close();
};

describe("the set-up", { open: with_server, close: close_both }, (it) => {
  const said = async (page) => {
    await page.locator(".view[data-view=setup]").click();
    await page.getByRole("button", { name: "بررسی" }).click();
  };
  for (const [title, state, words] of [
    ["answers well", { status: 200 }, /بات پاسخ می‌دهد/],
    ["refuses the key", { status: 401 }, /کلید شناسایی را نمی‌پذیرد \(۴۰۱\)[^]*KENAR_IDENTIFICATION_KEY/],
    ["has another prefix", { status: 404 }, /چیزی ندارد \(۴۰۴\)[^]*prefix/],
    ["fails", { status: 500 }, /بات خطا داد \(۵۰۰\)/],
    ["redirects", { status: 302 }, /به جای دیگری می‌فرستد/],
  ]) {
    it(`says what to do when the bot ${title}`, async (site, browser) => {
      Object.assign(site.state, state);
      const page = await visit(browser, site);
      await said(page);
      await until(async () => words.test(await page.locator("#setup .state").innerText()), words);
    });
  }

  it("shows the panel's URLs, and sends events to the one that is put there", async (site, browser) => {
    const page = await visit(browser, site);
    await page.locator(".view[data-view=setup]").click();
    await page.getByRole("button", { name: "تغییر نشانی‌ها" }).click();
    const origin = `http://127.0.0.1:${site.server.address().port}`;
    await page.fill("input[name=events]", `${origin}/other/hook`);
    await page.fill("input[name=redirect]", "there");
    await page.locator("dialog button[type=submit]").click();
    await page.locator("dialog .problem", { hasText: "redirect[1]: expected a URL" }).waitFor();
    await page.fill("input[name=redirect]", `${origin}/a ${origin}/b`);
    await page.locator("dialog button[type=submit]").click();
    await page.locator("#setup .setting", { hasText: `${origin}/b` }).waitFor();
    const arrived = once(site.server, "request");
    await said(page);
    assert.equal((await arrived)[0].url, "/other/hook");
  });

  it("says what to do when an answer is no JSON, or has no url", async (site, browser) => {
    const page = await visit(browser, site);
    const press = async (body) => {
      Object.assign(site.state, { status: 200, body });
      await page.getByRole("button", { name: "باز کردن برنامه" }).click();
      await page.check("input[value=visit]");
      await submit(page);
    };
    await press("<html>");
    await page.locator(".outcome .problem", { hasText: "پاسخ بات یک شیء JSON نیست" }).waitFor();
    await press("{}");
    await page.locator(".outcome .problem", { hasText: "پاسخ بات url ندارد" }).waitFor();
    await page.locator("#bot-state.is-bad").waitFor();
  });

  it("says that the bot is slow", async (site, browser) => {
    Object.assign(site.state, { status: 200, body: "{}", delay: 2100 });
    const page = await visit(browser, site);
    await said(page);
    await page.locator("#bot-state.is-warning", { hasText: "بات کند است" }).waitFor();
    site.state.delay = 0;
  });

  it("says what to do when nobody is there", async (site, browser) => {
    site.server.closeAllConnections();
    site.server.close();
    await once(site.server, "close");
    const page = await visit(browser, site);
    await said(page);
    await page.locator("#setup .state", { hasText: "کسی گوش نمی‌دهد" }).waitFor();
    assert.match(await page.locator("#setup .state").innerText(), /kenar sandbox --bot/);
  });
});

describe(
  "the set-up with a bot",
  { open: () => Site.open({ bot_file: bot_file("spec/browser/odd_bot.lua") }), close },
  (it) => {
    it("shows what goes into the bot's environment and into the panel", async (site, browser) => {
      const page = await visit(browser, site);
      await page.locator(".view[data-view=setup]").click();
      const text = await page.locator("#setup").innerText();
      assert.ok(text.includes("KENAR_IDENTIFICATION_KEY") && text.includes("sandbox-identification-key"));
      assert.ok(text.includes(`http://127.0.0.1:${site.bot_port}/kenar/session`));
    });

    it("notices a restart of the bot, and goes on", async (site, browser) => {
      const page = await visit(browser, site),
        { id } = await site.post("chatbots", { user: "باز" });
      await choose(page, id);
      await site.bot.stop();
      const say = async (text) => {
        await page.fill("textarea", text);
        await page.press("textarea", "Enter");
      };
      await say("الف");
      await page.locator("#bot-state.is-bad").waitFor();
      await site.start_bot();
      await say("ب");
      await page.locator(".message", { hasText: "شنیدم: ب" }).waitFor();
      await page.locator("#bot-state.is-good").waitFor();
    });

    it("saves the state to a file, and loads it", async (site, browser) => {
      const page = await visit(browser, site),
        { id } = await site.post("chatbots", { user: "فایل" });
      await site.post("acts", { act: "say", conversation_id: id, side: "USER", text: "می‌ماند" });
      await page.locator(".view[data-view=setup]").click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "ذخیره در فایل" }).click(),
      ]);
      const path = await download.path();
      assert.equal(JSON.parse(readFileSync(path)).format, "kenar-sandbox-1");
      await site.post("acts", { act: "say", conversation_id: id, side: "USER", text: "می‌رود" });
      await choose(page, id);
      await page.locator(".message", { hasText: "شنیدم: می‌رود" }).waitFor();
      await page.setInputFiles("input[type=file]", path);
      await page.locator(".message", { hasText: "می‌رود" }).first().waitFor({ state: "detached" });
      await page.locator(".message", { hasText: "شنیدم: می‌ماند" }).waitFor();
      await page.setInputFiles("input[type=file]", {
        name: "x.json",
        mimeType: "application/json",
        buffer: Buffer.from('{"format":1}'),
      });
      await page.locator(".toast", { hasText: "not a saved state" }).waitFor();
    });
  },
);

describe("the sandbox", { open: () => Site.open(), close }, (it) => {
  const status_of = (site, headers, path = "/sandbox/state") =>
    new Promise((resolve) => {
      request(`${site.url}${path}`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });

  it("refuses other names and other pages", async (site) => {
    assert.equal(await status_of(site, {}), 200);
    for (const headers of [
      { host: "evil.example" },
      { origin: "http://evil.example" },
      { "sec-fetch-site": "cross-site" },
    ]) {
      assert.equal(await status_of(site, headers), 403);
      assert.equal(await status_of(site, headers, "/sandbox/"), 403);
    }
  });

  it("cannot be used by a page of another origin", async (site, browser) => {
    const other = createServer((_, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>x"),
    ).listen(0, "127.0.0.1");
    await once(other, "listening");
    const page = await (await browser.newContext()).newPage();
    await page.goto(`http://127.0.0.1:${other.address().port}/`);
    const before = (await site.get("state")).conversations.length;
    await page.evaluate(async (url) => {
      await fetch(`${url}/sandbox/chatbots`, {
        method: "POST",
        mode: "no-cors",
        body: JSON.stringify({ user: "evil" }),
      }).catch(() => {});
      const frame = document.createElement("iframe");
      frame.src = `${url}/sandbox/`;
      document.body.append(frame);
      await new Promise((resolve) => {
        frame.onload = resolve;
      });
    }, site.url);
    assert.equal((await site.get("state")).conversations.length, before);
    assert.ok(
      !(
        (await page
          .frames()[1]
          ?.content()
          .catch(() => "")) ?? ""
      ).includes("phone"),
    );
    other.closeAllConnections();
    other.close();
  });
});
