--- The calls of the sandbox's API that only its page needs: one row per call, as in
--- kenar.sandbox.server.control.

local saved = require "kenar.sandbox.judge.saved"
local shown = require "kenar.sandbox.server.shown"

local page_calls = {}

-- The exchange with this number; nil and the mistake.
local function exchange_of(sandbox, number)
   for _, exchange in ipairs(sandbox.judge.log) do
      if exchange.number == number then
         return exchange
      end
   end
   return nil, ("there is no exchange %s any more"):format(tostring(number))
end

local function conversation_in(sandbox, body)
   local conversation = sandbox.judge.state.conversations[body.conversation_id]
   if not conversation then
      return nil, "there is no such conversation"
   end
   return conversation
end

page_calls.rows = {
   ["GET /sandbox/exchange"] = function(sandbox, _, query)
      local exchange, problem = exchange_of(sandbox, tonumber((query or ""):match "^number=(%d+)$"))
      return exchange and shown.exchange(exchange), problem
   end,
   ["POST /sandbox/replay"] = function(sandbox, body)
      local exchange, problem = exchange_of(sandbox, body.number)
      if not exchange then
         return nil, problem
      end
      local number
      number, problem = sandbox:replay(exchange)
      return number and { number = number }, problem
   end,
   ["POST /sandbox/hearing"] = function(sandbox, body)
      if type(body.post_token) ~= "string" or type(body.is_heard) ~= "boolean" then
         return nil, "post_token is a string, is_heard true or false"
      end
      sandbox:hear(body.post_token, body.is_heard)
      return {}
   end,
   ["POST /sandbox/blocking"] = function(sandbox, body)
      local conversation, problem = conversation_in(sandbox, body)
      if not conversation then
         return nil, problem
      end
      conversation.blocked = body.is_blocked == true
      sandbox.watch:conversation(conversation)
      return {}
   end,
   ["POST /sandbox/urls"] = function(sandbox, body)
      return sandbox:set_urls(body)
   end,
   ["GET /sandbox/saved"] = function(sandbox)
      return saved.take(sandbox.judge)
   end,
   ["POST /sandbox/saved"] = function(sandbox, body)
      return sandbox:load(body)
   end,
}

return page_calls
