import assert from "node:assert/strict";

import { describe, until } from "./runner.mjs";
import { Site, bot_file } from "./site.mjs";
import { choose, submit, visit } from "./visit.mjs";

const shop = () => Site.open({ bot_file: bot_file("examples/shop_bot.lua") });
const odd = () => Site.open({ bot_file: bot_file("spec/browser/odd_bot.lua") });
const close = (site) => site.close();

const new_chat = (site, user) => site.post("chatbots", { user });
const write = async (page, text, side = "USER") => {
  await page.fill(`.phone[data-side=${side}] textarea`, text);
  await page.press(`.phone[data-side=${side}] textarea`, "Enter");
};
const message = (page, text, side = "USER") => page.locator(`.phone[data-side=${side}] .message`, { hasText: text });

describe("the page with the example bot", { open: shop, close }, (it) => {
  it("plays the conversation of the demo by hand", async (site, browser) => {
    const page = await visit(browser, site);
    await choose(page, (await new_chat(site, "سارا")).id);
    await page.getByRole("button", { name: "باز کردن برنامه" }).click();
    await submit(page);
    await message(page, "سلام! به فروشگاه خوش آمدید").waitFor();
    const grid = await page.locator(".grid-row").evaluateAll((rows) => rows.map((row) => row.children.length));
    assert.deepEqual(grid, [3, 3, 3]);
    await page.getByRole("button", { name: "دیدن کالا" }).click();
    const outcome = page.locator(".outcome");
    assert.equal(await outcome.locator(".seen-address code").textContent(), "https://shop.example.ir/item/gZd7omnS");
    assert.match(await outcome.locator(".step-line").textContent(), /session_init → 200/);
    assert.match(await outcome.locator(".step-time").textContent(), /میلی‌ثانیه طول کشید؛ مهلت سندباکس ۱۰ ثانیه/);
    await page.getByRole("button", { name: "قیمت" }).click();
    await page.locator(".seen-text", { hasText: "قیمت: ۱۲٬۵۰۰٬۰۰۰ تومان" }).waitFor();
    assert.deepEqual(page.foreign, []);
    assert.deepEqual(page.complaints, []);
  });

  it("opens the bot from every touch point, and by each way", async (site, browser) => {
    const page = await visit(browser, site),
      { id } = await new_chat(site, "گشت");
    await choose(page, id);
    for (const point of ["MY_POST", "MY_DIVAR", "DIVAR_PRO", "CHAT", "DEMAND_POST"]) {
      await page.getByRole("button", { name: "باز کردن برنامه" }).click();
      await page.selectOption("select[name=point]", point);
      await submit(page);
      await message(page, `/start ${point}`).waitFor();
    }
    for (const [way, event] of [
      ["visit", "session_init"],
      ["direct_link", "direct_link"],
    ]) {
      await page.getByRole("button", { name: "باز کردن برنامه" }).click();
      await page.check(`input[value=${way}]`);
      await submit(page);
      await page.locator(".outcome .step-line", { hasText: event }).waitFor();
    }
  });

  it("shows a page's address as text when a direct link is pressed, and asks the bot nothing", async (site, browser) => {
    const page = await visit(browser, site),
      { id } = await new_chat(site, "مستقیم");
    await site.post("acts", { act: "start", conversation_id: id, touch_point: "MY_POST", id: "gZd7omnS" });
    await choose(page, id);
    await page.getByRole("button", { name: "سایت ما" }).click();
    assert.equal(await page.locator(".seen-address code").textContent(), "https://shop.example.ir");
    assert.equal(await page.locator(".outcome .step").count(), 0);
    assert.deepEqual(page.foreign, []);
  });
});

