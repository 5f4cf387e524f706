local fixture = require "spec.support.fixture"
local granting = require "spec.support.granting_bot"
local kenar = require "kenar"

local message, press = granting.message, granting.press

local WIDE = "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND"
local E1, E2 = "/v2/open-platform/conversations/", "/v1/open-platform/chat/bot/conversations/"

describe("kenar.send.deliver: replies", function()
   local edge, bot, subject

   before_each(function()
      subject = granting.new()
      edge, bot = subject.edge, subject.bot
   end)

   after_each(function()
      edge.host:stop()
      assert.equal(0, edge.host:count())
   end)

   local function save(...)
      return subject:save(...)
   end

   local function new_bot(options)
      bot = subject:new_bot(options)
   end

   -- Handles one event with a reply; returns the call that Divar got, or nil.
   local function reply_to(event, content, options)
      local function reply(ctx) ctx:reply(content or "سلام", options) end
      edge.calls = {}
      local handlers = bot.router._routes
      for i = #handlers, 1, -1 do
         handlers[i] = nil
      end
      bot:on("*", reply)
      assert.equal(200, subject:post(event).status)
      return edge.calls[1]
   end

   describe("ctx:reply", function()
      it("answers a post's chat as the user who granted that", function()
         save "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1"
         local call = reply_to(message())
         assert.equal(E1 .. "c-1/messages", call.path)
         assert.equal("ory_at_1", call.token)
      end)

      it("answers as the user whose subscription brought the message", function()
         save(WIDE, { user_id = "a" })
         local grant = save(WIDE, { user_id = "b" })
         save(WIDE, { user_id = "c" })
         assert.equal("ory_at_2", reply_to(message { kenar_grant = grant.id, other = 1 }).token)
         assert.equal("ory_at_2", reply_to(message { kenar_grant = grant.id, other = 1 }, "x", { as = "SELLER" }).token)
      end)

      it("believes neither metadata nor a button where the grant does not cover the conversation", function()
         local covering = save "CONVERSATION_SEND_MESSAGE.c-1"
         local other = save "CONVERSATION_SEND_MESSAGE.c-2"
         assert.equal("ory_at_1", reply_to(message { kenar_grant = other.id }).token)
         assert.equal("ory_at_1", reply_to(message { kenar_grant = { 5 } }).token)
         assert.equal("ory_at_1", reply_to(press(other.id)).token)
         assert.equal("ory_at_1", reply_to(press "no such grant").token)
         assert.equal("ory_at_1", reply_to(press(covering.id)).token)
      end)

      it("writes the grant's id into the buttons, and answers their press as that user", function()
         save(WIDE, { user_id = "a" })
         local grant = save(WIDE, { user_id = "b" })
         local content = { text = "x", buttons = { { "برو", dynamic_action = "go", data = { n = 1 } } } }
         local call = reply_to(message { kenar_grant = grant.id }, content)
         local data = call.body.sender_buttons.rows[1].buttons[1].action.get_dynamic_action.data
         assert.same({ kenar_action = "go", kenar_via = grant.id, n = 1 }, data)
         assert.same(call.body.sender_buttons, call.body.receiver_buttons)
         call = reply_to(press(data.kenar_via), content)
         assert.equal(E1 .. "c-1/messages", call.path)
         assert.equal("ory_at_2", call.token)
      end)

      it("answers a press in the bot's chat there, with no user's token", function()
         save "CONVERSATION_SEND_MESSAGE.c-1"
         local call = reply_to(press "bot")
         assert.equal(E2 .. "c-1/messages", call.path)
         assert.is_nil(call.token)
      end)

      it("speaks for the side it is told to", function()
         save("CONVERSATION_SEND_MESSAGE.c-1", { side = "SELLER" })
         save("CONVERSATION_SEND_MESSAGE.c-1", { side = "BUYER" })
         assert.equal("ory_at_1", reply_to(message(), "x", { as = "SELLER" }).token)
         assert.equal("ory_at_2", reply_to(message(), "x", { as = "BUYER" }).token)
         reply_to(message(), "x", { as = "seller" })
         assert.matches('as: expected "SELLER" or "BUYER", got seller', subject.caught[1].message)
      end)

      it("renews a token that is about to expire, and speaks with the new one", function()
         save("CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1 offline_access", {}, 30)
         assert.equal("ory_at_2", reply_to(message()).token)
         assert.equal("ory_at_2", reply_to(message()).token)
         assert.equal(1, #edge.token_requests)
      end)

      it("goes to the next grant where one turns out to be dead", function()
         save("CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1")
         save("CONVERSATION_SEND_MESSAGE.c-1", {}, 30)
         edge.refresh_tokens = {}
         assert.equal("ory_at_1", reply_to(message()).token)
      end)

      it("raises what to ask for where the last grant is dead", function()
         new_bot { access_token = "the client's own" }
         save("CONVERSATION_SEND_MESSAGE.c-1", {}, 30)
         edge.refresh_tokens = {}
         assert.is_nil(reply_to(message()))
         assert.equal("GRANT_EXPIRED", subject.caught[1].code_name)
         assert.same({ "CONVERSATION_SEND_MESSAGE.c-1" }, subject.caught[1].scopes)
      end)

      it("raises what to ask for where nobody granted it; nothing is sent", function()
         assert.is_nil(reply_to(message()))
         assert.equal("auth", subject.caught[1].kind)
         assert.equal("NO_GRANT", subject.caught[1].code_name)
         assert.same({ "CONVERSATION_SEND_MESSAGE.c-1" }, subject.caught[1].scopes)
      end)

      it("takes the client's own token where there is no grant, and prefers a grant", function()
         new_bot { access_token = "the-own-token" }
         assert.equal("the-own-token", reply_to(message()).token)
         save "CONVERSATION_SEND_MESSAGE.c-1"
         assert.equal("ory_at_1", reply_to(message()).token)
      end)

      it("raises where the store fails, and does not take another token", function()
         new_bot { access_token = "the-own-token" }
         subject.store.broken.get = true
         assert.is_nil(reply_to(message()))
         assert.equal("store", subject.caught[1].kind)
      end)
   end)

   describe("seller_buttons and buyer_buttons", function()
      local content = {
         text = "x",
         seller_buttons = { { "فروشنده", post_manage_page = "p-1" } },
         buyer_buttons = { { "خریدار", post_page = "p-1" } },
      }

      local function captions(call)
         local body = call.body
         return { body.sender_buttons.rows[1].buttons[1].caption, body.receiver_buttons.rows[1].buttons[1].caption }
      end

      it("stand on the side of the one who grants, and on the other", function()
         save("CONVERSATION_SEND_MESSAGE.c-1", { side = "SELLER" })
         assert.same({ "فروشنده", "خریدار" }, captions(reply_to(message(), content)))
         save("CONVERSATION_SEND_MESSAGE.c-1", { side = "BUYER" })
         assert.same({ "خریدار", "فروشنده" }, captions(reply_to(message(), content)))
         assert.same({ "فروشنده", "خریدار" }, captions(reply_to(message(), content, { as = "SELLER" })))
      end)

      it("may be one alone", function()
         save "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1"
         local call = reply_to(message(), { text = "x", buyer_buttons = content.buyer_buttons })
         assert.is_nil(call.body.sender_buttons)
         assert.equal("خریدار", call.body.receiver_buttons.rows[1].buttons[1].caption)
      end)

      it("are refused where the side is not known, saying how to make it known", function()
         save "CONVERSATION_SEND_MESSAGE.c-1"
         assert.is_nil(reply_to(message(), content))
         assert.equal("invalid", subject.caught[1].kind)
         assert.equal("seller_buttons", subject.caught[1].path)
         assert.matches("pass side to ctx:authorize", subject.caught[1].message)
         assert.is_not_nil(reply_to(message(), { text = "x", sender_buttons = content.seller_buttons }))
      end)

      it("go by what the program says where the token is the client's own", function()
         new_bot { access_token = "the-own-token" }
         assert.same({ "خریدار", "فروشنده" }, captions(reply_to(message(), content, { as = "BUYER" })))
         assert.is_nil(reply_to(message(), content))
      end)

      it("are refused beside Divar's own names", function()
         save "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1"
         for _, name in ipairs { "buttons", "sender_buttons", "receiver_buttons" } do
            subject.caught = {}
            assert.is_nil(reply_to(message(), { text = "x", buyer_buttons = content.buyer_buttons, [name] = {} }))
            assert.equal("buyer_buttons", subject.caught[1].path)
            assert.matches("these or " .. name .. ", not both", subject.caught[1].message)
         end
      end)

      it("that break a rule are named as they were written", function()
         save("CONVERSATION_SEND_MESSAGE.c-1", { side = "BUYER" })
         local row = { { "a", post_page = "p" } }
         reply_to(message(), { text = "x", seller_buttons = { row, row, row, row } })
         assert.equal("seller_buttons[4]", subject.caught[1].path)
         assert.equal("at most 3 rows", subject.caught[1].message)
         local two_actions = { "a", post_page = "p", direct_link = "https://x" }
         reply_to(message(), { text = "x", buyer_buttons = { { two_actions } } })
         assert.equal("buyer_buttons[1][1]", subject.caught[2].path)
      end)

      it("do not change the message of the program", function()
         save "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1"
         local mine = { text = "x", seller_buttons = content.seller_buttons }
         reply_to(message(), mine)
         assert.same({ text = "x", seller_buttons = content.seller_buttons }, mine)
      end)
   end)

   describe("a conversation of the old kind", function()
      local SELLER, BUYER = "e9ba8a81-9583-4f7c-af54-b07df089d971", "1697004f-e902-44c2-bbbe-bf8e20d54bff"
      local POST = "gZd7omnS"
      local old_message = fixture.bytes "in.legacy_chat_message.from_to"

      it("is answered by the old endpoint, in the name of the one who granted it", function()
         local id = kenar.scope.legacy_conversation(SELLER, POST, BUYER)
         save(kenar.scope.legacy("CHAT_SEND_MESSAGE_OAUTH", id))
         local call = reply_to(old_message)
         assert.equal("/v2/open-platform/chat/conversation", call.path)
         assert.same({
            user_id = SELLER, peer_id = BUYER, post_token = POST, type = "TEXT", message = "سلام",
         }, call.body)
         assert.equal("ory_at_1", call.token)
         save(kenar.scope("CHAT_MESSAGE_SEND", kenar.scope.legacy_conversation(BUYER, POST, SELLER)))
         call = reply_to(old_message, "x", { as = "BUYER" })
         assert.same({ BUYER, SELLER, "ory_at_2" }, { call.body.user_id, call.body.peer_id, call.token })
      end)

      it("is answered with one button a side, which lead back to the grant", function()
         local grant = save("CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. POST)
         local call = reply_to(old_message, {
            text = "x", seller_buttons = { { "الف", server_link = "visit", data = { n = 1 }, icon = "ADD" } },
            buyer_buttons = { { "ب", direct_link = "https://shop.example.ir", icon = "ADD" } },
         })
         assert.same({ kenar_action = "visit", kenar_via = grant.id, n = 1 }, call.body.sender_btn.data.extra_data)
         assert.equal("DIRECT_LINK", call.body.receiver_btn.action)
      end)

      it("cannot carry a grid", function()
         save("CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. POST)
         local row = { { "a", direct_link = "https://x" }, { "b", direct_link = "https://y" } }
         assert.is_nil(reply_to(old_message, { text = "x", seller_buttons = { row } }))
         assert.equal("invalid", subject.caught[1].kind)
         assert.equal("seller_buttons", subject.caught[1].path)
      end)

      it("is answered by the current endpoint where the press names the conversation", function()
         save "CONVERSATION_SEND_MESSAGE.edbb9499-cccc-4d35-b21f-621fa95f2b3e"
         local click = fixture.value "in.legacy_button_click.with_conversation_id"
         click.conversation_id = "edbb9499-cccc-4d35-b21f-621fa95f2b3e"
         assert.equal(E1 .. click.conversation_id .. "/messages", reply_to(click).path)
      end)
   end)
end)
