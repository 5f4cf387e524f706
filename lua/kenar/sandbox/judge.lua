--- A Divar in memory: given a request of a bot's, what Divar would answer, and what it then delivers.
--
-- No I/O and no clock of its own. Whoever runs it hands requests to `answer`, posts what `next_delivery` gives to the
-- bot, and hands the bot's answer to `delivered`. It judges by Divar's documents on its own and never asks the
-- client's encoder; what the documents leave open is in kenar.sandbox.assumptions.

local acts = require "kenar.sandbox.acts"
local assumptions = require "kenar.sandbox.assumptions"
local deliveries = require "kenar.sandbox.deliveries"
local endpoints = require "kenar.sandbox.endpoints"
local faults = require "kenar.sandbox.faults"
local json = require "kenar.json"
local rules = require "kenar.sandbox.rules"
local state = require "kenar.sandbox.state"

local judge = {}

---@class kenar.sandbox.Judge
---@field state table            who and what there is: kenar.sandbox.state
---@field faults table           what is to go wrong: kenar.sandbox.faults
---@field app kenar.sandbox.App
---@field log kenar.sandbox.Exchange[]
local Judge = {}
Judge.__index = Judge

---@class kenar.sandbox.App
---@field api_key string
---@field identification_key string
---@field permissions? table<string, boolean> nil: all of them, as apps in development have
---@field urls { events: string, session: string, action: string } where the bot is

---@class kenar.sandbox.Exchange
---@field direction "to_divar"|"to_bot"
---@field endpoint? string       the client's method, of what came to Divar
---@field event? string          what was delivered: NEW_MESSAGE, session_init, dynamic_action
---@field method string
---@field path string
---@field headers table<string, string> names in lower case
---@field body any               decoded; nil when it is not JSON
---@field bytes string           as it came
---@field conversation_id? string
---@field response? { status: integer, headers: table, body: string } nil when there was none
---@field findings? kenar.sandbox.Finding[] what is wrong with the body
---@field problem? string        what is wrong with the bot's answer
---@field fault? kenar.sandbox.Fault  what struck
---@field seconds? number        how long it took

for _, name in ipairs { "say", "send", "start", "open", "press" } do
   Judge[name] = acts[name]
end

local json_headers = { ["content-type"] = "application/json", ["grpcgateway-content-type"] = "application/grpc" }
local empty_list = setmetatable({}, json.array_mt)

local function response_of(status, body, headers)
   local all = {}
   for _, given in ipairs { json_headers, headers or {} } do
      for name, value in pairs(given) do
         all[name:lower()] = tostring(value)
      end
   end
   if type(body) ~= "string" then
      body = assert(json.encode(body))
   end
   return { status = status, headers = all, body = body }
end

local function refusal(self, name, message, details)
   local row = self.assumed.refusals[name]
   return response_of(row.status, {
      code = row.code, message = message or row.message, details = details or empty_list,
   })
end

