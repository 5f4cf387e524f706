--- The sandbox's own API below /sandbox/: acts of people, faults, and the log.
--
-- Requests and responses are JSON; one row per call. A caller's mistake is answered 400 with { error = }.

local act_arguments = require "kenar.sandbox.acts.arguments"
local core = require "kenar.core"
local json = require "kenar.json"
local page_calls = require "kenar.sandbox.server.page_calls"
local shown = require "kenar.sandbox.server.shown"
local states = require "kenar.sandbox.judge.state"
local tokens = require "kenar.sandbox.judge.tokens"
local visitors = require "kenar.sandbox.server.visitors"

local control = {}

local function state_of(sandbox)
   local judge = sandbox.judge
   local state, conversations = judge.state, {}
   for i, id in ipairs(state.order) do
      conversations[i] = shown.conversation(judge, state.conversations[id])
   end
   sandbox.watch:everything_told()
   return {
      boot = sandbox.boot, users = shown.users(state), posts = state.posts, conversations = shown.list(conversations),
      urls = judge.app.urls, app = shown.app(sandbox), faults = shown.faults(judge).faults,
   }
end

local function perform(sandbox, body)
   local values, wrong = act_arguments.read(body)
   if not values then
      return nil, wrong
   end
   local act, problem = sandbox:perform(body.act, values[1], values[2], values[3], values[4])
   if not act then
      return nil, problem
   end
   local conversation = act.conversation_id and sandbox.judge.state.conversations[act.conversation_id]
   return {
      problem = shown.text(act.problem), seen = act.seen, exchanges = shown.list(act.exchanges),
      conversation = conversation and shown.conversation(sandbox.judge, conversation, body.brief == true),
   }
end

local function log_of(sandbox, query)
   local after = tonumber((query or ""):match "after=(%d+)") or 0
   local show = (query or ""):find "brief=1" and shown.brief or shown.exchange
   local found = {}
   for _, exchange in ipairs(sandbox.judge.log) do
      if exchange.number > after then
         found[#found + 1] = show(exchange)
      end
   end
   return { exchanges = shown.list(found) }
end

-- The response to a call that opens a conversation.
local function opened(sandbox, conversation)
   sandbox.watch:conversation(conversation)
   return shown.conversation(sandbox.judge, conversation)
end

local function text_in(body, key, default)
   local value = body[key]
   return type(value) == "string" and value ~= "" and value or default
end

-- The user that the body names; nil and the mistake.
local function user_in(sandbox, body, key)
   local name = text_in(body, key, key == "user" and "customer" or key)
   if #name > states.MAX_NAME then
      return nil, ("%s: a name has at most %d bytes"):format(key, states.MAX_NAME)
   end
   return sandbox.judge.state:user(name)
end

local calls = {
   ["GET /sandbox/state"] = function(sandbox)
      return state_of(sandbox)
   end,
   ["POST /sandbox/chatbots"] = function(sandbox, body)
      local user, problem = user_in(sandbox, body, "user")
      return user and opened(sandbox, sandbox.judge.state:chatbot(user.id)), problem
   end,
   ["POST /sandbox/conversations"] = function(sandbox, body)
      local buyer, problem = user_in(sandbox, body, "buyer")
      if not buyer then
         return nil, problem
      end
      return opened(sandbox, sandbox.judge.state:conversation(text_in(body, "post_token", "gZd7omnS"), buyer.id))
   end,
   ["GET /sandbox/conversations"] = function(sandbox, _, query)
      local id = (query or ""):match "^id=([^&]+)$"
      local conversation = id and sandbox.judge.state.conversations[core.percent_decode(id)]
      if not conversation then
         return nil, "there is no conversation with " .. shown.text(query or "no id")
      end
      return shown.conversation(sandbox.judge, conversation)
   end,
   ["POST /sandbox/posts"] = function(sandbox, body)
      local seller, problem = user_in(sandbox, body, "seller")
      if not seller then
         return nil, problem
      end
      return sandbox.judge.state:post(text_in(body, "post_token", "gZd7omnS"), {
         seller = seller.name, title = text_in(body, "title"), category = text_in(body, "category"),
         test = body.test ~= false,
      })
   end,
   ["POST /sandbox/tokens/expire"] = function(sandbox)
      tokens.expire(sandbox.judge.state)
      sandbox.watch:hearing()
      return {}
   end,
   ["POST /sandbox/acts"] = perform,
   ["POST /sandbox/faults"] = function(sandbox, body)
      local id, problem = sandbox:fail(body)
      sandbox.watch:faults()
      return id and { id = id }, problem
   end,
   ["DELETE /sandbox/faults"] = function(sandbox, _, query)
      local id = (query or ""):match "^id=(%d+)$"
      if query and not id or not sandbox.judge.faults:clear(tonumber(id)) then
         return nil, "there is no fault with " .. shown.text(query or "no id")
      end
      sandbox.watch:faults()
      return {}
   end,
   ["GET /sandbox/faults"] = function(sandbox)
      return shown.faults(sandbox.judge)
   end,
   ["GET /sandbox/log"] = function(sandbox, _, query)
      return log_of(sandbox, query)
   end,
}

for name, call in pairs(page_calls.rows) do
   calls[name] = call
end

local HEADERS = {
   ["content-type"] = "application/json", ["cache-control"] = "no-store", ["x-content-type-options"] = "nosniff",
   ["cross-origin-resource-policy"] = "same-origin",
}

local function response(status, value)
   return { status = status, headers = HEADERS, body = assert(json.encode(value)) }
end

--- Answer a request below /sandbox/.
---@param sandbox kenar.sandbox.Server
---@param request { method: string, path: string, query: string?, headers: table<string, string>, body: string? }
---@return { status: integer, headers: table, body: string?, stream: function? }
function control.answer(sandbox, request)
   local refused = visitors.check_site(request.headers)
   if refused then
      return response(403, { error = refused })
   end
   if request.method == "GET" and request.path == "/sandbox/feed" then
      return sandbox.feed:answer()
   end
   local call = calls[request.method .. " " .. request.path]
   if not call then
      return response(404, { error = "there is no " .. shown.text(request.method .. " " .. request.path) })
   end
   local body = {}
   if request.method == "POST" then
      local err
      body, err = json.decode(request.body or "")
      if type(body) ~= "table" then
         return response(400, { error = "the body is not a JSON object" .. (err and ": " .. err.message or "") })
      end
   end
   local result, problem = call(sandbox, body, request.query)
   if not result then
      return response(400, { error = problem })
   end
   return response(200, result)
end

return control
