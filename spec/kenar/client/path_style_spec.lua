-- Servers of before 2025-06 have the bot's chat at other paths: the option path_style.
local edge = require "spec.support.edge"
local kenar = require "kenar"
local testing = require "kenar.testing"

local BASE = "https://open-api.divar.ir"

local function client_with(style)
   local host, requests = edge.host { { status = 200, body = "{}" } }
   return kenar.client { host = host, api_key = "key-1", access_token = "ory_at_1", path_style = style }, requests
end

describe("path_style of a client", function()
   local conversations = {
      current = "/v1/open-platform/chat/bot/conversations/a%3D/messages",
      experimental = "/experimental/open-platform/chat/bot/conversations/a%3D/messages",
      v2 = "/v2/open-platform/chatbot-conversations/a%3D/messages",
   }
   for style, path in pairs(conversations) do
      it(style .. " is the path of a message in the bot's chat", function()
         local c, requests = client_with(style)
         assert(c:send_bot_message("a=", "سلام"))
         assert.same({ "POST", BASE .. path }, { requests[1].method, requests[1].url })
      end)
   end

   it("is the path of a message to a user: current and experimental", function()
      local c, requests = client_with "experimental"
      assert(c:send_bot_message_to_user("6Gqm/U1ettI=", "سلام"))
      assert.equal(BASE .. "/experimental/open-platform/chat/bot/users/6Gqm%2FU1ettI%3D/messages", requests[1].url)
      c, requests = client_with "current"
      assert(c:send_bot_message_to_user("6Gqm/U1ettI=", "سلام"))
      assert.equal(BASE .. "/v1/open-platform/chat/bot/users/6Gqm%2FU1ettI%3D/messages", requests[1].url)
   end)

   it("v2 has no path of a message to a user: nothing is sent", function()
      local c, requests = client_with "v2"
      local result, err = c:send_bot_message_to_user("user", "سلام")
      assert.is_nil(result)
      assert.same({ "invalid", "NO_PATH", "no", false, "send_bot_message_to_user" },
         { err.kind, err.code_name, err.sent, err.retryable, err.endpoint })
      assert.equal('path_style "v2" has no path for send_bot_message_to_user: set "current" or "experimental"',
         err.message)
      assert.same({}, requests)
   end)

   it("is current by default, and leaves every other call where it is", function()
      local c, requests = client_with(nil)
      c:send_bot_message("c", "سلام")
      assert.equal(BASE .. "/v1/open-platform/chat/bot/conversations/c/messages", requests[1].url)
      c, requests = client_with "v2"
      c:send_message("c", "سلام")
      c:get_conversation "c"
      c:create_upload_token()
      assert.equal(BASE .. "/v2/open-platform/conversations/c/messages", requests[1].url)
      assert.equal(BASE .. "/v1/open-platform/chat/conversations/c", requests[2].url)
      assert.equal(BASE .. "/experimental/open-platform/chat/upload", requests[3].url)
   end)

   it("stays with a copy for another user", function()
      local c, requests = client_with "experimental"
      c:as({ access_token = "ory_at_2" }):send_bot_message("c", "سلام")
      assert.equal(BASE .. "/experimental/open-platform/chat/bot/conversations/c/messages", requests[1].url)
   end)

   it("of another value is refused at once, and the error names the possible ones", function()
      for _, make in ipairs { kenar.client, kenar.bot } do
         local ok, problem = pcall(make, { path_style = "v1" })
         assert.is_false(ok)
         assert.matches("path_style: expected one of current, experimental, v2$", problem)
      end
   end)
end)

describe("path_style of a bot", function()
   local function answered_with(style, assumed)
      local bot = kenar.bot { api_key = "key-1", identification_key = "k", path_style = style }
      local caught
      bot:on("chatbot", function(ctx)
         ctx:reply "سلام"
      end)
      bot:catch(function(err)
         caught = err
      end)
      local divar = testing.divar(bot, { assumptions = assumed })
      divar:chatbot {}:say "؟"
      local exchange = divar.requests[1]
      return exchange.path, exchange.response.status, caught
   end

   it("is its client's, and the sandbox answers there", function()
      for style, pattern in pairs {
         current = "^/v1/open%-platform/chat/bot/conversations/",
         experimental = "^/experimental/open%-platform/chat/bot/conversations/",
         v2 = "^/v2/open%-platform/chatbot%-conversations/",
      } do
         local path, status = answered_with(style)
         assert.matches(pattern, path)
         assert.equal(200, status)
      end
   end)

   it("gets 404 if the older paths are gone", function()
      local _, status, err = answered_with("v2", { legacy = { old_bot_paths = false } })
      assert.equal(404, status)
      assert.equal(404, err.status)
   end)
end)
