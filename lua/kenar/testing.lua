--- A Divar for specs: the sandbox's judge and a virtual host, in one process.
--
--    local divar = require("kenar.testing").divar(require "bot")
--    local chat = divar:chatbot {}
--    chat:start("MY_POST", "gZd7omnS")
--    assert.equal("سلام!", chat:last().text)
--    assert.equal("https://shop.example.ir/gZd7omnS", chat:press("دیدن کالا").url)
--
-- Nothing waits and nothing leaves the process: sleeps move a virtual clock, and opening a socket raises. What a
-- handler raises is raised again by the verb that led to it, unless the bot has a `catch` of its own.

local bots = require "kenar.bot"
local errors = require "kenar.error"
local judges = require "kenar.sandbox.judge"
local no_sockets = require "kenar.sandbox.no_sockets"
local people = require "kenar.sandbox.person"
local virtual = require "kenar.host.virtual"

local testing = {}

---@class kenar.testing.Divar
---@field requests kenar.sandbox.Exchange[]   what reached Divar
---@field deliveries kenar.sandbox.Exchange[] what the bot was given, and what it answered
---@field errors table[]     what handlers raised, where the bot has no `catch` of its own
---@field log string[]       the bot's log lines
---@field host table         the virtual host
---@field judge kenar.sandbox.Judge
local Divar = {}
Divar.__index = Divar
Divar.__name = "kenar.testing.divar"

local API = "https://open-api.divar.ir"
local BOT = "https://bot.example.ir"
-- One of the addresses that Divar publishes for its events.
local DIVAR_ADDRESS = "78.111.6.41"
-- Deliveries that one act may lead to: beyond this a bot answers itself.
local MAX_DELIVERIES = 1000
local ACCESS_TOKEN = "testing-access-token"

-- Catches that this file gave to bots, so that a bot can be tested twice.
local our_catches = setmetatable({}, { __mode = "k" })

local function check_options(given, known, what)
   for name in pairs(given) do
      if not known[name] then
         error(("unknown option %q of %s"):format(tostring(name), what), 3)
      end
   end
end

