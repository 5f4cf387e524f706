local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local judged = require "spec.support.judged"

local POST = judged.POST

describe("the endpoints of before 2024-11 in the sandbox", function()
   local divar, seller, buyer

   before_each(function()
      divar = judged.new()
      seller, buyer = divar.seller, divar.buyer
   end)

   local function same_shape(sample, value, path)
      path = path or ""
      for key, item in pairs(sample) do
         assert.equal(type(item), type(value[key]), path .. key)
         if type(item) == "table" then
            same_shape(item, value[key], path .. key .. ".")
         end
      end
      for key in pairs(value) do
         assert.not_nil(sample[key], path .. key .. " is in no sample")
      end
   end

   -- base64 of user:post:peer
   local function conversation_scope(name, user, peer)
      return name .. require("kenar.core").base64_encode(table.concat({ user.legacy_id, POST, peer.legacy_id }, ":"))
   end

   describe("sending", function()
      local function send(token, changes)
         local body = {
            user_id = seller.legacy_id, post_token = POST, peer_id = buyer.legacy_id, type = "TEXT", message = "سلام",
         }
         for key, value in pairs(changes or {}) do
            body[key] = value
         end
         return divar:call { "POST", "/v2/open-platform/chat/conversation", token = token, body = body }
      end

      it("writes in the conversation of a post and two users", function()
         local status, body = send(divar:token(seller, conversation_scope("CHAT_MESSAGE_SEND.", seller, buyer)))
         assert.equal(200, status)
         assert.same({ status = 200, message = "success" }, body)
         assert.same({ "سلام", { type = "BOT", side = "SELLER" } },
            { divar.conversation.messages[1].text, divar.conversation.messages[1].sender })
      end)

      it("takes the scopes of each time, for that conversation or for the post", function()
         for _, scope in ipairs {
            conversation_scope("CHAT_SEND_MESSAGE_OAUTH__", seller, buyer),
            conversation_scope("CHAT_SEND_MESSAGE__", seller, buyer),
            "CHAT_SEND_MESSAGE_POST_CONVERSATIONS__" .. POST, "CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. POST,
         } do
            assert.equal(200, (send(divar:token(seller, scope))), scope)
         end
         for _, scope in ipairs {
            conversation_scope("CHAT_MESSAGE_SEND.", buyer, seller), "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.other",
            "CONVERSATION_SEND_MESSAGE." .. divar.conversation.id,
         } do
            assert.equal(403, (send(divar:token(seller, scope))), scope)
         end
      end)

      it("opens the conversation where there is none", function()
         local other = divar.state:user "other"
         local token = divar:token(seller, "CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. POST)
         assert.equal(200, (send(token, { peer_id = other.legacy_id })))
         assert.equal("سلام", divar.state:find_conversation(POST, other.id).messages[1].text)
      end)

      it("refuses who is not known, and a token of another user", function()
         local token = divar:token(seller, "CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. POST)
         assert.equal(404, (send(token, { peer_id = buyer.id })))
         assert.equal(404, (send(token, { post_token = "none" })))
         assert.equal(403, (send(divar:token(buyer, "CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. POST))))
         assert.equal(404, (send(token, { user_id = buyer.legacy_id, peer_id = buyer.legacy_id })))
      end)

      it("says what is wrong with a button", function()
         local token = divar:token(seller, "CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. POST)
         local function message_of(button)
            local status, body = send(token, { sender_btn = button })
            assert.equal(400, status)
            return body.message
         end
         assert.equal("sender_btn.data.direct_link: is required by action DIRECT_LINK",
            message_of { action = "DIRECT_LINK", data = { icon_name = "ADD", caption = "سایت" } })
         assert.equal("sender_btn.data.extra_data: is required by action LINK",
            message_of { action = "LINK", data = { icon_name = "ADD", caption = "سایت" } })
         assert.equal('sender_btn.action: is "https://example.com"; there are DIRECT_LINK, LINK',
            message_of { action = "https://example.com", data = { icon_name = "ADD", caption = "سایت" } })
         assert.equal("sender_btn.data.icon_name: is required",
            message_of { action = "LINK", data = { caption = "سایت", extra_data = {} } })
      end)

      it("takes Divar's samples", function()
         local token = divar:token(seller, "CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. POST)
         for _, name in ipairs { "link_buttons", "direct_link_button", "mixed", "text_only" } do
            local sample = fixture.value("out.legacy_send_message." .. name)
            sample.user_id, sample.peer_id, sample.post_token = nil, nil, nil
            assert.equal(200, (send(token, sample)), name)
         end
      end)

      it("can be gone", function()
         divar = judged.new { legacy = { endpoints = "gone" } }
         assert.equal(404, (send(divar:token(seller, "CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. POST))))
      end)
   end)

   describe("a button's click", function()
      local function click(changes, answer)
         divar = judged.new(changes)
         seller, buyer = divar.seller, divar.buyer
         local token = divar:token(seller, "CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. POST)
         divar:call { "POST", "/v2/open-platform/chat/conversation", token = token, body = {
            user_id = seller.legacy_id, post_token = POST, peer_id = buyer.legacy_id, type = "TEXT", message = "؟",
            sender_btn = { action = "DIRECT_LINK", data = {
               icon_name = "ADD", caption = "سایت", direct_link = "https://example.com/page",
            } },
            receiver_btn = { action = "LINK", data = {
               icon_name = "ADD", caption = "بازدید", extra_data = { your_custom_key = "your value" },
            } },
         } }
         local act = assert(divar.judge:press(divar.conversation.id, "BUYER", "بازدید"))
         return divar:deliver(answer or { status = "200", message = "success", url = "https://example.com/1" })[1], act
      end

      it("of LINK comes in the old shape, without a version", function()
         local delivery, act = click()
         local body = json.decode(delivery.request.body)
         same_shape(fixture.value "in.legacy_button_click.with_conversation_id", body)
         assert.same({ provider_data = { your_custom_key = "your value" } }, body.extra_data)
         assert.same({ buyer.legacy_id, seller.legacy_id }, { body.user_id, body.peer_id })
         assert.same({ seller.legacy_id, buyer.legacy_id }, { body.supplier.id, body.demand.id })
         assert.equal("https://bot.example.ir/kenar/session", delivery.request.url)
         assert.same({ ["content-type"] = "application/json", authorization = "identification" },
            delivery.request.headers)
         assert.equal("https://example.com/1", act.seen.url)
      end)

      it("can be written in the ways of other times", function()
         local body = click({ legacy = { supplier_key = "Supplier", conversation_id = false } }).body
         body.extra_data.location = { latitude = 35.6, longitude = 51.3 } -- only of messages with a location
         same_shape(fixture.value "in.legacy_button_click.supplier_capital", body)
      end)

      it("of DIRECT_LINK opens the page without asking the bot", function()
         click()
         local act = divar.judge:press(divar.conversation.id, "SELLER", "سایت")
         assert.same({ url = "https://example.com/page" }, act.seen)
         assert.same({}, divar:deliver())
      end)

      it("is answered with status, message and url", function()
         assert.equal("the bot's answer has status 400, not \"200\"",
            click(nil, fixture.value "reply.session_init_legacy.error").problem)
         assert.equal("the bot's answer has status nil, not \"200\"", click(nil, { url = "https://x.ir" }).problem)
         assert.equal("the bot's answer has no message", click(nil, { status = "200", url = "https://x.ir" }).problem)
         assert.equal("the bot's answer has no url, so nothing opens",
            click(nil, { status = "200", message = "success" }).problem)
      end)
   end)

   it("open the app from a chat in the old shape where that is assumed", function()
      divar = judged.new { deliveries = { session = "legacy" }, legacy = { conversation_id = false } }
      divar.judge:open(divar.conversation.id, "BUYER", "CHAT")
      same_shape(fixture.value "in.legacy_session_init.captured_shape", divar:deliver()[1].body)
   end)

   describe("the hook for a post's messages", function()
      local function register(token, changes)
         local body = { post_token = POST, endpoint = "https://bot.example.ir/hook", identification_key = "chosen" }
         for key, value in pairs(changes or {}) do
            body[key] = value
         end
         return divar:call {
            "POST", "/v1/open-platform/notify/chat/post-conversations", token = token, body = body,
         }
      end

      it("posts texts to the endpoint of the app's choice, with its key", function()
         local token = divar:token(seller, "CHAT_READ_POST_CONVERSATIONS__" .. POST)
         assert.equal(200, (register(token)))
         divar.judge:say(divar.conversation.id, "BUYER", "سلام")
         local delivery = divar:deliver()[1]
         assert.equal("https://bot.example.ir/hook", delivery.request.url)
         assert.equal("chosen", delivery.request.headers.authorization)
         local body = json.decode(delivery.request.body)
         same_shape(fixture.value "in.legacy_chat_message.sender_receiver", body)
         assert.same({
            { id = buyer.legacy_id, is_supply = false }, { id = seller.legacy_id, is_supply = true },
            "1729429926140000", "1729429926", "سلام",
         }, {
            body.payload.sender, body.payload.receiver, body.payload.sent_at, body.timestamp, body.payload.data.text,
         })
         divar.judge:send(divar.conversation.id, "BUYER", "image")
         assert.same({}, divar:deliver())
      end)

      it("names the two sides as it did at each time", function()
         for parties, names in pairs {
            from_to = { "from", "to" }, sender_receiver = { "receiver", "sender" },
            both = { "from", "receiver", "sender", "to" },
         } do
            divar = judged.new { legacy = { hook_parties = parties } }
            register(divar:token(divar.seller, "CHAT_POST_CONVERSATIONS_READ." .. POST))
            divar.judge:say(divar.conversation.id, "BUYER", "سلام")
            local found = {}
            for _, name in ipairs { "from", "receiver", "sender", "to" } do
               if divar.judge.queue:peek().body.payload[name] ~= nil then
                  found[#found + 1] = name
               end
            end
            assert.same(names, found)
         end
      end)

      it("is the owner's to register, with the scope, and lives as long as the token", function()
         assert.equal(403, (register(divar:token(buyer, "CHAT_POST_CONVERSATIONS_READ." .. POST))))
         assert.equal(403, (register(divar:token(seller, "CHAT_POST_CONVERSATIONS_READ.other"))))
         assert.equal(400, (register(divar:token(seller, "CHAT_POST_CONVERSATIONS_READ." .. POST), { endpoint = "" })))
         assert.equal(200, (register(divar:token(seller, "CHAT_POST_CONVERSATIONS_READ." .. POST))))
         divar.time = divar.time + 3600
         divar.judge:say(divar.conversation.id, "BUYER", "سلام")
         assert.same({}, divar:deliver())
      end)
   end)

   it("read a conversation by its post and two users", function()
      divar.judge:say(divar.conversation.id, "BUYER", "سلام")
      local path = "/v1/open-platform/chat/conversation-messages"
      local query = ("user_id=%s&peer_id=%s&post_token=%s"):format(seller.legacy_id, buyer.legacy_id, POST)
      local token = divar:token(seller, conversation_scope("CHAT_READ_CONVERSATION__", seller, buyer))
      local status, body = divar:call { "GET", path, query = query, token = token }
      assert.equal(200, status)
      same_shape(fixture.value "resp.legacy_conversation_messages", body)
      assert.equal("سلام", body.messages[1].data.text)
      assert.equal(200, (divar:call { "GET", path .. "?" .. query, token = token }))
      assert.equal(403, (divar:call { "GET", path, query = query, token = divar:token(seller, "USER_ID") }))
      assert.equal(404, (divar:call { "GET", path, token = token }))
   end)
end)
