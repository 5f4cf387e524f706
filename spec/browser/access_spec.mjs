import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, until } from "./runner.mjs";
import { Site, bot_file } from "./site.mjs";
import { DESKTOP, PHONE, choose, visit } from "./visit.mjs";

const AXE = readFileSync(
  fileURLToPath(new URL("../../build/page/node_modules/axe-core/axe.min.js", import.meta.url)),
  "utf8",
);
const close = (site) => site.close();

async function furnished() {
  const site = await Site.open({ bot_file: bot_file("examples/shop_bot.lua") });
  const { id } = await site.post("chatbots", { user: "سارا" });
  await site.post("acts", { act: "start", conversation_id: id, touch_point: "MY_POST", id: "gZd7omnS" });
  for (const kind of ["image", "file", "voice", "video", "location", "contact"]) {
    await site.post("acts", { act: "send", conversation_id: id, side: "USER", kind });
  }
  await fetch(`${site.url}/v1/open-platform/chat/bot/conversations/x/messages`, {
    method: "POST",
    headers: { "x-api-key": "sandbox-api-key" },
    body: '{"text_message":"a","colour":1}',
  });
  return Object.assign(site, { chat: id });
}

async function violations(page) {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

describe("for everybody the page", { open: furnished, close }, (it) => {
  for (const [language, locale] of [
    ["Persian", "fa-IR"],
    ["English", "en-US"],
  ]) {
    for (const scheme of ["light", "dark"]) {
      for (const [width, size] of [
        ["wide", DESKTOP],
        ["phone", PHONE],
      ]) {
        it(`has nothing that axe finds fault with: ${language}, ${scheme}, ${width}`, async (site, browser) => {
          const page = await visit(browser, site, { size, language: locale, scheme });
          await choose(page, site.chat);
          const found = [];
          const look = async (where) => found.push(...(await violations(page)).map((each) => `${where}: ${each}`));
          await page.locator(".press:visible").nth(3).click();
          await page.locator(".outcome").waitFor();
          await look("a press");
          for (const view of ["inspector", "faults", "setup"]) {
            await page.locator(`.view[data-view=${view}]`).click();
            if (view === "inspector") {
              await page
                .locator(".exchange", { hasText: "send_bot_message" })
                .first()
                .locator(".exchange-head")
                .click();
              await page.locator(".json").first().waitFor();
            }
            if (view === "faults") {
              await page.locator('[data-fault="delay"]').click();
              await page.locator(".rule").first().waitFor();
            }
            await look(view);
          }
          await site.call("DELETE", "faults");
          if (size === PHONE) {
            await page.locator(".view[data-view=chat]").click();
            await page.locator(".chats-toggle").click();
            await look("the list");
            await page.keyboard.press("Escape");
          }
          await page.locator(".stage-bar .plain").filter({ hasNotText: /^$/ }).last().click();
          await page.locator("dialog").waitFor();
          await look("a form");
          assert.deepEqual(found, []);
          assert.deepEqual(page.complaints, []);
        });
      }
    }
  }

  it("fits the width of a phone, and shows one side at a time", async (site, browser) => {
    const page = await visit(browser, site, { size: PHONE });
    const { id } = await site.post("conversations", { post_token: "gZd7omnS", buyer: "ب" });
    await choose(page, id);
    const fits = () =>
      page.evaluate(
        () => document.documentElement.scrollWidth <= innerWidth && document.body.scrollWidth <= innerWidth,
      );
    assert.ok(await fits());
    assert.deepEqual(await page.locator(".phone:visible").evaluateAll((all) => all.map((each) => each.dataset.side)), [
      "BUYER",
    ]);
    await page.getByRole("button", { name: "فروشنده", exact: true }).click();
    assert.deepEqual(await page.locator(".phone:visible").evaluateAll((all) => all.map((each) => each.dataset.side)), [
      "SELLER",
    ]);
    for (const view of ["inspector", "faults", "setup", "chat"]) {
      await page.locator(`.view[data-view=${view}]`).click();
      assert.ok(await fits(), view);
    }
    await page.locator(".chats-toggle").click();
    await page.locator(".chat", { hasText: "سارا" }).click();
    await until(() => page.locator(".press").first().isVisible(), "the other conversation");
    assert.equal(await page.locator(".chats").isVisible(), false);
  });

  it("can be used with a keyboard alone", async (site, browser) => {
    const page = await visit(browser, site, { language: "en-US" });
    const { id } = await site.post("chatbots", { user: "keys" });
    await choose(page, id);
    const key = (...names) =>
      names.reduce((before, name) => before.then(() => page.keyboard.press(name)), Promise.resolve());
    const focused = () =>
      page.evaluate(
        () =>
          (document.activeElement !== document.body && document.activeElement?.getAttribute("aria-label")) ||
          (document.activeElement !== document.body && document.activeElement?.textContent.trim()) ||
          "",
      );
    const tab_to = async (name, way = "Tab") => {
      for (let i = 0; i < 80; i += 1) {
        if ((await focused()).includes(name)) return;
        await key(way);
      }
      assert.fail(`no ${name} to tab to`);
    };
    await key("Tab");
    assert.match(await focused(), /Skip to the conversation/);
    await key("Enter");
    await tab_to("Open the app");
    await key("Enter");
    await page.locator("dialog").waitFor();
    await tab_to("Open the app");
    await key("Enter");
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.locator(".press").first().waitFor();
    assert.match(await focused(), /Open the app/, "the focus is where it was");
    await tab_to("سایت ما");
    await key("Enter");
    await page.locator(".outcome").waitFor();
    assert.match(await focused(), /Close/);
    await key("Escape");
    await page.locator(".outcome").waitFor({ state: "detached" });
    assert.match(await focused(), /سایت ما/);
    await tab_to("Send something else");
    await key("Enter", "ArrowDown", "ArrowDown");
    assert.match(await focused(), /Voice/);
    await key("Escape");
    await tab_to("Write as the User");
    await page.keyboard.type("سلام");
    await key("Enter");
    await page.locator(".message-text", { hasText: "سلام" }).first().waitFor();
    await tab_to("Faults");
    await key("Enter");
    await tab_to("Slow answers");
    await key("Space");
    await page.locator("#faults-on").waitFor();
    assert.match(await focused(), /Slow answers/);
    await key("Space");
    await page.locator("#faults-on").waitFor({ state: "hidden" });
    await tab_to("Inspector", "Shift+Tab");
    await key("Enter");
    await tab_to("NEW_CHATBOT_MESSAGE");
    await key("Enter");
    await page.locator(".json").first().waitFor();
    await tab_to("Replay");
  });

  it("changes its language and its colours, and remembers them", async (site, browser) => {
    const page = await visit(browser, site, { language: "fa-IR" });
    assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), [
      "fa",
      "rtl",
    ]);
    await page.locator("#language").click();
    assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), [
      "en",
      "ltr",
    ]);
    await page.locator("#appearance").click();
    await page.reload();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.appearance), "dark");
    await page.getByRole("heading", { name: "Kenar sandbox" }).waitFor();
    assert.equal(await page.locator(".phone").first().getAttribute("dir"), "rtl");
  });

  it("names its parts to screen readers", async (site, browser) => {
    const page = await visit(browser, site, { language: "en-US" });
    await choose(page, site.chat);
    for (const [role, name] of [
      ["region", "Conversation"],
      ["complementary", "Conversations"],
      ["navigation", "Views"],
      ["log", "Messages as the User sees them"],
    ]) {
      await page.getByRole(role, { name, exact: true }).waitFor();
    }
    await page.getByRole("region", { name: "User's view" }).getByRole("button", { name: "قیمت" }).waitFor();
  });
});
