local kenar = require "kenar"
local testing = require "kenar.testing"

describe("kenar.testing, beyond chats:", function()
   local bot, divar

   before_each(function()
      bot = kenar.bot {}
      divar = testing.divar(bot)
   end)

   it("names the line of the spec that assumes what cannot be", function()
      local ok, message = pcall(function()
         local _ = testing.divar(bot, { assumptions = { deliveries = { sesion = "legacy" } } })
      end)
      assert.is_false(ok)
      assert.matches("app_spec%.lua:%d+: unknown assumption deliveries%.sesion; did you mean", message)
   end)

   it("gives a handler the same figures, however Divar types them", function()
      local seen = {}
      bot:on("chatbot", function(ctx)
         seen[#seen + 1] = { ctx.file.size_bytes, ctx.sent_at }
      end)
      divar = testing.divar(bot, { now = 1729429926.25, assumptions = { deliveries = { numbers = "openapi" } } })
      divar:chatbot({}):file()
      assert.equal("1048576", divar.deliveries[1].body.new_chatbot_message.file_data.size_bytes)
      assert.same({ { 1048576, 1729429926250000 } }, seen)
   end)

   it("finds a button's handler in a session as the touch points' page has it, without a source", function()
      local seen = {}
      bot:server_link("visit", function(ctx)
         seen[#seen + 1] = { ctx.data.n, ctx.return_url }
         return "https://shop.example.ir"
      end)
      bot:on("chatbot", function(ctx)
         ctx:reply { text = "؟", buttons = { { "باز", server_link = "visit", data = { n = "1" } } } }
      end)
      divar = testing.divar(bot, { assumptions = { deliveries = {
         session_source = false, session_data = "provider_data", session_return = "completion_url",
      } } })
      local chat = divar:chatbot {}
      chat:say "سلام"
      assert.equal("https://shop.example.ir", chat:press("باز").url)
      assert.same({ { "1", "https://open-platform-redirect.divar.ir/completion" } }, seen)
   end)

   describe("consents", function()
      local chat

      before_each(function()
         bot:hears("اجازه", function(ctx)
            ctx:reply(ctx:authorize({ "USER_ID", "offline_access", "NOTIFICATION_ACCESS_REVOCATION" }, {
               next = "https://shop.example.ir/done",
            }))
         end)
         chat = divar:chatbot { user = "سارا" }
      end)

      it("are given in the user's browser, who comes back to the bot", function()
         local granted
         bot:granted(function(ctx)
            granted = ctx.grant
         end)
         assert.same({ url = "https://shop.example.ir/done" }, divar:consent(chat:say("اجازه").text))
         assert.equal(chat.user_id, granted.user_id)
         assert.same({ "USER_ID", "offline_access", "NOTIFICATION_ACCESS_REVOCATION" }, granted.scopes)
      end)

      it("end on Divar's own page, with success, where neither handler nor `next` names another", function()
         local seen
         bot:hears("بی‌نشانی", function(ctx) ctx:reply(ctx:authorize "USER_ID") end)
         for _, deny in ipairs { false, true } do
            seen = divar:consent(chat:say("بی‌نشانی").text, { deny = deny })
            assert.equal("https://open-platform-redirect.divar.ir/completion", seen.url)
            assert.equal(200, seen.status)
            assert.truthy(seen.body:find("back in Divar", 1, true))
         end
      end)

      it("end on a page of the app's that kenar does not serve, at the bot's own address too", function()
         bot:granted(function(ctx) return ctx.bot:setting "public_url" .. "/thanks" end)
         assert.same({ url = "https://bot.example.ir/thanks" }, divar:consent(chat:say("اجازه").text))
         assert.equal(404, divar:consent "https://bot.example.ir/kenar/oauth/begin".status)
      end)

      it("are refused there", function()
         local denied = 0
         bot:denied(function()
            denied = denied + 1
            return "https://shop.example.ir/why"
         end)
         assert.same({ url = "https://shop.example.ir/why" }, divar:consent(chat:say("اجازه").text, { deny = true }))
         assert.equal(1, denied)
      end)

      it("are those of who acted last, or of another user", function()
         local grants = {}
         bot:granted(function(ctx)
            grants[#grants + 1] = ctx.grant.user_id
         end)
         local other = divar:chatbot { user = "رضا" }
         divar:consent(chat:say("اجازه").text)
         divar:consent(chat:say("اجازه").text, { user = other })
         divar:consent(chat:say("اجازه").text, { user = "رضا" })
         assert.same({ chat.user_id, other.user_id, other.user_id }, grants)
         assert.has_error(function()
            testing.divar(bot):consent "https://example.com/"
         end, "say which user: nobody has acted yet")
      end)

      it("are asked for on the page of 2024-05 and before, too", function()
         for form, endpoint in pairs { [true] = "legacy_oauth_token", form = "legacy_oauth_form_token" } do
            divar = testing.divar(bot, {
               settings = { legacy_oauth = form, oauth_url = "https://api.divar.ir" },
            })
            local text = divar:chatbot({ user = "سارا" }):say("اجازه").text
            assert.same({ url = "https://shop.example.ir/done" }, divar:consent(text))
            local call = divar.requests[#divar.requests - 1]
            assert.same({ endpoint, 200 }, { call.endpoint, call.status })
         end
      end)

      it("end with a page where somebody refuses to go on", function()
         local seen = divar:consent("https://bot.example.ir/kenar/oauth/start?state=unknown", { user = "سارا" })
         assert.equal(400, seen.status)
         seen = divar:consent("https://oauth.divar.ir/oauth2/auth?client_id=other", { user = "سارا" })
         assert.equal(400, seen.status)
         assert.truthy(seen.body:find("there is no app other", 1, true))
      end)

      it("are taken back, which the bot is told", function()
         local revoked
         bot:on("user_access_revocation", function(ctx)
            revoked = ctx.user_id
         end)
         divar:consent(chat:say("اجازه").text)
         divar:revoke(chat)
         assert.equal(chat.user_id, revoked)
         assert.is_nil((bot.grants:find { user_id = chat.user_id }))
      end)

      it("have tokens that can expire at any time", function()
         divar:consent(chat:say("اجازه").text)
         local grant = assert(bot.grants:find { user_id = chat.user_id })
         local options = { access_token = grant.access_token }
         assert.equal(chat.user_id, assert(bot.client:get_user(options)).user_id)
         divar:expire_tokens()
         local _, err = bot.client:get_user(options)
         assert.equal("access token is expired", err.message)
      end)
   end)

   describe("a post's messages", function()
      local heard

      before_each(function()
         heard = {}
         bot:on("message", function(ctx)
            heard[#heard + 1] = { ctx.text, ctx.metadata and ctx.metadata.n }
         end)
      end)

      it("are heard without a subscription, unless the test says otherwise", function()
         divar:conversation({}).buyer:say "یک"
         divar:conversation({ subscribed = false }).buyer:say "دو"
         assert.same({ { "یک" } }, heard)
      end)

      it("are heard only through the bot's own subscriptions where the test says so", function()
         local conversation = divar:conversation { subscribed = false }
         local token = divar:grant {
            user_id = conversation.seller.user_id, scopes = { "CHAT_POST_CONVERSATIONS_READ.gZd7omnS" }, lifetime = 60,
         }
         local client = bot.client:as { access_token = token }
         assert(client:subscribe { event_type = "NEW_MESSAGE_ON_POST", resource_id = "gZd7omnS", metadata = { n = 1 } })
         conversation.buyer:say "یک"
         divar:advance(60)
         conversation.buyer:say "دو"
         assert.same({ { "یک", 1 } }, heard)
      end)

      it("come with the bot's metadata wherever it has subscribed", function()
         local conversation = divar:conversation {}
         local token = divar:grant {
            user_id = conversation.seller.user_id, scopes = { "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ" },
         }
         local client = bot.client:as { access_token = token }
         assert(client:subscribe { event_type = "NEW_MESSAGE_ON_POST", metadata = { n = 1 } })
         conversation.buyer:say "یک"
         assert.same({ { "یک", 1 } }, heard)
      end)
   end)

   it("lets payments and posts become something", function()
      local heard = {}
      bot:on("payment_transaction:completed", function(ctx)
         heard[#heard + 1] = ctx.payload.id
      end)
      bot:on("post_update:retire", function(ctx)
         heard[#heard + 1] = ctx.post_token
      end)
      divar:pay { id = "p1" }
      divar:pay { id = "p2", state = "TRANSACTION_STATE_PENDING" }
      local post = divar:post { token = "AZf3Uqr3", seller = "سارا" }
      local token = divar:grant { user_id = post.seller, scopes = { "USER_POSTS_GET" } }
      assert(bot.client:as({ access_token = token }):subscribe { event_type = "POST_UPDATE", resource_id = post.token })
      divar:update_post { token = post.token, type = "RETIRE" }
      assert.same({ "p1", "AZf3Uqr3" }, heard)
   end)

   it("opens the app from a page of Divar's, and by a direct link", function()
      bot:session_init("POST_ADDON", function(ctx)
         return ("https://example.com/%s/%s"):format(ctx.side, ctx.post_token)
      end)
      bot:on("direct_link", function(ctx)
         return "https://example.com/" .. ctx.post_token
      end)
      divar:post { token = "gZd7omnS", seller = "سارا" }
      assert.same({ url = "https://example.com/SELLER/gZd7omnS" },
         divar:open { source = "POST_ADDON", user = "سارا", post_token = "gZd7omnS" })
      assert.same({ url = "https://example.com/gZd7omnS" }, divar:direct_link "gZd7omnS")
   end)

   it("takes uploads on Divar's other host, which never sees the key", function()
      bot:hears("عکس", function(ctx)
         ctx:reply { image = { bytes = "\137PNG\r\n\26\n", name = "a.png" } }
      end)
      local answer = divar:chatbot({}):say "عکس"
      assert.equal("IMAGE", answer.type)
      local upload = divar.requests[2]
      assert.same({ "upload_media", 200, nil }, { upload.endpoint, upload.status, upload.headers["x-api-key"] })
      assert.equal("a.png", divar.judge.state.media[answer.media_token].name)
   end)

   it("plays the old hook and the old endpoint", function()
      local conversation = divar:conversation { subscribed = false }
      local state = divar.judge.state
      local seller, buyer = state.users[conversation.seller.user_id], state.users[conversation.buyer.user_id]
      bot:on("message", { side = "BUYER" }, function(ctx)
         assert(ctx.client.legacy:send_message {
            user_id = ctx.peer_id, post_token = ctx.post_token, peer_id = ctx.user_id, text = "بله",
            receiver_buttons = { { "بازدید", server_link = "visit", icon = "STORE" } },
         })
      end)
      bot:server_link("visit", function(ctx)
         return ("https://example.com/%s/%s"):format(ctx.variant, ctx.user_id)
      end)
      local token = divar:grant { user_id = seller.id, scopes = {
         "CHAT_READ_POST_CONVERSATIONS__gZd7omnS", "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.gZd7omnS",
      } }
      bot:attach(divar.host, { access_token = token, api_key = "testing-api-key",
         identification_key = { "testing-identification-key", "chosen" } })
      assert(bot.client.legacy:notify_post_conversations {
         post_token = "gZd7omnS", endpoint = "https://bot.example.ir/kenar/events", identification_key = "chosen",
      })
      assert.equal("بله", conversation.buyer:say("سلام").text)
      assert.equal("CHAT_MESSAGE", divar.deliveries[1].event)
      assert.same({ url = "https://example.com/legacy/" .. buyer.legacy_id }, conversation.buyer:press "بازدید")
   end)
end)
