--- What becomes of a call whose access token Divar has ended before its time: it answers 401.

local client = require "kenar.client"
local granting = require "spec.support.granting_bot"
local json = require "kenar.json"
local kenar = require "kenar"
local process = require "spec.support.grants_process"
local testing = require "kenar.testing"
local virtual = require "kenar.host.virtual"

local E1 = "/v2/open-platform/conversations/"
local SCOPES = "offline_access CONVERSATION_SEND_MESSAGE.c-1"

local function unauthorized()
   return { status = 401, headers = {}, body = '{"code":16,"message":"access token is expired"}' }
end

describe("a token that Divar refuses before its time", function()
   local subject, edge, bot, ended

   before_each(function()
      subject = granting.new()
      edge, bot = subject.edge, subject.bot
      ended = { ory_at_1 = true }
      function edge.on_call(call)
         return ended[call.token] and unauthorized() or nil
      end
   end)

   after_each(function()
      edge.host:stop()
      assert.equal(0, edge.host:count())
      assert.same({}, edge.errors)
   end)

   local function send(id)
      return bot:send { conversation_id = id or "c-1", message = "سلام" }
   end

   local function calls()
      local list = {}
      for index, call in ipairs(edge.calls) do
         list[index] = call.token .. " " .. call.path
      end
      return list
   end

   it("is renewed once, and the call made once more", function()
      local grant = subject:save(SCOPES)
      assert(send())
      assert.same({ "ory_at_1 " .. E1 .. "c-1/messages", "ory_at_2 " .. E1 .. "c-1/messages" }, calls())
      assert.equal(edge.calls[1].body.message, edge.calls[2].body.message)
      assert.equal(1, #edge.token_requests)
      assert.equal("ory_rt_1", edge.token_requests[1].fields.refresh_token)
      assert.equal("ory_at_2", bot.grants:find({ id = grant.id }).access_token)
   end)

   it("is renewed for a message to a user of the bot's chat and for a subscription as well", function()
      subject:save("offline_access USER_ID CHAT_BOT_USER_MESSAGE_SEND", { user_id = "u-1" })
      assert(bot:send { user_id = "u-1", message = "سلام" })
      ended.ory_at_3 = true
      local grant = subject:save "offline_access USER_POSTS_GET"
      assert(bot.grants:subscribe(grant, "POST_UPDATE"))
      assert.same({
         "ory_at_1 /v1/open-platform/chat/bot/users/u-1/messages",
         "ory_at_2 /v1/open-platform/chat/bot/users/u-1/messages",
         "ory_at_3 /v1/open-platform/events/subscriptions", "ory_at_4 /v1/open-platform/events/subscriptions",
      }, calls())
   end)

   it("keeps the conversation's turn meanwhile: later messages are sent later", function()
      edge.latency = 5
      subject:save(SCOPES)
      local left = {}
      function edge.on_call(call)
         if ended[call.token] then
            return unauthorized()
         end
         left[#left + 1] = call.body.message
      end
      for number = 1, 5 do
         edge.host.spawn(bot.send, bot, { conversation_id = "c-1", message = tostring(number) })
         edge.host:advance(2)
      end
      edge.host:run(function() return #left == 5 end)
      assert.same({ "1", "2", "3", "4", "5" }, left)
      assert.equal(1, #edge.token_requests)
   end)

   it("is renewed once however many calls and processes it was refused to", function()
      edge.latency = 2
      local grant = subject:save(SCOPES)
      local other = process.new(edge, bot.store)
      local tokens = {}
      for number = 1, 20 do
         local renew = (number % 2 == 0 and other or bot.grants):renewal(grant)
         edge.host.spawn(function()
            local token = renew()
            tokens[#tokens + 1] = token
         end)
      end
      edge.host:run(function() return #tokens == 20 end)
      assert.equal(1, #edge.token_requests)
      for number = 1, 20 do
         assert.equal("ory_at_2", tokens[number])
      end
   end)

   it("is replaced by the one that another task has got meanwhile", function()
      local grant = subject:save(SCOPES)
      assert.equal("ory_at_2", process.new(edge, bot.store):renewal(grant)())
      assert.equal("ory_at_2", bot.grants:renewal(grant)())
      assert.equal(1, #edge.token_requests)
   end)

   it("cannot be renewed without offline_access: the refusal is told, and the grant stays", function()
      edge.is_refreshable = false
      local grant = subject:save "CONVERSATION_SEND_MESSAGE.c-1"
      local result, err = send()
      assert.is_nil(result)
      assert.same({ "auth", 401, "no" }, { err.kind, err.status, err.sent })
      assert.equal(1, #edge.calls)
      assert.equal(0, #edge.token_requests)
      assert.truthy(bot.grants:find { id = grant.id })
   end)

   it("is the end of a grant whose refresh token is refused too", function()
      local grant = subject:save(SCOPES)
      edge.refresh_tokens = {}
      local result, err = send()
      assert.is_nil(result)
      assert.same({ "GRANT_EXPIRED", "no" }, { err.code_name, err.sent })
      assert.same({ "offline_access", "CONVERSATION_SEND_MESSAGE.c-1" }, err.scopes)
      assert.equal("NO_GRANT", select(2, bot.grants:find { id = grant.id }).code_name)
   end)

   it("is returned as the refusal it was if Divar's OAuth server does not answer; the grant stays", function()
      subject:save(SCOPES)
      edge.on_token = function() return { status = 500, headers = {}, body = "{}" } end
      local _, err = send()
      assert.equal(401, err.status)
      edge.on_token = nil
      assert(send())
   end)

   it("is not renewed again and again if the new one is refused as well: the cause is another", function()
      edge.on_call = unauthorized
      subject:save(SCOPES)
      for _ = 1, 5 do
         local _, err = send()
         assert.equal(401, err.status)
      end
      assert.equal(1, #edge.token_requests)
      assert.equal(2 + 4, #edge.calls)
      edge.host:advance(301)
      send()
      assert.equal(2, #edge.token_requests)
   end)

   it("is renewed for no other refusal", function()
      subject:save(SCOPES)
      edge.on_call = function() return { status = 403, headers = {}, body = "{}" } end
      assert.equal(403, select(2, send()).status)
      assert.equal(0, #edge.token_requests)
   end)

   it("is not renewed if it is the client's own", function()
      bot = subject:new_bot { access_token = "ory_at_1" }
      assert.equal(401, select(2, send()).status)
      assert.equal(0, #edge.token_requests)
   end)
end)

describe("the option renew of a call", function()
   it("gives another token after a 401, for one more attempt", function()
      local tokens = {}
      local host = virtual.new {
         serves = {
            ["https://open-api.divar.ir"] = function(req)
               tokens[#tokens + 1] = req.headers.authorization
               return { status = #tokens % 2 == 1 and 401 or 200, headers = {}, body = "{}" }
            end,
         },
      }
      local c = client.new { host = host, api_key = "k", access_token = "old" }
      assert(c:send_message("c", "t", { renew = function() return "new" end }))
      assert(c:get_user { renew = function() return "newer" end })
      assert.same({ "Bearer old", "Bearer new", "Bearer old", "Bearer newer" }, tokens)
      assert.equal(401, select(2, c:send_message("c", "t", { renew = function() end })).status)
      assert.error_matches(function() c:send_message("c", "t", { renew = "new" }) end, "renew: expected a function")
   end)
end)

describe("a bot whose tokens Divar ends", function()
   it("goes on speaking", function()
      local bot = kenar.bot {}
      bot:on("post", function(ctx)
         ctx:reply(json.encode { heard = ctx.text })
      end)
      local divar = testing.divar(bot)
      local conversation = divar:conversation {}
      local scopes = { "offline_access", "CONVERSATION_SEND_MESSAGE." .. conversation.id }
      local url
      bot:start("CHAT", function(ctx)
         url = ctx:authorize(scopes)
      end)
      divar:chatbot({ user = "seller" }):start("CHAT", conversation.id)
      divar:consent(url, { user = "seller" })
      conversation.buyer:say "یک"
      divar:expire_tokens()
      conversation.buyer:say "دو"
      assert.equal('{"heard":"دو"}', conversation.buyer:last().text)
      local statuses = {}
      for _, request in ipairs(divar.requests) do
         if request.endpoint == "send_message" then
            statuses[#statuses + 1] = request.status
         end
      end
      assert.same({ 200, 401, 200 }, statuses)
   end)
end)
