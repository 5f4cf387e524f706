--- A Divar in memory: given a request of a bot's, what Divar would answer, and what it then delivers.
--
-- No I/O and no clock of its own. Whoever runs it hands requests to `answer`, posts what `next_delivery` gives to the
-- bot, and hands the bot's answer to `delivered`. It judges by Divar's documents on its own and never asks the
-- client's encoder; what the documents leave open is in kenar.sandbox.judge.assumptions.

local acts = require "kenar.sandbox.acts"
local answers = require "kenar.sandbox.judge.answers"
local app_acts = require "kenar.sandbox.acts.app"
local assumptions = require "kenar.sandbox.judge.assumptions"
local endpoints = require "kenar.sandbox.judge.endpoints"
local faults = require "kenar.sandbox.faults"
local postings = require "kenar.sandbox.acts.postings"
local queue = require "kenar.base.queue"
local state = require "kenar.sandbox.judge.state"
local strikes = require "kenar.sandbox.faults.strikes"

local judge = {}

---@class kenar.sandbox.Judge
---@field state table            who and what there is: kenar.sandbox.judge.state
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
---@field fault? kenar.sandbox.Strike  what struck
---@field seconds? number        how long it took
---@field at? number             wall seconds when it ended
---@field url? string            of what was delivered
---@field posting? kenar.sandbox.posting
---@field failure? string        why there was no answer of the bot's: the kind of the error
---@field sent? string           and whether the request left: "no", "maybe", "yes"
---@field mistake? string        what is wrong with the bot's answer: "not_json", "no_url", "bad_answer"
---@field answer_findings? kenar.sandbox.Finding[] and where
---@field replay_of? integer     the number of the exchange that was made again

for _, name in ipairs { "say", "send", "start", "open", "press" } do
   Judge[name] = acts[name]
end
for _, name in ipairs { "visit", "direct_link", "consent", "revoke", "pay", "update_post", "check" } do
   Judge[name] = app_acts[name]
end

-- A server whose clock is wrong says so.
local function dated(self, response)
   if response and self.faults.skew ~= 0 then
      return answers.dated(response, self.state.now())
   end
   return response
end

--- Answer a request that came to Divar.
---@param request { method: string, path: string, query: string?, headers: table<string, string>, body: string?,
---   server: "api"|"oauth"|"upload"|nil } `server`: whose host it came to; nil where one has all
---@return { response: table?, delay: number?, failure: kenar.sandbox.Failure?, exchange: table } reply `response` is
---   { status, headers, body }; without it the client gets none, and `failure` says what it sees and how its
---   connection ends; with both it gets `failure.cut` bytes of the body; `delay` are the seconds to wait before. Give
---   `exchange` to `record` when the answer has left.
function Judge:answer(request)
   local path, query = request.path:match "^([^?]*)%??(.*)$"
   local exchange = {
      direction = "to_divar", method = request.method, path = path,
      query = request.query or query ~= "" and query or nil, headers = request.headers, bytes = request.body or "",
   }
   local row, parameters = endpoints.find(request.method, path, {
      server = request.server, old_bot_paths = self.assumed.legacy.old_bot_paths,
   })
   if not row then
      exchange.response = dated(self, answers.refusal(self.assumed, parameters))
      return { response = exchange.response, exchange = exchange }
   end
   exchange.endpoint = row.name
   exchange.conversation_id = parameters.conversation_id
   local fault = self.faults:take(row.name, parameters.conversation_id)
   exchange.fault = fault
   local response, failure
   if fault then
      response, failure = strikes.answer(self, fault, exchange, function()
         return row.door(self, exchange, row, parameters)
      end)
   else
      response = row.door(self, exchange, row, parameters)
   end
   response = dated(self, response)
   exchange.response = response
   return { response = response, failure = failure, delay = fault and fault.delay, exchange = exchange }
end

--- Put an exchange into the log.
---@param exchange kenar.sandbox.Exchange
---@param seconds? number how long it took
function Judge:record(exchange, seconds)
   exchange.seconds, exchange.at = seconds, self.now()
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

--- Queue a delivery; twice, where a fault says so.
---@param kind kenar.sandbox.posting
---@param body table
---@param act? kenar.sandbox.Act what led to it
---@param to? { url: string, key: string? } where it goes instead of the panel's URL
function Judge:deliver(kind, body, act, to)
   local event, conversation_id = postings.name(kind, body), postings.conversation(body)
   local fault = self.faults:take(event, conversation_id)
   if fault and fault.kind == "reorder" then
      act = nil -- it may take until the person has acted again
   end
   for copy = 0, fault and fault.copies or 0 do
      if act then
         act.waiting = act.waiting + 1
      end
      self.queue:push {
         kind = kind, act = act, event = event, body = body, conversation_id = conversation_id, fault = fault,
         is_copy = copy > 0, request = postings.request(self.app, self.assumed.deliveries, kind, body, to),
      }
      if self.on_delivery then
         self.on_delivery()
      end
   end
