--- Divar's API: checks the key, the permission, the token and the body before an endpoint acts.

local answers = require "kenar.sandbox.judge.answers"
local core = require "kenar.core"
local form = require "kenar.sandbox.judge.form"
local json = require "kenar.json"
local notices = require "kenar.sandbox.acts.notices"
local rules = require "kenar.sandbox.judge.rules"
local tokens = require "kenar.sandbox.judge.tokens"

local api = {}

-- The token from `authorization` or from `x-access-token`, the older header.
local function token_of(headers)
   local authorization = headers.authorization
   return authorization and authorization:match "^[Bb]earer%s+(%S+)%s*$" or headers["x-access-token"],
      authorization ~= nil or headers["x-access-token"] ~= nil
end

--- Expire the token of a call now, if it has a lifetime.
---@param judge kenar.sandbox.Judge
---@param headers table<string, string>
function api.expire_token(judge, headers)
   local given = token_of(headers)
   local token = given and judge.state.tokens[given]
   if token and token.expires_at then
      token.expires_at = math.min(token.expires_at, judge.state.now())
   end
end

local function check_key(judge, row, headers)
   local key = headers["x-api-key"]
   if not key then
      return "missing_key"
   elseif not core.equal(key, judge.app.api_key) then
      return "wrong_key"
   elseif judge.app.permissions and row.permission and not judge.app.permissions[row.permission] then
      return "missing_permission"
   end
end

local function check_token(judge, row, headers)
   local given_token, is_given = token_of(headers)
   if row.token == "none" then
      return nil
   elseif not is_given then
      return nil, row.token == "required" and "missing_token" or nil
   end
   local token = given_token and judge.state.tokens[given_token]
   if not token then
      return nil, "wrong_token"
   elseif token.revoked then
      return nil, "revoked_token"
   elseif not tokens.is_live(judge.state, token) then
      return nil, "expired_token"
   end
   return token
end

-- The decoded body, or the response that refuses it.
local function read_body(judge, exchange, row)
   if not row.body or exchange.bytes == "" and row.body == rules.nothing then
      return nil
   end
   local body, err = json.decode(exchange.bytes)
   if err then
      return nil, answers.refusal(judge.assumed, "invalid", "body is not JSON: " .. (err.message or tostring(err)))
   end
   exchange.body = body
   local findings, first = rules.check(row.body, body, judge.assumed.bodies)
   exchange.findings = #findings > 0 and findings or nil
   if first then
      return nil, answers.invalid(judge.assumed, findings, first)
   end
   return body
end

-- A string that is not empty: protobuf's JSON treats null and "" as absent.
local function text(value)
   return type(value) == "string" and value ~= "" and value or nil
end

local function object(value)
   return type(value) == "table" and value or nil
end

--- Answer a call.
---@param judge kenar.sandbox.Judge
---@param exchange kenar.sandbox.Exchange
---@param row kenar.sandbox.Endpoint
---@param parameters table<string, string>
---@return { status: integer, headers: table, body: string }
function api.answer(judge, exchange, row, parameters)
   local assumed = judge.assumed
   if row.is_legacy and assumed.legacy.endpoints == "gone" then
      return answers.refusal(assumed, "unknown_path")
   end
   local refused = check_key(judge, row, exchange.headers)
   local token
   if not refused then
      token, refused = check_token(judge, row, exchange.headers)
   end
   if refused then
      return answers.refusal(assumed, refused)
   end
   local body, response = read_body(judge, exchange, row)
   if response then
      return response
   end
   local query, problem = form.read(exchange.query)
   if not query then
      return answers.refusal(assumed, "invalid", "query: " .. problem)
   end
   local result
   result, refused = row.act {
      state = judge.state, assumed = assumed, parameters = parameters, query = query, body = body, grant = token,
      text = text, object = object,
      tell_of_message = function(conversation, message)
         notices.message(judge, conversation, message)
      end,
   }
   if not result then
      return answers.refusal(assumed, refused)
   end
   return answers.result(result)
end

return api
