--- A Divar in memory: given a request of a bot's, what Divar would answer, and what it then delivers.
--
-- No I/O and no clock of its own. Whoever runs it hands requests to `answer`, posts what `next_delivery` gives to the
-- bot, and hands the bot's answer to `delivered`. It judges by Divar's documents on its own and never asks the
-- client's encoder; what the documents leave open is in kenar.sandbox.assumptions.

local acts = require "kenar.sandbox.acts"
local answers = require "kenar.sandbox.answers"
local app_acts = require "kenar.sandbox.app_acts"
local assumptions = require "kenar.sandbox.assumptions"
local endpoints = require "kenar.sandbox.endpoints"
local faults = require "kenar.sandbox.faults"
local json = require "kenar.json"
local postings = require "kenar.sandbox.postings"
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
---@field slug? string           the OAuth client's id
---@field oauth_secret? string
---@field redirect_uris? string[] as registered in the panel
---@field urls { events: string, session: string, action: string, fallback: string? } where the bot is

---@class kenar.sandbox.Exchange
---@field direction "to_divar"|"to_bot"
---@field endpoint? string       the client's method, of what came to Divar
---@field event? string          what was delivered: NEW_MESSAGE, session_init, dynamic_action, direct_link
---@field method string
---@field path string
---@field query? string
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
for _, name in ipairs { "visit", "direct_link", "consent", "revoke", "pay", "update_post" } do
   Judge[name] = app_acts[name]
end

--- Answer a request that came to Divar.
---@param request { method: string, path: string, query: string?, headers: table<string, string>, body: string?,
---   server: "api"|"oauth"|"upload"|nil } `server`: whose host it came to; nil where one has all
---@return { response: table?, delay: number?, failure: { kind: string, sent: string }?, exchange: table } reply
---   `response` is { status, headers, body }; without it the client gets none, and `failure` says what it sees;
---   `delay` are the seconds to wait before. Give `exchange` to `record` when the answer has left.
function Judge:answer(request)
   local path, query = request.path:match "^([^?]*)%??(.*)$"
   local exchange = {
      direction = "to_divar", method = request.method, path = path,
      query = request.query or query ~= "" and query or nil, headers = request.headers, bytes = request.body or "",
   }
   local row, parameters = endpoints.find(request.method, path, request.server)
   if not row then
      exchange.response = answers.refusal(self.assumed, parameters)
      return { response = exchange.response, exchange = exchange }
   end
   exchange.endpoint = row.name
   exchange.conversation_id = parameters.conversation_id
   local fault = self.faults:take(row.name, parameters.conversation_id)
   exchange.fault = fault
   local response
   if fault and fault.status then
      exchange.body = json.decode(exchange.bytes)
      response = answers.fault(self.assumed, fault)
   elseif not fault or not fault.kind or fault.processed then
      response = row.door(self, exchange, row, parameters)
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
---@param kind kenar.sandbox.posting
---@param body table
---@param act? kenar.sandbox.Act what led to it
---@param to? { url: string, key: string? } where it goes instead of the panel's URL
function Judge:deliver(kind, body, act, to)
   if act then
      act.waiting = act.waiting + 1
   end
   self.queue[#self.queue + 1] = {
      kind = kind, act = act, event = postings.name(kind, body), body = body,
      request = postings.request(self.app, self.assumed.deliveries, kind, body, to),
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
   local request = delivery.request
   local result = postings.read(delivery.kind, request, response, err, self.assumed.bodies)
   self:record({
      direction = "to_bot", event = delivery.event, method = request.method,
      path = request.url:match "^%a[%w+.-]*://[^/?#]*([^?#]*)", headers = request.headers, body = delivery.body,
      bytes = request.body, response = response, problem = result.problem,
   }, seconds)
   local act = delivery.act
   if act then
      act.waiting = act.waiting - 1
      act.problem = act.problem or result.problem
      act.seen.url = result.url or act.seen.url
      act.seen.text = result.text or act.seen.text
      if result.action then
         acts.follow(self, act, result.action)
      else
         acts.finish(act)
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
