import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, until } from "./runner.mjs";
import { Site, bot_file } from "./site.mjs";
import { choose, submit, visit } from "./visit.mjs";

const shop = () => Site.open({ bot_file: bot_file("examples/shop_bot.lua") });
const close = (site) => site.close();

async function said(site, browser, text = "قیمت", options) {
  const page = await visit(browser, site, options),
    { id } = await site.post("chatbots", { user: `u${Math.random()}` });
  await choose(page, id);
  await page.fill("textarea", text);
  await page.press("textarea", "Enter");
  await until(
    async () => (await site.get("log?brief=1")).exchanges.some((each) => each.conversation_id === id && each.event),
    "an answer",
  );
  await page.getByLabel("فقط این گفت‌وگو").check();
  await page.locator(".exchange", { hasText: "NEW_CHATBOT_MESSAGE" }).waitFor();
  return page;
}

const open = async (page, name, mark = name) => {
  const exchange = page.locator(".exchange", { hasText: name }).filter({ hasText: mark }).first();
  await exchange.locator(".exchange-head").click();
  await exchange.locator(".exchange-body .row").waitFor();
  return exchange;
};
const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

describe("the inspector", { open: shop, close }, (it) => {
  it("shows exchanges in both directions as they happen", async (site, browser) => {
    const page = await said(site, browser);
    await page.locator(".exchange.to-divar", { hasText: "send_bot_message" }).first().waitFor();
    await page.locator(".exchange:not(.to-divar)", { hasText: "NEW_CHATBOT_MESSAGE" }).first().waitFor();
  });

  it("masks secrets", async (site, browser) => {
    const page = await said(site, browser);
    const exchange = await open(page, "send_bot_message");
    await exchange.locator(".headers summary").first().click();
    assert.match(await exchange.locator(".headers dl").first().innerText(), /x-api-key\s+\*\*\*/);
    assert.ok(!(await exchange.textContent()).includes("sandbox-api-key"));
  });

  it("colours JSON, and folds it", async (site, browser) => {
    const page = await said(site, browser);
    const json = (await open(page, "NEW_CHATBOT_MESSAGE")).locator(".json").first();
    await json.locator(".json-key", { hasText: "new_chatbot_message" }).waitFor();
    assert.match(await json.locator(".json-number").textContent(), /^\d{16}$/);
    const fold = json.locator(".json-fold", { hasText: "conversation" });
    assert.equal(await fold.getAttribute("aria-expanded"), "true");
    const lines = await json.locator(".json-line:visible").count();
    await fold.click();
    assert.equal(await fold.getAttribute("aria-expanded"), "false");
    await until(async () => (await json.locator(".json-line:visible").count()) < lines, "fewer lines");
  });

  it("writes what is wrong below the line that it concerns", async (site, browser) => {
    const page = await visit(browser, site);
    await fetch(`${site.url}/v1/open-platform/chat/bot/conversations/x/messages`, {
      method: "POST",
      headers: { "x-api-key": "sandbox-api-key", "content-type": "application/json" },
      body: JSON.stringify({
        text_message: "a",
        buttons: {
          rows: [
            {
              buttons: [
                {
                  caption: "b",
                  action: {
                    open_direct_link: "https://example.com",
                    open_post_page: { post_token: "p" },
                  },
                },
              ],
            },
          ],
        },
      }),
    });
    const exchange = await open(page, "send_bot_message", "نادرست");
    const finding = exchange.locator(".finding").first();
    assert.match(
      await finding.textContent(),
      /buttons\.rows\[1\]\.buttons\[1\]\.action: exactly one action, got open_direct_link and open_post_page/,
    );
    const line = await finding.evaluate((node) => {
      let before = node.previousElementSibling;
      while (!before.classList.contains("json-line")) before = before.previousElementSibling;
      return before.textContent.trim();
    });
    assert.equal(line, '"action": {');
  });

  it("copies a delivery as a curl command that the bot takes", async (site, browser) => {
    const page = await said(site, browser, "it's $HOME `x` \\ «سلام»\tتب");
    await (await open(page, "NEW_CHATBOT_MESSAGE")).getByRole("button", { name: "کپی curl" }).click();
    const command = await until(() => clipboard(page), "the copy");
    assert.ok(!command.includes("sandbox-identification-key"));
    const answer = execFileSync("bash", ["-c", command], {
      env: { ...process.env, KENAR_IDENTIFICATION_KEY: "sandbox-identification-key" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    assert.match(answer, /^HTTP\/1\.1 200 OK/);
  });

  it("copies a delivery as a busted spec that passes", async (site, browser) => {
    const page = await said(site, browser, 'قیمت ]] ]=] "x"');
    await (await open(page, "NEW_CHATBOT_MESSAGE")).getByRole("button", { name: "کپی آزمون" }).click();
    const spec = await until(async () => {
      const text = await clipboard(page);
      return text.includes("describe") && text;
    }, "the copy");
    const folder = mkdtempSync(join(tmpdir(), "kenar-page-"));
    try {
      writeFileSync(join(folder, "copied_spec.lua"), spec.replace("bot.lua", bot_file("examples/shop_bot.lua")));
      const output = execFileSync("lua5.4", ["/usr/bin/busted", join(folder, "copied_spec.lua")], { encoding: "utf8" });
      assert.match(output, /1 success/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("repeats an exchange", async (site, browser) => {
    const page = await said(site, browser);
    const exchange = await open(page, "NEW_CHATBOT_MESSAGE");
    const number = await exchange.getAttribute("data-number");
    await exchange.getByRole("button", { name: "تکرار" }).click();
    await page.locator(".mark", { hasText: "تکرار" }).first().waitFor();
    const { exchanges } = await site.get("log?brief=1");
    assert.equal(exchanges.at(-1).replay_of, Number(number));
  });

  it("finds exchanges by name and by what went wrong", async (site, browser) => {
    const page = await said(site, browser);
    await page.locator(".exchange").first().waitFor();
    await page.fill(".filters input[type=search]", "send_bot");
    await until(async () => (await page.locator(".exchange:not(.to-divar)").count()) === 0, "the search");
    await page.fill(".filters input[type=search]", "");
    await page.getByLabel("فقط آنچه خطا داشت").check();
    assert.equal(await page.locator(".exchange", { hasText: "NEW_CHATBOT_MESSAGE" }).count(), 0);
  });
});

describe("the faults panel", { open: shop, close }, (it) => {
  it("switches a fault on and off, and shows that it is on", async (site, browser) => {
    const page = await said(site, browser);
    await page.locator(".message", { hasText: "قیمت: ۱۲" }).waitFor();
    await page.locator(".view[data-view=faults]").click();
    const fault = page.getByRole("switch", { name: /۴۱۲/ });
    await fault.click();
    await page.locator("#faults-on", { hasText: "خطاهای روشن: ۱" }).waitFor();
    assert.equal(await fault.getAttribute("aria-checked"), "true");
    await page.fill("textarea", "قیمت");
    await page.press("textarea", "Enter");
    await page.locator(".rule", { hasText: "۱ بار رخ داد" }).waitFor();
    await page.locator(".view[data-view=inspector]").click();
    await page.locator(".exchange", { hasText: "412" }).first().waitFor();
    await page.locator(".view[data-view=faults]").click();
    await page.getByRole("switch", { name: /۴۱۲/ }).click();
    await page.locator("#faults-on").waitFor({ state: "hidden" });
    const before = await page.locator(".message").count();
    await page.fill("textarea", "قیمت");
    await page.press("textarea", "Enter");
    await until(async () => (await page.locator(".message").count()) === before + 2, "an answer");
  });

  it("limits a fault to the conversation that is shown", async (site, browser) => {
    const page = await said(site, browser);
    await page.locator(".view[data-view=faults]").click();
    await page.selectOption("select[name=scope]", "here");
    await page.getByRole("switch", { name: /دوبار/ }).click();
    await page.locator("#faults-on").waitFor();
    const { faults } = await site.get("faults");
    assert.equal(faults[0].conversation_id, decodeURIComponent(new URL(page.url()).hash.slice(1)));
    await page.getByRole("button", { name: "خاموشی همه" }).click();
    await page.locator("#faults-on").waitFor({ state: "hidden" });
    assert.equal((await site.get("faults")).faults.length, 0);
  });

  it("takes any fault that the sandbox has, and says what is wrong with one", async (site, browser) => {
    const page = await visit(browser, site);
    await page.locator(".view[data-view=faults]").click();
    await page.getByRole("button", { name: "خطایی دیگر" }).click();
    await page.selectOption("select[name=at]", "send_bot_message");
    await page.fill("input[name=rate]", "7");
    await page.fill("input[name=status]", "503");
    await page.locator("dialog button[type=submit]").click();
    await page.locator("dialog .problem", { hasText: "rate is more than 0, at most 1, got 7" }).waitFor();
    await page.fill("input[name=rate]", "0.5");
    await submit(page);
    await page.locator(".rule", { hasText: "503 · send_bot_message" }).waitFor();
    await site.call("DELETE", "faults");
  });
});