end

--- Queue what the bot was given before, byte by byte, to where it went then.
---@param exchange kenar.sandbox.Exchange to_bot
---@return kenar.sandbox.Act act done once the bot has answered
function Judge:deliver_again(exchange)
   local act = acts.new "replay"
   act.conversation_id, act.waiting = exchange.conversation_id, 1
   self.queue:push {
      kind = exchange.posting, act = act, event = exchange.event, body = exchange.body,
      conversation_id = exchange.conversation_id, replay_of = exchange.number, is_copy = true,
      request = { method = exchange.method, url = exchange.url, headers = exchange.headers, body = exchange.bytes },
   }
   if self.on_delivery then
      self.on_delivery()
   end
   return act
end

-- What the person who acted sees of an answer.
local function show(self, act, result)
   act.problem = act.problem or result.problem
   act.seen.url = result.url or act.seen.url
   act.seen.text = result.text or act.seen.text
   if result.action then
      acts.follow(self, act, result.action)
   else
      acts.finish(act)
   end
end

--- The next request to post to the bot.
---@return table? delivery `request` is { method, url, headers, body }; `fault`, a kenar.sandbox.Strike, says what is to
---   go wrong on the way: kenar.sandbox.acts.courier sees to that
function Judge:next_delivery()
   return self.queue:pop()
end

--- What the bot answered to a delivery.
---@param delivery table
---@param response? { status: integer, headers: table, body: string } nil when there was none
---@param err? any why there was none
---@param seconds? number
---@return string? problem what is wrong with the answer
function Judge:delivered(delivery, response, err, seconds)
   local request, fault = delivery.request, delivery.fault
   local is_dropped = fault and fault.kind == "drop"
   local result = is_dropped and {} or postings.read(delivery.kind, request, response, err, self.assumed.bodies)
   local path, query = request.url:match "^%a[%w+.-]*://[^/?#]*([^?#]*)%??([^#]*)"
   local why = type(err) == "table" and err or {}
   self:record({
      direction = "to_bot", event = delivery.event, method = request.method, url = request.url, path = path,
      query = query ~= "" and query or nil, headers = request.headers, body = delivery.body, bytes = request.body,
      response = response, problem = result.problem, mistake = result.mistake, answer_findings = result.findings,
      failure = why.kind, sent = why.sent, fault = fault, conversation_id = delivery.conversation_id,
      posting = delivery.kind, replay_of = delivery.replay_of,
   }, seconds)
   local act = delivery.act
   if act then
      act.exchanges[#act.exchanges + 1] = self.recorded
      act.waiting = act.waiting - 1
      show(self, act, delivery.is_copy and {} or result)
   end
   return result.problem
end

-- Calls and deliveries, as faults name them.
local function places()
   local all = {}
   for name in pairs(endpoints.by_name) do
      all[name] = "call"
   end
   for name, group in pairs(postings.groups) do
      all[name] = group
   end
   return all
end

--- Make a Divar with one app.
---@param options { app: kenar.sandbox.App, now: fun(): number, seed: string?, keep: integer?, assumptions: table?,
---   fault_seed: integer?, on_delivery: function?, on_exchange: function?, on_message: function? } `now` gives wall
---   seconds; `seed`, eight hex digits, begins every id; `keep` bounds the log and the messages of a conversation;
---   `assumptions` as in kenar.sandbox.judge.assumptions; `fault_seed` is that of faults with a rate; `on_delivery()`
---   hears
---   that a delivery waits, `on_exchange(exchange)` what was recorded, `on_message(conversation, message)` what was
---   written, a message of the bot's once each time that it was carried out, in that order
---@return kenar.sandbox.Judge
function judge.new(options)
   local list = faults.new(places(), options.fault_seed)
   local function now()
      return options.now() + list.skew
   end
   return setmetatable({
      app = options.app, now = options.now, assumed = assumptions.with(options.assumptions), keep = options.keep,
      state = state.new {
         now = now, seed = options.seed, keep = options.keep, on_message = options.on_message,
      },
      faults = list, queue = queue.new(), log = {}, recorded = 0,
      on_delivery = options.on_delivery, on_exchange = options.on_exchange,
   }, Judge)
end

return judge
