--- A Divar in memory: it answers a bot's requests as Divar would, and queues the deliveries that follow.
--
-- It has no I/O and no clock of its own. The caller hands requests to `answer`, posts the requests of `next_delivery`
-- to the bot, and hands the bot's answers to `delivered`. The checks follow Divar's documents and do not use the
-- client's encoder. Cases that the documents leave open are in kenar.sandbox.judge.assumptions.

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
---@field state table            users, posts, conversations...: kenar.sandbox.judge.state
---@field faults table           the fault rules: kenar.sandbox.faults
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
---@field urls { events: string, session: string, action: string, fallback: string? } the bot's

---@class kenar.sandbox.Exchange
---@field direction "to_divar"|"to_bot"
---@field endpoint? string       to Divar: the client's method
---@field event? string          to the bot: NEW_MESSAGE, session_init, dynamic_action, direct_link
---@field method string
---@field path string
---@field query? string
---@field headers table<string, string> names in lower case
---@field body any               decoded; nil when it is not JSON
---@field bytes string           the body as received
---@field conversation_id? string
---@field response? { status: integer, headers: table, body: string } nil when there was none
---@field findings? kenar.sandbox.Finding[] the mistakes in the body
---@field problem? string        the mistake in the bot's answer, in words
---@field fault? kenar.sandbox.Strike  the fault that struck
---@field seconds? number        the duration
---@field at? number             the wall clock when the exchange ended, in seconds
---@field url? string            to the bot: the whole URL
---@field posting? kenar.sandbox.posting
---@field failure? string        the kind of the error if the bot did not answer
---@field sent? string           whether the failed request left: "no", "maybe", "yes"
---@field mistake? string        the mistake in the bot's answer as a code: "not_json", "no_url", "bad_answer"
---@field answer_findings? kenar.sandbox.Finding[] the mistakes in the bot's answer, with their paths
---@field replay_of? integer     the number of the exchange that this one repeats

for _, name in ipairs { "say", "send", "start", "open", "press" } do
   Judge[name] = acts[name]
end
for _, name in ipairs { "visit", "direct_link", "consent", "revoke", "pay", "update_post", "check" } do
   Judge[name] = app_acts[name]
end

-- If a fault sets the clock wrong, the response's date shows it.
local function dated(self, response)
   if response and self.faults.skew ~= 0 then
      return answers.dated(response, self.state.now())
   end
   return response
end

--- Answer a request that came to Divar.
---@param request { method: string, path: string, query: string?, headers: table<string, string>, body: string?,
---   server: "api"|"oauth"|"upload"|nil } `server`: the host that received it; nil if one host serves all three
---@return { response: table?, delay: number?, failure: kenar.sandbox.Failure?, exchange: table } reply `response` is
---   { status, headers, body }. If it is nil, the client gets no response: `failure` has the error that the client
---   sees and how its connection ends. With both, the client gets `failure.cut` bytes of the body. `delay` is the wait
---   before the response, in seconds. Give `exchange` to `record` when the response has left.
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
---@param seconds? number the exchange's duration
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

--- Queue a delivery. A `duplicate` fault queues further copies.
---@param kind kenar.sandbox.posting
---@param body table
---@param act? kenar.sandbox.Act the act that led to it
---@param to? { url: string, key: string? } replaces the panel's URL
function Judge:deliver(kind, body, act, to)
   local event, conversation_id = postings.name(kind, body), postings.conversation(body)
   local fault = self.faults:take(event, conversation_id)
   if fault and fault.kind == "reorder" then
      act = nil -- the delivery waits for a later one, which may need another act of this person
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

--- Queue an earlier delivery again: the same bytes to the same URL.
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

-- Show the bot's answer to the person of the act.
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
---@return table? delivery `request` is { method, url, headers, body }; `fault`, a kenar.sandbox.Strike, is applied by
---   kenar.sandbox.acts.courier
function Judge:next_delivery()
   return self.queue:pop()
end

--- Take the bot's response to a delivery.
---@param delivery table
---@param response? { status: integer, headers: table, body: string } nil if the bot did not respond
---@param err? any the error if the bot did not respond
---@param seconds? number
---@return string? problem the mistake in the response
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

-- The names of calls and deliveries that a fault's `at` may have.
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
---   `assumptions` as in kenar.sandbox.judge.assumptions; `fault_seed` seeds faults with a rate. `on_delivery()` is
---   called when a delivery is queued, `on_exchange(exchange)` when an exchange is recorded, and
---   `on_message(conversation, message)` when a message is written. A bot's message is written each time that its
---   call is carried out.
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
