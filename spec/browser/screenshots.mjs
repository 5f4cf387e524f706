// Pictures of the page: many as the output of the specs, three for the README.

import { mkdirSync } from "node:fs";

import { Site, bot_file } from "./site.mjs";
import { DESKTOP, PHONE, choose, visit } from "./visit.mjs";

const say = (site, conversation_id, side, text) => site.post("acts", { act: "say", conversation_id, side, text });

// What an app sends in the seller's name: each side has its own buttons.
function offer(site, conversation) {
  const button = (caption, icon) => ({ caption, icon, action: { get_dynamic_action: { data: {} } } });
  const grid = (...rows) => ({ rows: rows.map((buttons) => ({ buttons })) });
  return fetch(`${site.url}/v2/open-platform/conversations/${conversation}/messages`, {
    method: "POST",
    headers: { "x-api-key": "sandbox-api-key", authorization: "Bearer sandbox-access-token" },
    body: JSON.stringify({
      type: "TEXT",
      message: "قیمت پیشنهادی کارشناس: ۴۲٬۵۰۰٬۰۰۰ تومان",
      sender_buttons: grid([button("ویرایش قیمت", "EDIT"), button("گزارش", "CHART")]),
      receiver_buttons: grid(
        [button("می‌پذیرم", "CHECKED"), button("نه", "CLOSE"), button("چانه", "CHAT_DOUBLE")],
        [button("کارشناسی حضوری", "CAR_INSPECTED")],
      ),
    }),
  });
}

async function furnish(site) {
  const post = await site.post("posts", { post_token: "AZf3Uqr3", title: "آیفون ۱۳ پرو، سالم", seller: "seller" });
  const chat = await site.post("chatbots", { user: "سارا" });
  await site.post("acts", { act: "start", conversation_id: chat.id, touch_point: "MY_POST", id: post.token });
  const talk = await site.post("conversations", { post_token: post.token, buyer: "سارا" });
  await say(site, talk.id, "BUYER", "سلام، هنوز موجود است؟");
  await say(site, talk.id, "SELLER", "سلام، بله. iPhone 13 Pro با ۱۲۸ گیگ حافظه، کاملاً سالم.");
  await site.post("acts", { act: "send", conversation_id: talk.id, side: "SELLER", kind: "location" });
  await say(site, talk.id, "BUYER", "عالی است. آخرش چند؟");
  await site.post("hearing", { post_token: post.token, is_heard: true });
  await offer(site, talk.id);
  return { chat: chat.id, talk: talk.id };
}

// One row a picture: what is done before it is taken.
const pictures = [
  {
    name: "chats",
    async set(page, ids) {
      await choose(page, ids.talk);
    },
  },
  {
    name: "inspector",
    async set(page, ids) {
      await choose(page, ids.chat);
      await page.getByRole("button", { name: "موجودی" }).click();
      await page.locator(".outcome").waitFor();
      await page.locator(".exchange", { hasText: "send_bot_message" }).first().locator(".exchange-head").click();
      await page.locator(".json").first().waitFor();
    },
  },
  {
    name: "phone",
    size: PHONE,
    scheme: "dark",
    async set(page, ids) {
      await choose(page, ids.chat);
    },
  },
  {
    name: "faults",
    more: true,
    async set(page, ids, site) {
      await choose(page, ids.chat);
      await site.post("faults", { at: "*", status: 429, retry_after: 2, times: "forever" });
      await page.locator(".view[data-view=faults]").click();
      await page.locator(".rule").waitFor();
    },
  },
  {
    name: "setup-english",
    more: true,
    language: "en-US",
    async set(page) {
      await page.locator(".view[data-view=setup]").click();
    },
  },
  {
    name: "chats-dark",
    more: true,
    scheme: "dark",
    async set(page, ids) {
      await choose(page, ids.talk);
    },
  },
];

/** Take them into a folder; only the README's, where `is_short`. */
export async function take(browser, folder, is_short = false, prefix = "") {
  mkdirSync(folder, { recursive: true });
  const site = await Site.open({ bot_file: bot_file("examples/shop_bot.lua") });
  try {
    const ids = await furnish(site);
    for (const picture of pictures.filter(({ more }) => !is_short || !more)) {
      const page = await visit(browser, site, {
        size: picture.size ?? (is_short ? { width: 1360, height: 820 } : DESKTOP),
        scheme: picture.scheme,
        language: picture.language,
      });
      await picture.set(page, ids, site);
      await page.locator(".toast").first().waitFor({ state: "detached" });
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            requestAnimationFrame(() => requestAnimationFrame(resolve));
          }),
      );
      await page.screenshot({ path: `${folder}/${prefix}${picture.name}.png` });
      await page.context().close();
    }
  } finally {
    await site.close();
  }
}
