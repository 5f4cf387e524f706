--- The whole life of a shop's bot, against the sandbox: consent, subscription, a customer's message, the answer in the
--- customer's chat, a click, expired tokens, new ones, the subscription made again, the consent taken back.

local kenar = require "kenar"
local testing = require "kenar.testing"

local POST = "gZd7omnS"

local SCOPES = {
   "CHAT_POST_CONVERSATIONS_READ.gZd7omnS", "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.gZd7omnS", "USER_ID",
   "NOTIFICATION_ACCESS_REVOCATION", "offline_access",
}

local function shop_bot()
   local bot = kenar.bot { name = "life" }

   bot:start("MY_POST", function(ctx, post)
      ctx:reply { text = "برای پاسخ به مشتری‌ها اجازه بدهید.", buttons = {
         { "اجازه", server_link = "connect", data = { post = post } },
      } }
   end)

   bot:server_link("connect", function(ctx)
      return ctx:authorize({
         kenar.scope("CHAT_POST_CONVERSATIONS_READ", ctx.data.post),
         kenar.scope("CHAT_POST_CONVERSATIONS_MESSAGE_SEND", ctx.data.post),
         "USER_ID", "NOTIFICATION_ACCESS_REVOCATION", "offline_access",
      }, { next = "https://shop.example.ir/connected", side = "SELLER", post_token = ctx.data.post })
   end)

   bot:granted(function(ctx)
      ctx:subscribe("NEW_MESSAGE_ON_POST", ctx.post_token, { shop = "tehran" })
   end)

   bot:denied(function()
      return "https://shop.example.ir/denied"
   end)

   bot:on("post:text", { side = "BUYER" }, function(ctx)
      ctx:reply {
         text = "موجود است. می‌خرید؟",
         buyer_buttons = { { "بله", dynamic_action = "buy", data = { item = "7" } } },
         seller_buttons = { { "سفارش‌ها", server_link = "orders" } },
      }
   end)

   bot:dynamic_action("buy", function(ctx)
      return "کالای " .. ctx.data.item .. " برای شما کنار گذاشته شد."
   end)

   bot:server_link("orders", function(ctx)
      return "https://shop.example.ir/orders/" .. ctx.side
   end)

   return bot
end

