--- The sandbox's own API, below /sandbox/: what people do there, what is to go wrong, what happened.
--
-- JSON in and out; one row a call. A mistake of the caller's is answered 400 with { error = }.

local core = require "kenar.core"
local json = require "kenar.json"
local states = require "kenar.sandbox.state"
local tokens = require "kenar.sandbox.tokens"

local control = {}

local function list(values)
   return setmetatable(values, json.array_mt)
end

-- Bytes that came from outside need not be text.
local function text_of(bytes)
   if bytes == nil or core.utf8_valid(bytes) then
      return bytes
   end
   return "base64:" .. core.base64_encode(bytes)
end

local secret = {
   authorization = true, ["x-api-key"] = true, ["x-access-token"] = true, cookie = true, ["set-cookie"] = true,
   location = true,
}
-- What passes here holds codes, secrets and tokens.
local secret_calls = {
   oauth_decision = true, oauth_token = true, legacy_oauth_token = true, create_upload_token = true,
}

local function headers_of(headers)
   local shown = {}
   for name, value in pairs(headers or {}) do
      shown[text_of(name)] = secret[name] and "***" or text_of(tostring(value))
   end
   return shown
end

local function exchange_of(exchange)
   local response, is_secret = exchange.response, secret_calls[exchange.endpoint]
   return {
      number = exchange.number, direction = exchange.direction, endpoint = exchange.endpoint, event = exchange.event,
      method = exchange.method, path = text_of(exchange.path), headers = headers_of(exchange.headers),
      body = is_secret and "***" or text_of(exchange.bytes), conversation_id = text_of(exchange.conversation_id),
      findings = exchange.findings and list(exchange.findings), problem = text_of(exchange.problem),
      seconds = exchange.seconds, fault = exchange.fault and true or nil,
      response = response and {
         status = response.status, headers = headers_of(response.headers),
         body = is_secret and "***" or text_of(response.body),
      },
   }
end

local function conversation_of(conversation)
   return {
      id = conversation.id, type = conversation.type, post_token = conversation.post_token,
      members = conversation.members, blocked = conversation.blocked, messages = list(conversation.messages),
   }
end

local function state_of(sandbox)
   local state = sandbox.judge.state
   local conversations = {}
   for i, id in ipairs(state.order) do
      conversations[i] = conversation_of(state.conversations[id])
   end
   return { users = state.users, posts = state.posts, conversations = list(conversations),
      urls = sandbox.judge.app.urls }
end

-- Which arguments each act takes from the body, in their order.
local arguments = {
   say = { "conversation_id", "side", "text" },
   send = { "conversation_id", "side", "kind", "content" },
   start = { "conversation_id", "touch_point", "id" },
   open = { "conversation_id", "side", "source" },
   press = { "conversation_id", "side", "which" },
   visit = { "user", "source", "post_token" },
   direct_link = { "post_token" },
   consent = { "user", "url", "deny" },
   revoke = { "user" },
   pay = { "transaction", "metadata" },
   update_post = { "post_token", "change", "fields" },
}

local function perform(sandbox, body)
   local names = arguments[body.act]
   if not names then
      return nil, "act is say, send, start, open, press, visit, direct_link, consent, revoke, pay or update_post"
   end
   local values = {}
   for i, name in ipairs(names) do
      local value = body[name]
      if value == json.null then
         value = nil
      end
      values[i] = value
   end
   local act, problem = sandbox:perform(body.act, values[1], values[2], values[3], values[4])
   if not act then
      return nil, problem
   end
   local conversation = act.conversation_id and sandbox.judge.state.conversations[act.conversation_id]
   return {
      problem = text_of(act.problem), seen = act.seen, conversation = conversation and conversation_of(conversation),
   }
end

local function log_of(sandbox, query)
   local after = tonumber((query or ""):match "after=(%d+)") or 0
   local shown = {}
   for _, exchange in ipairs(sandbox.judge.log) do
      if exchange.number > after then
         shown[#shown + 1] = exchange_of(exchange)
      end
   end
   return { exchanges = list(shown) }
end

local function text_in(body, key, default)
   local value = body[key]
   return type(value) == "string" and value ~= "" and value or default
end

-- The user whom the body names; nil and why not.
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
      return user and conversation_of(sandbox.judge.state:chatbot(user.id)), problem
   end,
   ["POST /sandbox/conversations"] = function(sandbox, body)
      local buyer, problem = user_in(sandbox, body, "buyer")
      if not buyer then
         return nil, problem
      end
      return conversation_of(sandbox.judge.state:conversation(text_in(body, "post_token", "gZd7omnS"), buyer.id))
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
      return {}
   end,
   ["POST /sandbox/acts"] = perform,
   ["POST /sandbox/faults"] = function(sandbox, body)
      if body.kind then
         return nil, "over HTTP a fault has a status or a delay"
      end
      local rule, message = sandbox.judge.faults:add(body)
      return rule and {}, message
   end,
   ["DELETE /sandbox/faults"] = function(sandbox)
      sandbox.judge.faults:clear()
      return {}
   end,
   ["GET /sandbox/log"] = function(sandbox, _, query)
      return log_of(sandbox, query)
   end,
}

local function response(status, value)
   return { status = status, headers = { ["content-type"] = "application/json" }, body = assert(json.encode(value)) }
end

-- A page elsewhere could make a browser come here under another name (DNS rebinding).
local function is_local(host)
   local name = host and (host:match "^(%[[%x:]+%])" or host:match "^([^:]+)")
   return name == "127.0.0.1" or name == "localhost" or name == "[::1]"
end

--- Answer a request below /sandbox/.
---@param sandbox kenar.sandbox.Server
---@param request { method: string, path: string, query: string?, headers: table<string, string>, body: string? }
---@return { status: integer, headers: table, body: string }
function control.answer(sandbox, request)
   if not is_local(request.headers.host) then
      return response(403, { error = "only under the names 127.0.0.1, [::1] and localhost" })
   end
   local call = calls[request.method .. " " .. request.path]
   if not call then
      return response(404, { error = "there is no " .. text_of(request.method .. " " .. request.path) })
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