-- Divar's API as the virtual host serves it.
local function serve_api(self, req)
   local reply = self.judge:answer {
      method = req.method, path = req.url:sub(#API + 1), headers = req.headers, body = req.body,
   }
   self.judge:record(reply.exchange, reply.delay or 0)
   if reply.delay then
      self.host.sleep(reply.delay)
   end
   local failure = reply.failure
   if not failure then
      return reply.response
   end
   if failure.kind == "timeout" then
      self.host.sleep(req.timeout or 0)
   end
   return nil, errors.new {
      kind = failure.kind, sent = failure.sent, message = "the sandbox was told to fail: " .. failure.kind,
   }
end

local function deliver(self)
   local delivery = self.judge:next_delivery()
   local request = delivery.request
   local began = self.host.clock()
   local ok, response = pcall(self.bot.handle, self.bot, {
      method = request.method, path = request.url:sub(#BOT + 1), headers = request.headers, body = request.body,
      remote_addr = DIVAR_ADDRESS,
   })
   if not ok then
      self.errors[#self.errors + 1] = response
      response = { status = 500, headers = {}, body = "" }
   end
   self.judge:delivered(delivery, response, nil, self.host.clock() - began)
   self.delivering = self.delivering - 1
end

local function on_delivery(self)
   self.delivered = self.delivered + 1
   if self.delivered <= MAX_DELIVERIES then
      self.delivering = self.delivering + 1
      self.host.spawn(deliver, self)
   end
end

-- Calls `f` and runs until the bot has answered all that it led to. Time passes only where the bot waits for it.
local function settle(self, f)
   self.delivered = 0
   local errors_before = #self.errors
   local ok, err = no_sockets.call(self.host, function()
      f()
      repeat
         self.host:run(function()
            return self.delivering == 0
         end)
         self.host:advance(0)
      until self.delivering == 0
   end)
   if not ok then
      error(err, 0)
   elseif self.delivered > MAX_DELIVERIES then
      error("one act led to more than " .. MAX_DELIVERIES .. " deliveries: does the bot answer its own messages?", 0)
   elseif self.errors[errors_before + 1] ~= nil then
      error(self.errors[errors_before + 1], 0)
   end
end

--- Open the bot's chat; one user has one.
---@param options? { user: string? } the user's name, default "customer"
---@return kenar.testing.Person
function Divar:chatbot(options)
   options = options or {}
   check_options(options, { user = true }, "chatbot")
   local user = self.judge.state:user(options.user or "customer")
   return people.new(self.judge, self.settle, self.judge.state:chatbot(user.id), "USER")
end

--- Open a conversation about a post, between its seller and a buyer. The client's own access token is the seller's.
---@param options? { post_token: string?, buyer: string?, id: string? } `buyer` is a user's name, default "buyer"
---@return { id: string, post_token: string, seller: kenar.testing.Person, buyer: kenar.testing.Person }
function Divar:conversation(options)
   options = options or {}
   check_options(options, { post_token = true, buyer = true, id = true }, "conversation")
   local state = self.judge.state
   local buyer = state:user(options.buyer or "buyer")
   local conversation = state:conversation(options.post_token or "gZd7omnS", buyer.id, options.id)
   return {
      id = conversation.id, post_token = conversation.post_token,
      seller = people.new(self.judge, self.settle, conversation, "SELLER"),
      buyer = people.new(self.judge, self.settle, conversation, "BUYER"),
   }
end

--- Make Divar fail.
---@param fault kenar.sandbox.Fault { at = "send_bot_message", status = 429, times = 1 }
function Divar:fail(fault)
   local rule, message = self.judge.faults:add(fault)
   if not rule then
      error(message, 2)
   end
end

--- Let seconds pass.
---@param seconds number
function Divar:advance(seconds)
   self.settle(function()
      self.host:advance(seconds)
   end)
end

--- Issue an access token.
---@param options { user_id: string, scopes: string[], token: string?, lifetime: number? } `lifetime` in seconds
---@return string token
function Divar:grant(options)
   check_options(options, { user_id = true, scopes = true, token = true, lifetime = true }, "grant")
   local state = self.judge.state
   local token = options.token or "testing-" .. state:next_id()
   state:grant(token, options.user_id, options.scopes, options.lifetime)
   return token
end

local function collect_errors(self)
   local bot = self.bot
   if bot._catch and not our_catches[bot._catch] then
      return
   end
   local function catch(err)
      self.errors[#self.errors + 1] = err
   end
   our_catches[catch] = true
   bot:catch(catch)
end

--- Put a bot before a Divar of its own. Keys, tokens and URLs are the test's, whatever the bot's file and the
--- environment say.
---@param bot kenar.Bot
---@param options? { now: number?, assumptions: table?, settings: table?, permissions: table? } `now` is the wall clock
---   at the start; `assumptions` as in kenar.sandbox.assumptions; `settings` are more settings for the bot
---@return kenar.testing.Divar
function testing.divar(bot, options)
   if not bots.is(bot) then
      error("expected a bot, as kenar.bot and a bot file return it, got " .. type(bot), 2)
   end
   options = options or {}
   check_options(options, { now = true, assumptions = true, settings = true, permissions = true }, "divar")
   local self = setmetatable({
      bot = bot, requests = {}, deliveries = {}, errors = {}, log = {}, delivering = 0, delivered = 0,
   }, Divar)
   self.settle = function(f)
      settle(self, f)
   end
   self.host = virtual.new {
      now = options.now,
      serves = { [API] = function(req) return serve_api(self, req) end },
      on_error = function(err) self.errors[#self.errors + 1] = err end,
      log = function(line) self.log[#self.log + 1] = line end,
   }
   local app = {
      api_key = "testing-api-key", identification_key = "testing-identification-key",
      permissions = options.permissions,
      urls = { events = BOT .. bot.prefix .. "/events", session = BOT .. bot.prefix .. "/session",
         action = BOT .. bot.prefix .. "/action" },
   }
   self.judge = judges.new {
      app = app, now = self.host.now, assumptions = options.assumptions,
      on_delivery = function() on_delivery(self) end,
      on_exchange = function(exchange)
         local list = exchange.direction == "to_divar" and self.requests or self.deliveries
         exchange.status = exchange.response and exchange.response.status
         list[#list + 1] = exchange
      end,
   }
   self.judge.state:grant(ACCESS_TOKEN, self.judge.state:user("seller").id, {
      "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND",
   })
   local settings = {
      api_key = app.api_key, identification_key = app.identification_key, access_token = ACCESS_TOKEN, base_url = API,
      log_level = "debug",
   }
   for name, value in pairs(options.settings or {}) do
      settings[name] = value
   end
   bot:attach(self.host, settings)
   collect_errors(self)
   return self
end

return testing