describe("the life of a shop's bot", function()
   local bot, divar, owner, conversation

   before_each(function()
      bot = shop_bot()
      divar = testing.divar(bot, { settings = { access_token = "" } })
      divar:post { token = POST, seller = "سارا" }
      conversation = divar:conversation { post_token = POST, subscribed = false }
      owner = divar:chatbot { user = "سارا" }
   end)

   after_each(function()
      divar.host:stop()
      assert.equal(0, divar.host:count())
   end)

   -- The owner opens the bot's chat and follows its button to Divar's page.
   local function connect(options)
      owner:start("MY_POST", POST)
      local seen = owner:press "اجازه"
      assert.equal("https://bot.example.ir/kenar/oauth/start?state=", seen.url:sub(1, -44))
      return divar:consent(seen.url, options)
   end

   -- What reached Divar since the last look, endpoint by endpoint with its status.
   local looked_at = setmetatable({}, { __mode = "k" })
   local function new_requests()
      local lines = {}
      for index = (looked_at[divar] or 0) + 1, #divar.requests do
         local request = divar.requests[index]
         lines[#lines + 1] = request.endpoint .. " " .. request.status
      end
      looked_at[divar] = #divar.requests
      return lines
   end

   -- The Bearer token of the newest call of an endpoint.
   local function token_of(endpoint)
      for index = #divar.requests, 1, -1 do
         if divar.requests[index].endpoint == endpoint then
            return divar.requests[index].headers.authorization:match "^Bearer (.+)$"
         end
      end
   end

   it("begins with silence: nobody has subscribed to the post", function()
      assert.is_nil(conversation.buyer:say "سلام")
      assert.same({}, divar.deliveries)
      assert.same({}, divar.requests)
   end)

   it("goes on without a grant where the owner refuses", function()
      assert.same({ url = "https://shop.example.ir/denied" }, connect { deny = true })
      assert.same({ "send_bot_message 200", "oauth_page 200", "oauth_decision 303" }, new_requests())
      local grant, err = bot.grants:find { post_token = POST }
      assert.is_nil(grant)
      assert.equal("NO_GRANT", err.code_name)
   end)

   it("goes through consent, subscription, message, click, expiry, refresh and revocation", function()
      -- Consent and subscription.
      assert.same({ url = "https://shop.example.ir/connected" }, connect())
      assert.same({
         "send_bot_message 200", "oauth_page 200", "oauth_decision 303", "oauth_token 200", "get_user 200",
         "subscribe 200",
      }, new_requests())
      local grant = assert(bot.grants:find { post_token = POST })
      assert.equal(owner.user_id, grant.user_id)
      assert.equal("SELLER", grant.side)
      assert.same(SCOPES, grant.scopes)
      assert.equal(divar.host.now() + 3600, grant.expires_at)
      assert.same({
         event_type = "NEW_MESSAGE_ON_POST", event_resource_id = POST,
         metadata = { shop = "tehran", kenar_grant = grant.id },
      }, divar.requests[#divar.requests].body)
      assert.equal(grant.access_token, token_of "subscribe")

      -- A customer's message, answered in his chat in the owner's name.
      local answer = conversation.buyer:say "موجود است؟"
      assert.equal("موجود است. می‌خرید؟", answer.text)
      assert.equal("bot", answer.from)
      assert.same({ { "بله" } }, answer.captions)
      assert.same({ { "سفارش‌ها" } }, conversation.seller:last().captions)
      assert.same({ "send_message 200" }, new_requests())
      assert.equal(grant.access_token, token_of "send_message")
      local event = divar.deliveries[#divar.deliveries - 1].body
      assert.same({ "NEW_MESSAGE", { shop = "tehran", kenar_grant = grant.id } }, { event.type, event.metadata })
      assert.equal(grant.id, answer.buttons[1][1].action.get_dynamic_action.data.kenar_via)

      -- A click on either side.
      assert.same({ text = "کالای 7 برای شما کنار گذاشته شد." }, conversation.buyer:press "بله")
      assert.same({ url = "https://shop.example.ir/orders/SELLER" }, conversation.seller:press "سفارش‌ها")
      assert.same({}, new_requests())

      -- The token is renewed before it expires, and the subscription with it.
      divar:advance(3600)
      assert.same({ "oauth_token 200", "subscribe 200" }, new_requests())
      local renewed = assert(bot.grants:find { id = grant.id })
      assert.not_equal(grant.access_token, renewed.access_token)
      assert.not_equal(grant.refresh_token, renewed.refresh_token)
      assert.equal(renewed.access_token, token_of "subscribe")
      assert.same({ shop = "tehran", kenar_grant = grant.id }, divar.requests[#divar.requests].body.metadata)

      -- Divar's two minutes are over: only the new pair lives.
      divar:advance(121)
      local _, err = bot.client:get_user { access_token = grant.access_token }
      assert.equal("access token is expired", err.message)
      _, err = bot.oauth:refresh(grant)
      assert.equal("INVALID_GRANT", err.code_name)
      new_requests()
      assert.equal("موجود است. می‌خرید؟", conversation.buyer:say("هنوز هست؟").text)
      assert.same({ "send_message 200" }, new_requests())
      assert.equal(renewed.access_token, token_of "send_message")

      -- The owner takes his consent back.
      divar:revoke(owner)
      local last = divar.deliveries[#divar.deliveries]
      assert.same({ type = "USER_ACCESS_REVOCATION", user_access_revocation = { user_id = owner.user_id } }, last.body)
      assert.equal(200, last.status)
      _, err = bot.grants:find { post_token = POST }
      assert.equal("NO_GRANT", err.code_name)
      local told = #divar.deliveries
      assert.is_nil(conversation.buyer:say "کسی هست؟")
      assert.equal(told, #divar.deliveries)
      divar:advance(7200)
      assert.same({}, new_requests())
   end)

   it("asks again where the refresh token is no good any longer", function()
      connect()
      local grant = assert(bot.grants:find { post_token = POST })
      divar:fail { at = "oauth_token", status = 400, body = { error = "invalid_grant" } }
      divar:advance(3600)
      assert.is_nil((bot.grants:find { id = grant.id }))
      assert.is_nil(conversation.buyer:say "موجود است؟")
      assert.same({ url = "https://shop.example.ir/connected" }, connect())
      assert.equal("موجود است. می‌خرید؟", conversation.buyer:say("موجود است؟").text)
   end)

   it("takes a return only from the browser that began, and only once", function()
      owner:start("MY_POST", POST)
      local url = owner:press("اجازه").url
      assert.equal("https://shop.example.ir/connected", divar:consent(url).url)
      local again = divar:consent(url)
      assert.same({ url, 400 }, { again.url, again.status })
   end)
end)
