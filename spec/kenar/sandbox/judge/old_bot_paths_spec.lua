-- Four of Divar's own SDKs and some apps still write to the paths that the bot's chat had until 2025-06.
local judged = require "spec.support.judged"

local TO_CONVERSATION = {
   "/experimental/open-platform/chat/bot/conversations/%s/messages",
   "/experimental/open-platform/chatbot-conversations/%s/messages",
   "/v2/open-platform/chatbot-conversations/%s/messages",
}
local TO_USER = "/experimental/open-platform/chat/bot/users/%s/messages"

describe("the bot's older paths in the sandbox", function()
   local divar, chat

   local function start(changes, app)
      divar = judged.new(changes, app)
      chat = divar.state:chatbot(divar.buyer.id)
   end

   local function encoded(id)
      return (id:gsub("[^%w]", function(char)
         return ("%%%02X"):format(char:byte())
      end))
   end

   local function to_user(token, user)
      return divar:call {
         "POST", TO_USER:format(encoded((user or divar.buyer).id)), token = token, body = { text_message = "سلام" },
      }
   end

   before_each(function()
      start()
   end)

   it("take a message of a conversation as the current one does, with the key alone", function()
      for index, path in ipairs(TO_CONVERSATION) do
         local status, body = divar:call { "POST", path:format(chat.id), body = { text_message = "سلام" } }
         assert.equal(200, status, path)
         assert.same({ conversation_id = chat.id }, body)
         assert.equal(index, #chat.messages)
      end
      assert.equal("send_bot_message", divar.judge.log[1].endpoint)
   end)

   it("take a message to a user with that user's token", function()
      local status, body = to_user(divar:token(divar.buyer, "CHAT_BOT_USER_MESSAGE_SEND"))
      assert.equal(200, status)
      assert.same({ conversation_id = chat.id }, body)
      assert.equal("سلام", chat.messages[1].text)
      assert.equal("send_bot_message_to_user", divar.judge.log[1].endpoint)
      assert.equal(401, (to_user()))
      assert.equal(403, (to_user(divar:token(divar.buyer, "USER_ID"))))
      assert.equal(403, (to_user(divar:token(divar.seller, "CHAT_BOT_USER_MESSAGE_SEND"))))
   end)

   it("judge key, permission, body and method as the current ones do", function()
      for _, path in ipairs(TO_CONVERSATION) do
         path = path:format(chat.id)
         assert.equal(401, (divar:call { "POST", path, headers = { ["x-api-key"] = false },
            body = { text_message = "سلام" } }))
         assert.equal(400, (divar:call { "POST", path, body = { message = "سلام" } }))
         assert.equal(405, (divar:call { "GET", path }))
      end
      start(nil, { permissions = { CHAT_SEND_MESSAGE_OAUTH = true } })
      for _, path in ipairs(TO_CONVERSATION) do
         assert.equal(403, (divar:call { "POST", path:format(chat.id), body = { text_message = "سلام" } }))
      end
   end)

   it("fail where a fault is set for the call, whatever its path", function()
      divar.judge.faults:add { at = "send_bot_message", status = 429, times = 1 }
      assert.equal(429, (divar:call { "POST", TO_CONVERSATION[3]:format(chat.id), body = { text_message = "سلام" } }))
   end)

   it("can be gone, which leaves the current ones", function()
      start { legacy = { old_bot_paths = false } }
      for _, path in ipairs(TO_CONVERSATION) do
         local status, body = divar:call { "POST", path:format(chat.id), body = { text_message = "سلام" } }
         assert.same({ 404, 5 }, { status, body.code })
         assert.equal(404, (divar:call { "GET", path:format(chat.id) }))
      end
      assert.equal(404, (to_user(divar:token(divar.buyer, "CHAT_BOT_USER_MESSAGE_SEND"))))
      assert.equal(200, (divar:call { "POST", "/v1/open-platform/chat/bot/conversations/" .. chat.id .. "/messages",
         body = { text_message = "سلام" } }))
   end)

   it("stand apart from the older endpoints' assumption", function()
      start { legacy = { endpoints = "gone" } }
      assert.equal(200, (divar:call { "POST", TO_CONVERSATION[1]:format(chat.id), body = { text_message = "سلام" } }))
   end)
end)
