local client = require "kenar.client"
local edge = require "spec.support.edge"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"

local function client_with(answer, options)
   if type(answer) == "string" then
      answer = { status = 200, body = fixture.bytes(answer) }
   end
   local host, requests = edge.host { answer }
   local values = { host = host, api_key = "key-1", access_token = "ory_at_1" }
   for name, value in pairs(options or {}) do
      values[name] = value
   end
   return client.new(values), requests
end

local BASE = "https://open-api.divar.ir"

describe("client:get_conversation", function()
   it("gives the messages in the shape of events", function()
      local c, requests = client_with "resp.get_conversation"
      local got = assert(c:get_conversation "edbb9499-cccc-4d35-b21f-621fa95f2b3e")
      assert.equal("GET", requests[1].method)
      assert.equal(BASE .. "/v1/open-platform/chat/conversations/edbb9499-cccc-4d35-b21f-621fa95f2b3e", requests[1].url)
      assert.is_nil(requests[1].body)
      assert.equal("gZd7omnS", got.conversation.post_token)
      assert.equal(2, #got.messages)
      assert.equal("سلام", got.messages[1].text)
      assert.equal("BUYER", got.messages[1].side)
      assert.equal(1729429926140000, got.messages[1].sent_at)
      assert.equal("BOT", got.messages[2].sender.type)
      assert.equal("2024-10-20T13:12:06.140Z", got.messages[1].payload.sent_at)
   end)

   -- Of the body: everything that is given back.
   local function got_of(body)
      local c = client_with { status = 200, body = body }
      return assert(c:get_conversation "conv-1")
   end

   it("keeps conversation_info and a flat conversation_id, as an older form has them", function()
      local got = got_of('{"conversation_info":{"type":"POST","post_token":"gZd7omnS"},"conversation_id":"conv-1",'
         .. '"messages":[]}')
      assert.same({ type = "POST", post_token = "gZd7omnS" }, got.conversation_info)
      assert.equal("conv-1", got.conversation_id)
      assert.same({ id = "conv-1", type = "POST", post_token = "gZd7omnS" }, got.conversation)
   end)

   it("reads a conversation from either of the two forms", function()
      local got = got_of '{"conversation_info":{"id":"conv-2"}}'
      assert.same({ id = "conv-2" }, got.conversation)
      assert.is_nil(got.conversation_id)
      got = got_of '{"conversation_id":"conv-1"}'
      assert.same({ { id = "conv-1" }, "conv-1" }, { got.conversation, got.conversation_id })
      assert.is_nil(got.conversation_info)
   end)

   it("uses the current form if both are there, and takes null and other types for absent", function()
      local got = got_of('{"conversation":{"id":"conv-1"},"conversation_info":{"id":"conv-2"},'
         .. '"conversation_id":"conv-3"}')
      assert.same({ { id = "conv-1" }, { id = "conv-2" }, "conv-3" },
         { got.conversation, got.conversation_info, got.conversation_id })
      got = got_of '{"conversation":{"id":"conv-1"},"conversation_info":null,"conversation_id":null}'
      assert.same({ conversation = { id = "conv-1" }, messages = {} }, got)
      got = got_of '{"conversation_info":[],"conversation_id":7}'
      assert.same({ conversation = {}, messages = {} }, got)
   end)

   it("reads the conversation of a message by a flat conversation_id as well", function()
      local got = got_of '{"messages":[{"id":"m","conversation_id":"conv-1","type":"TEXT","text":"سلام"}]}'
      assert.equal("conv-1", got.messages[1].conversation_id)
      assert.equal("conv-1", got.messages[1].order_key)
   end)

   it("may be repeated when it failed, for it only reads", function()
      local c = client_with { status = 500, body = "" }
      local _, err = c:get_conversation "x"
      assert.is_true(err.retryable)
   end)
end)

describe("client:subscribe", function()
   local cases = {
      ["out.event_subscription.all_posts"] = { event_type = "NEW_MESSAGE_ON_POST" },
      ["out.event_subscription.new_message_on_post"] = {
         event_type = "NEW_MESSAGE_ON_POST", resource_id = "gZd7omnS", metadata = { key = "value" },
      },
      ["out.event_subscription.post_update_all"] = { event_type = "POST_UPDATE", resource_id = "" },
      ["out.event_subscription.post_update_one"] = { event_type = "POST_UPDATE", resource_id = "gZd7omnS" },
   }
   for name, argument in pairs(cases) do
      it("writes " .. name, function()
         local c, requests = client_with "resp.event_subscription.ok"
         assert.same({}, c:subscribe(argument))
         assert.equal(BASE .. "/v1/open-platform/events/subscriptions", requests[1].url)
         assert.same(fixture.value(name), json.decode(requests[1].body))
      end)
   end

   it("writes the older key of the metadata when told so", function()
      local c, requests = client_with("resp.event_subscription.ok", { metadata_key = "meta_data" })
      c:subscribe { event_type = "NEW_MESSAGE_ON_POST", resource_id = "gZd7omnS",
         metadata = { your_key = "your_value" } }
      assert.same(fixture.value "out.event_subscription.meta_data", json.decode(requests[1].body))
   end)

   it("refuses a wrong subscription, and names the field", function()
      local c, requests = client_with "resp.event_subscription.ok"
      local function path_of(argument)
         local _, err = c:subscribe(argument)
         assert.equal("invalid", err.kind)
         assert.equal("subscribe", err.endpoint)
         return err.path
      end
      assert.equal("event_type", path_of {})
      assert.equal("resource_id", path_of { event_type = "POST_UPDATE", resource_id = 7 })
      assert.equal("metadata", path_of { event_type = "POST_UPDATE", metadata = { 1 } })
      assert.equal("post_token", path_of { event_type = "POST_UPDATE", post_token = "x" })
      assert.same({}, requests)
   end)
end)

describe("client: users", function()
   it("gets the user of the token, by GET or by the older POST", function()
      local c, requests = client_with "resp.get_user.current"
      local expected = { user_id = "awoDdf1ecd2wac", phone_number = "09990000000", phone_numbers = {} }
      assert.same(expected, c:get_user())
      assert.same(expected, c:get_user { method = "POST" })
      assert.equal("GET", requests[1].method)
      assert.is_nil(requests[1].body)
      assert.equal("POST", requests[2].method)
      assert.equal("{}", requests[2].body)
      assert.equal(BASE .. "/v1/open-platform/users", requests[2].url)
   end)

   it("reads the older list of phone numbers", function()
      local c = client_with "resp.get_user.legacy_phone_numbers"
      assert.equal("09990000000", c:get_user().phone_number)
   end)

   it("finds a user by phone, with the key alone", function()
      local c, requests = client_with "resp.get_user_id_by_phone"
      assert.same({ user_id = "awoDdf1ecd2wac" }, c:get_user_id_by_phone "09990000000")
      assert.same(fixture.value "out.get_user_id_by_phone", json.decode(requests[1].body))
      assert.is_nil(requests[1].headers.authorization)
      local _, err = c:get_user_id_by_phone(9990000000)
      assert.equal("phone", err.path)
   end)
end)

describe("client: the platform's lists", function()
   it("lists scopes and permissions", function()
      local c, requests = client_with "resp.assets_oauth_scope"
      assert.equal("CONVERSATION_SEND_MESSAGE", c:oauth_scopes()[1].slug)
      assert.equal(BASE .. "/v1/open-platform/assets/oauth-scope", requests[1].url)
      c, requests = client_with "resp.assets_permission"
      assert.equal("CHAT_SEND_MESSAGE_OAUTH", c:permissions()[1].slug)
      assert.equal(BASE .. "/v1/open-platform/assets/permission", requests[1].url)
   end)

   it("takes an absent list for an empty one", function()
      local c = client_with { status = 200, body = "{}" }
      assert.same({}, c:oauth_scopes())
   end)
end)

local IDS = {
   user_id = "e9ba8a81-9583-4f7c-af54-b07df089d971", post_token = "AZf3Uqr3",
   peer_id = "1697004f-e902-44c2-bbbe-bf8e20d54bff",
}

local function with_ids(content)
   for name, id in pairs(IDS) do
      content[name] = id
   end
   return content
end

local function link(caption, data)
   return { caption = caption, icon = "ADD", action = { open_server_link = { data = data } } }
end

describe("client.legacy:send_message", function()
   local text = "سلام، پیام آزمایشی"
   local custom = { your_custom_key = "your value" }
   local direct = "https://example.com/page"
   local cases = {
      ["out.legacy_send_message.text_only"] = { text = text },
      ["out.legacy_send_message.link_buttons"] = {
         text = text, sender_buttons = { { link("دکمه فرستنده", custom) } },
         receiver_buttons = { link("دکمه گیرنده", custom) },
      },
      ["out.legacy_send_message.direct_link_button"] = {
         text = text, sender_buttons = { { "دکمه فرستنده", direct_link = direct, icon = "ADD" } },
      },
      ["out.legacy_send_message.mixed"] = {
         text = text, sender_buttons = { { "direct", direct_link = direct, icon = "SEND", data = {} } },
         receiver_buttons = { rows = { { buttons = { link("server", custom) } } } },
      },
   }
   for name, content in pairs(cases) do
      it("writes " .. name, function()
         local c, requests = client_with "resp.send_message.ok"
         assert.same({ status = 200, message = "success" }, c.legacy:send_message(with_ids(content)))
         assert.equal(BASE .. "/v2/open-platform/chat/conversation", requests[1].url)
         assert.same(fixture.value(name), json.decode(requests[1].body))
      end)
   end

   it("names the handler in the data of a link button", function()
      local c, requests = client_with "resp.send_message.ok"
      c.legacy:send_message(with_ids { text = "x", buttons = {
         { "a", server_link = "visit", data = { n = 1 }, icon = "ADD" },
      } })
      local body = json.decode(requests[1].body)
      assert.same({ kenar_action = "visit", n = 1 }, body.sender_btn.data.extra_data)
      assert.same(body.sender_btn, body.receiver_btn)
   end)

   it("refuses messages that the old endpoint cannot carry, and names the way out", function()
      local c, requests = client_with "resp.send_message.ok"
      local function refused(content)
         local _, err = c.legacy:send_message(with_ids(content))
         assert.equal("invalid", err.kind)
         assert.equal("send_message", err.endpoint)
         return err
      end
      local one = { "a", server_link = "visit" }
      local err = refused { text = "x", sender_buttons = { one, one } }
      assert.equal("sender_buttons", err.path)
      assert.equal("the old endpoint takes one button a side, got 2; send_message takes up to nine", err.message)
      err = refused { text = "x", buttons = { { one }, { one } } }
      assert.equal("buttons", err.path)
      err = refused { text = "x", buttons = { { "a", dynamic_action = "vote" } } }
      assert.equal("buttons[1]", err.path)
      assert.matches("opens links only", err.message)
      assert.equal("media_token", refused({ media_token = "x" }).path)
      assert.equal("text", refused({}).path)
      assert.equal("buttons[1].caption",
         refused({ text = "x", buttons = { { caption = 5, direct_link = "https://a" } } }).path)
      assert.equal("buttons[1].icon", refused({ text = "x", buttons = { { "a", server_link = "visit" } } }).path)
      assert.same({}, requests)
   end)

   it("needs all three ids", function()
      local c = client_with "resp.send_message.ok"
      for name in pairs(IDS) do
         local content = with_ids { text = "x" }
         content[name] = nil
         local _, err = c.legacy:send_message(content)
         assert.equal(name, err.path)
      end
   end)

   it("is also a kind of kenar.message.encode", function()
      local message = require "kenar.message"
      assert.same(fixture.value "out.legacy_send_message.text_only",
         json.decode(assert(message.encode("legacy", { text = text }, IDS))))
   end)
end)

describe("client.legacy", function()
   it("registers the old message hook", function()
      local c, requests = client_with({ status = 200, body = "{}" }, { token_header = "x_access_token" })
      local body = fixture.value "out.legacy_notify_post_conversations"
      assert.same({}, c.legacy:notify_post_conversations(body))
      assert.equal(BASE .. "/v1/open-platform/notify/chat/post-conversations", requests[1].url)
      assert.equal("ory_at_1", requests[1].headers["x-access-token"])
      assert.same(body, json.decode(requests[1].body))
      local _, err = c.legacy:notify_post_conversations { post_token = "x", endpoint = "https://a" }
      assert.equal("identification_key", err.path)
   end)

   it("reads the removed list of a conversation's messages", function()
      local c, requests = client_with "resp.legacy_conversation_messages"
      local got = assert(c.legacy:conversation_messages(IDS))
      assert.equal(BASE .. "/v1/open-platform/chat/conversation-messages?user_id=" .. IDS.user_id
         .. "&peer_id=" .. IDS.peer_id .. "&post_token=AZf3Uqr3", requests[1].url)
      assert.equal("سلام", got.messages[1].text)
      assert.equal("BUYER", got.messages[1].side)
      assert.equal(1730120961634000, got.messages[1].sent_at)
   end)
end)
