local browsers = require "spec.support.consent_browser"
local edges = require "spec.support.oauth_edge"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local kenar = require "kenar"
local testing = require "kenar.testing"

local SELLER, BUYER = "e9ba8a81-9583-4f7c-af54-b07df089d971", "1697004f-e902-44c2-bbbe-bf8e20d54bff"
local E11 = "/v2/open-platform/chat/conversation"
local TEXT, RESERVED = "سلام! کالا موجود است.", "کالا تا فردا کنار گذاشته شد."

describe("examples/migrating_bot.lua", function()
   local edge, bot, caught

   before_each(function()
      edge, caught = edges.new(), {}
      bot = dofile "examples/migrating_bot.lua"
      bot:catch(function(err) caught[#caught + 1] = tostring(err) end)
      bot:attach(edge.host, {
         api_key = "key-1", identification_key = "k", app_slug = "my-app", oauth_secret = "s",
         public_url = "https://bot.example.ir", store = "memory:",
      })
   end)

   after_each(function()
      assert.same({}, caught)
      edge.host:stop()
      assert.equal(0, edge.host:count())
   end)

   -- What the bot answers to a body, and what it sent meanwhile.
   local function post(body)
      local before = #edge.calls
      local response = bot:handle {
         method = "POST", path = "/kenar", headers = { authorization = "k" },
         body = type(body) == "table" and assert(json.encode(body)) or fixture.bytes(body),
      }
      assert.equal(200, response.status)
      assert.is_true(#edge.calls <= before + 1)
      return json.decode(response.body), edge.calls[before + 1]
   end

   -- A token that the old app got for a post, under the old name of its scope.
   local function take_over(post_token)
      return assert(bot.grants:save({
         access_token = "old-token", expires_at = edge.host.now() + 3600,
         scopes = { kenar.scope.legacy("CHAT_SEND_MESSAGE_POST_CONVERSATIONS", post_token) },
      }, { side = "SELLER", post_token = post_token }))
   end

   local function message_of_today(side)
      local body = fixture.value "in.new_message.text"
      body.new_message.sender = { side = side, type = "HUMAN" }
      return body
   end

   describe("answers a customer", function()
      local grant

      before_each(function()
         grant = take_over "gZd7omnS"
      end)

      for _, sample in ipairs { "from_to", "sender_receiver", "captured_shape" } do
         it("of the old hook by the old endpoint, in the seller's name: " .. sample, function()
            local _, call = post("in.legacy_chat_message." .. sample)
            assert.equal(E11, call.path)
            assert.equal("old-token", call.token)
            assert.same({
               user_id = SELLER, peer_id = BUYER, post_token = "gZd7omnS", type = "TEXT", message = TEXT,
               receiver_btn = { action = "LINK", data = {
                  caption = "کنار بگذارید", icon_name = "CART",
                  extra_data = { kenar_action = "reserve", kenar_via = grant.id },
               } },
            }, call.body)
         end)
      end

      it("of today's events by today's endpoint", function()
         local _, call = post(message_of_today "BUYER")
         assert.equal("/v2/open-platform/conversations/edbb9499-cccc-4d35-b21f-621fa95f2b3e/messages", call.path)
         assert.same({
            type = "TEXT", message = TEXT,
            receiver_buttons = { rows = { { buttons = { {
               caption = "کنار بگذارید", icon = "CART",
               action = { open_server_link = { data = { kenar_action = "reserve", kenar_via = grant.id } } },
            } } } } },
         }, call.body)
      end)

      it("but not the seller, whose messages the old hook tells of as well", function()
         local body = fixture.value "in.legacy_chat_message.captured_shape"
         body.payload.sender, body.payload.receiver = body.payload.receiver, body.payload.sender
         local reply, call = post(body)
         assert.same({}, reply)
         assert.is_nil(call)
         reply, call = post(message_of_today "SELLER")
         assert.same({}, reply)
         assert.is_nil(call)
      end)
   end)

   describe("hears a press", function()
      local PAGE = "https://shop.example.ir/item/AZf3Uqr3"

      local function press(sample, data)
         local body = fixture.value(sample)
         body.extra_data = data
         body.post_token = "AZf3Uqr3"
         return post(body)
      end

      before_each(function()
         take_over "AZf3Uqr3"
      end)

      it("of its button in the old form, and answers by the old endpoint", function()
         local reply, call = press("in.legacy_button_click.supplier_lower", {
            provider_data = { kenar_action = "reserve" },
         })
         assert.same({ status = "200", message = "success", url = PAGE }, reply)
         assert.equal(E11, call.path)
         assert.same({ SELLER, BUYER, RESERVED }, { call.body.user_id, call.body.peer_id, call.body.message })
      end)

      it("of the customer's, still in the seller's name", function()
         local body = fixture.value "in.legacy_button_click.supplier_capital"
         body.user_id, body.peer_id = body.peer_id, body.user_id
         body.extra_data.provider_data = { kenar_action = "reserve" }
         local _, call = post(body)
         assert.same({ SELLER, BUYER }, { call.body.user_id, call.body.peer_id })
      end)

      it("in the old form that names its conversation, and answers by today's endpoint", function()
         local reply, call = press("in.legacy_button_click.with_conversation_id", {
            provider_data = { kenar_action = "reserve" },
         })
         assert.equal("200", reply.status)
         assert.equal("/v2/open-platform/conversations/6b3d5cf7-9291-4fa9-892a-9d07e300daea/messages", call.path)
         assert.same({ type = "TEXT", message = RESERVED }, call.body)
      end)

      it("in today's form, and answers by today's endpoint", function()
         local reply, call = press("in.session_init_v2.chat_message_action", { kenar_action = "reserve" })
         assert.same({ url = PAGE }, reply)
         assert.equal("/v2/open-platform/conversations/6b3d5cf7-9291-4fa9-892a-9d07e300daea/messages", call.path)
      end)

      it("of a button from before, which names no handler", function()
         local body = fixture.value "in.legacy_button_click.flat_extra_data"
         body.user_id, body.peer_id = body.peer_id, body.user_id
         local reply, call = post(body)
         assert.same({ status = "200", message = "success", url = PAGE }, reply)
         assert.is_nil(call)
      end)
   end)

   it("asks a seller who opens it for today's scopes, and has his post's messages come as events", function()
      local reply = post "in.legacy_button_click.supplier_lower"
      assert.equal("200", reply.status)
      local browser = browsers.new(bot)
      local asked = browser:start(reply.url)
      assert.equal("CHAT_POST_CONVERSATIONS_READ.AZf3Uqr3 CHAT_POST_CONVERSATIONS_MESSAGE_SEND.AZf3Uqr3 "
         .. "offline_access USER_ID", asked.scope)
      assert.equal(303, browser:agree(edge, asked).status)
      local call = edge.calls[#edge.calls]
      assert.equal("/v1/open-platform/events/subscriptions", call.path)
      assert.same({ "NEW_MESSAGE_ON_POST", "AZf3Uqr3" }, { call.body.event_type, call.body.event_resource_id })
      -- The old ids are not those of today: the grant is the user's whom Divar names.
      assert.equal("user-1", bot.grants:find({ post_token = "AZf3Uqr3" }).user_id)
      assert.equal("https://shop.example.ir/item/AZf3Uqr3", post("in.legacy_button_click.supplier_lower").url)
   end)

   it("opens the shop for a customer", function()
      assert.equal("https://shop.example.ir/item/gZd7omnS", post("in.legacy_session_init.captured_shape").url)
      assert.same({ url = "https://shop.example.ir" }, (post "in.session_init_v2.nulls"))
   end)
end)

describe("examples/migrating_bot.lua, before a Divar that still has the old endpoints", function()
   it("goes from the old hook to today's events, and the customer sees no difference", function()
      local bot = dofile "examples/migrating_bot.lua"
      local divar = testing.divar(bot, { settings = { access_token = "" } })
      divar:post { token = "gZd7omnS", seller = "سارا" }
      local conversation = divar:conversation { post_token = "gZd7omnS", subscribed = false }
      local scopes = {
         kenar.scope.legacy("CHAT_READ_POST_CONVERSATIONS", "gZd7omnS"),
         kenar.scope.legacy("CHAT_SEND_MESSAGE_POST_CONVERSATIONS", "gZd7omnS"),
      }
      -- What the old app had done: a token, and the hook.
      local token = divar:grant { user_id = conversation.seller.user_id, scopes = scopes, lifetime = 600 }
      assert(bot.grants:save({ access_token = token, expires_at = divar.host.now() + 600, scopes = scopes }, {
         side = "SELLER", post_token = "gZd7omnS",
      }))
      assert(bot.client:as({ access_token = token }).legacy:notify_post_conversations {
         post_token = "gZd7omnS", endpoint = "https://bot.example.ir/kenar",
         identification_key = "testing-identification-key",
      })

      local function ask()
         local answer = conversation.buyer:say "موجود است؟"
         assert.equal(TEXT, answer.text)
         assert.same({ { "کنار بگذارید" } }, answer.captions)
         assert.same({ url = "https://shop.example.ir/item/gZd7omnS" }, conversation.buyer:press "کنار بگذارید")
         assert.equal(RESERVED, conversation.buyer:last().text)
      end
      ask()
      assert.equal("CHAT_MESSAGE", divar.deliveries[1].body.type)
      assert.equal("legacy_send_message", divar.requests[2].endpoint)

      -- The seller agrees to today's scopes. The hook ends with the old token.
      divar:consent(conversation.seller:open("CHAT").url)
      divar:advance(601)
      local heard, called = #divar.deliveries, #divar.requests
      ask()
      assert.equal("NEW_MESSAGE", divar.deliveries[heard + 1].body.type)
      assert.equal("send_message", divar.requests[called + 1].endpoint)
      assert.same({ "https://shop.example.ir/item/gZd7omnS" }, { conversation.seller:open("CHAT").url })
      divar.host:stop()
      assert.equal(0, divar.host:count())
   end)
end)