local function invalid(self, findings, first)
   local violations = {}
   for _, finding in ipairs(findings) do
      if finding.severity == "error" then
         violations[#violations + 1] = { field = finding.path, description = finding.message }
      end
   end
   local where = first.path == "" and "" or first.path .. ": "
   return refusal(self, "invalid", where .. first.message, {
      { ["@type"] = "type.googleapis.com/google.rpc.BadRequest", fieldViolations = violations },
   })
end

-- The token in either of the two headers that Divar has taken over the years.
local function token_of(headers)
   local authorization = headers.authorization
   return authorization and authorization:match "^[Bb]earer%s+(%S+)%s*$" or headers["x-access-token"],
      authorization ~= nil or headers["x-access-token"] ~= nil
end

local function check_credentials(self, row, headers)
   local key = headers["x-api-key"]
   if not key then
      return nil, "missing_key"
   elseif key ~= self.app.api_key then
      return nil, "wrong_key"
   elseif self.app.permissions and not self.app.permissions[row.permission] then
      return nil, "missing_permission"
   end
   local token, given = token_of(headers)
   if not given then
      return nil, row.token == "required" and "missing_token" or nil
   end
   local grant = token and self.state.tokens[token]
   if not grant then
      return nil, "wrong_token"
   elseif grant.expires_at and self.state.now() >= grant.expires_at then
      return nil, "expired_token"
   end
   return grant
end

local function judged(self, exchange, row, parameters)
   local grant, refused = check_credentials(self, row, exchange.headers)
   if refused then
      return refusal(self, refused)
   end
   local body, err = json.decode(exchange.bytes)
   if err then
      return refusal(self, "invalid", "body is not JSON: " .. (err.message or tostring(err)))
   end
   exchange.body = body
   local findings, first = rules.check(row.body, body, self.assumed.bodies)
   exchange.findings = #findings > 0 and findings or nil
   if first then
      return invalid(self, findings, first)
   end
   local result
   result, refused = row.act {
      state = self.state, parameters = parameters, body = body, grant = grant,
      deliver_message = function(conversation, message)
         self:deliver("events", deliveries.event(self.assumed.deliveries, conversation, message))
      end,
   }
   if not result then
      return refusal(self, refused)
   end
   return response_of(200, result)
end

-- The gRPC code that usually comes with a status, for faults that do not write Divar's body themselves.
local usual_codes = { [400] = 3, [401] = 16, [403] = 7, [404] = 5, [409] = 10, [500] = 13, [503] = 14, [504] = 4 }
local documented = { [412] = "blocked", [429] = "rate_limited" }

local function fault_response(self, fault)
   local body = fault.body
   if not body then
      local row = self.assumed.refusals[documented[fault.status]]
         or { code = usual_codes[fault.status] or 2, message = "the sandbox was told to fail" }
      body = { code = row.code, message = row.message, details = empty_list }
   end
   return response_of(fault.status, body, fault.headers)
end

--- Answer a request that came to Divar.
---@param request { method: string, path: string, query: string?, headers: table<string, string>, body: string? }
---@return { response: table?, delay: number?, failure: { kind: string, sent: string }?, exchange: table } reply
---   `response` is { status, headers, body }; without it the client gets none, and `failure` says what it sees;
---   `delay` are the seconds to wait before. Give `exchange` to `record` when the answer has left.
function Judge:answer(request)
   local path = request.path:match "^[^?]*"
   local exchange = {
      direction = "to_divar", method = request.method, path = path, headers = request.headers,
      bytes = request.body or "",
   }
   local row, parameters = endpoints.find(request.method, path)
   if not row then
      exchange.response = refusal(self, parameters)
      return { response = exchange.response, exchange = exchange }
   end
   exchange.endpoint = row.name
   exchange.conversation_id = parameters.conversation_id
   local fault = self.faults:take(row.name, parameters.conversation_id)
   exchange.fault = fault
   local response
   if fault and fault.status then
      exchange.body = json.decode(exchange.bytes)
      response = fault_response(self, fault)
   elseif not fault or not fault.kind or fault.processed then
      response = judged(self, exchange, row, parameters)
   end
   local failure
   if fault and fault.kind then
      response, failure = nil, { kind = fault.kind, sent = fault.sent }
   end
   exchange.response = response
   return { response = response, failure = failure, delay = fault and fault.delay, exchange = exchange }
end

--- Put an exchange into the log.
---@param exchange kenar.sandbox.Exchange
---@param seconds? number how long it took
function Judge:record(exchange, seconds)
   exchange.seconds = seconds
   self.recorded = self.recorded + 1
   exchange.number = self.recorded
   self.log[#self.log + 1] = exchange
   if self.keep and #self.log > self.keep then
      table.remove(self.log, 1)
   end
   if self.on_exchange then
      self.on_exchange(exchange)
   end
end

--- Queue a delivery.
---@param kind "events"|"session"|"action"
---@param body table
---@param act? kenar.sandbox.Act what led to it
function Judge:deliver(kind, body, act)
   self.queue[#self.queue + 1] = {
      kind = kind, act = act, event = body.type or kind == "session" and "session_init" or "dynamic_action",
      body = body, request = deliveries.request(self.app, self.assumed.deliveries, kind, body),
   }
   if self.on_delivery then
      self.on_delivery()
   end
end

--- The next request to post to the bot.
---@return table? delivery `request` is { method, url, headers, body }
function Judge:next_delivery()
   return table.remove(self.queue, 1)
end

--- What the bot answered to a delivery.
---@param delivery table
---@param response? { status: integer, headers: table, body: string } nil when there was none
---@param err? any why there was none
---@param seconds? number
---@return string? problem what is wrong with the answer
function Judge:delivered(delivery, response, err, seconds)
   local result = deliveries.read(delivery.kind, response, err, self.assumed.bodies)
   local request = delivery.request
   self:record({
      direction = "to_bot", event = delivery.event, method = request.method,
      path = request.url:match "^%a[%w+.-]*://[^/?#]*([^?#]*)", headers = request.headers, body = delivery.body,
      bytes = request.body, response = response, problem = result.problem,
   }, seconds)
   local act = delivery.act
   if act then
      act.seen.url = result.url or act.seen.url
      act.seen.text = result.text or act.seen.text
      if result.action then
         acts.follow(self, act, result.action)
      else
         acts.finish(act, result.problem)
      end
   end
   return result.problem
end

--- Make a Divar with one app.
---@param options { app: kenar.sandbox.App, now: fun(): number, seed: string?, keep: integer?, assumptions: table?,
---   on_delivery: function?, on_exchange: function?, on_message: function? } `now` gives wall seconds; `seed`, eight
---   hex digits, begins every id; `keep` bounds the log and the messages of a conversation; `assumptions` as in
---   kenar.sandbox.assumptions; `on_delivery()` hears that a delivery waits, `on_exchange(exchange)` what was
---   recorded, `on_message(conversation, message)` what was written
---@return kenar.sandbox.Judge
function judge.new(options)
   return setmetatable({
      app = options.app, assumed = assumptions.with(options.assumptions), keep = options.keep,
      state = state.new {
         now = options.now, seed = options.seed, keep = options.keep, on_message = options.on_message,
      },
      faults = faults.new(endpoints.by_name), queue = {}, log = {}, recorded = 0,
      on_delivery = options.on_delivery, on_exchange = options.on_exchange,
   }, Judge)
end

return judge