describe("the page", { open: odd, close }, (it) => {
  it("sends every type of message", async (site, browser) => {
    const page = await visit(browser, site),
      { id } = await new_chat(site, "همه");
    await choose(page, id);
    await write(page, "متن");
    await message(page, "شنیدم: متن").waitFor();
    const kinds = ["عکس", "فایل", "صدا", "ویدیو", "موقعیت مکانی", "مخاطب"];
    const types = ["IMAGE", "FILE", "VOICE", "VIDEO", "LOCATION", "CONTACT"];
    for (const [i, kind] of kinds.entries()) {
      await page.getByRole("button", { name: "فرستادن چیز دیگر" }).click();
      await page.getByRole("menuitem", { name: kind }).click();
      await submit(page);
      await message(page, `نوع: ${types[i]}`).waitFor();
    }
    const labels = await page
      .locator(".message.is-mine [role=group][aria-label]")
      .evaluateAll((all) => all.map((each) => each.getAttribute("aria-label")));
    assert.deepEqual(labels, kinds);
    assert.deepEqual(page.foreign, []);
  });

  it("carries out each kind of action", async (site, browser) => {
    const page = await visit(browser, site),
      { id } = await new_chat(site, "کنش");
    await choose(page, id);
    await write(page, "buttons");
    const press = async (name) => {
      await page.getByRole("button", { name, exact: true }).click();
      await until(async () => (await page.locator(".outcome h4").textContent()) === `زده شد: ${name}`, name);
      return page.locator(".outcome").innerText();
    };
    assert.match(await press("مستقیم"), /https:\/\/example\.com\/direct/);
    assert.match(await press("سروری"), /https:\/\/example\.com\/visit[^]*session_init → 200/);
    assert.match(await press("پویا"), /گفتم[^]*dynamic_action → 200/);
    assert.match(
      await press("پویا و پیوند"),
      /می‌برم[^]*example\.com\/visit[^]*dynamic_action → 200[^]*session_init → 200/,
    );
    assert.match(await press("هیچ"), /چیزی نشان داده نمی‌شود/);
    assert.match(await press("آگهی"), /صفحهٔ آگهی gZd7omnS باز می‌شود/);
    assert.match(await press("مدیریت"), /صفحهٔ مدیریت آگهی gZd7omnS/);
  });

  it("shows each side its own view of a post's chat", async (site, browser) => {
    const page = await visit(browser, site);
    const { id } = await site.post("conversations", { post_token: "gZd7omnS", buyer: "خریدار" });
    await choose(page, id);
    await page.getByRole("button", { name: "با این حال باخبر شود" }).click();
    await page.locator(".notice").waitFor({ state: "detached" });
    await write(page, "موجود است؟", "BUYER");
    await message(page, "در آگهی شنیدم", "BUYER").waitFor();
    const mine = (side) =>
      page
        .locator(`.phone[data-side=${side}] .message`)
        .evaluateAll((all) => all.map((each) => each.classList.contains("is-mine")));
    assert.deepEqual(await mine("BUYER"), [true, false]);
    assert.deepEqual(await mine("SELLER"), [false, true]);
    assert.deepEqual(await page.locator(".phone[data-side=SELLER] .press").allTextContents(), ["فقط فروشنده"]);
    assert.deepEqual(await page.locator(".phone[data-side=BUYER] .press").allTextContents(), ["فقط خریدار"]);
    const boxes = await page.locator(".phone").evaluateAll((all) => all.map((each) => each.getBoundingClientRect().x));
    assert.ok(boxes[0] > boxes[1], "the seller's view is on the right");
  });

  it("orders a text of Persian and Latin as it is read", async (site, browser) => {
    const page = await visit(browser, site),
      { id } = await new_chat(site, "راست");
    await choose(page, id);
    await write(page, "mixed");
    const text = page.locator(".message-text", { hasText: "گوشی iPhone" });
    await text.waitFor();
    const places = await text.evaluate((node) => {
      const place = (word) => {
        const range = document.createRange(),
          at = node.firstChild.data.indexOf(word);
        range.setStart(node.firstChild, at);
        range.setEnd(node.firstChild, at + word.length);
        const { left, right } = range.getBoundingClientRect();
        return { left, right };
      };
      return ["گوشی", "iPhone", "13", "Pro", "با", "گیگ"].map(place);
    });
    const [first, phone, thirteen, pro, with_, last] = places;
    assert.ok(phone.right <= first.left, "what comes first is on the right");
    assert.ok(phone.right <= thirteen.left && thirteen.right <= pro.left, "Latin runs from left to right");
    assert.ok(with_.right <= phone.left && last.right <= with_.left, "and Persian goes on to the left of it");
    assert.match(await page.locator(".message-time").first().textContent(), /^[۰-۹]{2}:[۰-۹]{2}$/);
  });

  it("shows hostile texts as texts", async (site, browser) => {
    const page = await visit(browser, site),
      { id } = await site.post("chatbots", { user: "<b>x</b>\"'&" });
    await site.post("posts", { post_token: "hostile", title: "<img src=x onerror=window.hacked=5>" });
    await site.post("conversations", { post_token: "hostile", buyer: "<script>" });
    await choose(page, id);
    await write(page, "<svg onload=window.hacked=6>");
    await message(page, "شنیدم: <svg onload=window.hacked=6>").waitFor();
    await write(page, "hostile");
    await page.locator(".press").nth(1).waitFor();
    await page.locator(".press").nth(1).click();
    await page.locator(".seen-text", { hasText: "<script>window.hacked = 2</script>" }).waitFor();
    await page.locator(".press").nth(0).click();
    await page.locator(".seen-note", { hasText: "http یا https نیست" }).waitFor();
    assert.equal(await page.locator(".outcome a").count(), 0);
    await page.locator(".exchange-head").first().click();
    await page.locator(".json").first().waitFor();
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(
      await page.evaluate(
        () => document.querySelectorAll(".stage img, .stage script, .panels img, .chats img, b").length,
      ),
      0,
    );
    assert.deepEqual(page.foreign, []);
    assert.deepEqual(page.complaints, []);
  });

  it("shows the same in two tabs", async (site, browser) => {
    const one = await visit(browser, site),
      two = await visit(browser, site, { context: one.context() });
    const { id } = await new_chat(site, "دو زبانه");
    await one.locator(".chat", { hasText: "دو زبانه" }).waitFor();
    await choose(one, id);
    await choose(two, id);
    await write(one, "از یکی");
    for (const page of [one, two]) {
      await message(page, "شنیدم: از یکی").waitFor();
      await page.locator(".exchange", { hasText: "NEW_CHATBOT_MESSAGE" }).first().waitFor();
      assert.deepEqual(await page.locator(".message-text").allTextContents(), ["از یکی", "شنیدم: از یکی"]);
    }
  });

  it("is as it was after a reload", async (site, browser) => {
    const page = await visit(browser, site),
      { id } = await new_chat(site, "باز");
    await choose(page, id);
    await write(page, "می‌ماند");
    await message(page, "شنیدم: می‌ماند").waitFor();
    await page.reload();
    await message(page, "شنیدم: می‌ماند").waitFor();
    await page.locator(".exchange").first().waitFor();
  });

  it("keeps its place when older messages are looked at, and draws them in portions", async (site, browser) => {
    const page = await visit(browser, site),
      { id } = await new_chat(site, "بسیار");
    for (let i = 0; i < 100; i += 1)
      await site.post("acts", { act: "say", conversation_id: id, side: "USER", text: `پیام ${i}` });
    await page.reload();
    await choose(page, id);
    const count = () => page.locator(".message").count();
    assert.equal(await count(), 60);
    const log = page.locator(".messages");
    assert.ok(
      await log.evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight < 2),
      "it begins at the end",
    );
    await until(async () => {
      await log.evaluate((node) => {
        node.scrollTop = 0;
      });
      return (await count()) === 200;
    }, "all of them");
  });
});
