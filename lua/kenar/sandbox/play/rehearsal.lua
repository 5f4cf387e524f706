--- A judge and a bot in one process, on a virtual host: requests and deliveries are function calls.

local browsers = require "kenar.sandbox.play.browser"
local couriers = require "kenar.sandbox.acts.courier"
local errors = require "kenar.error"
local judges = require "kenar.sandbox.judge"
local memory = require "kenar.store.memory"
local no_sockets = require "kenar.sandbox.play.no_sockets"
local virtual = require "kenar.host.virtual"

local rehearsal = {}

---@class kenar.sandbox.Rehearsal
---@field bot kenar.Bot
---@field host table
---@field judge kenar.sandbox.Judge
---@field requests kenar.sandbox.Exchange[]
---@field deliveries kenar.sandbox.Exchange[]
---@field errors any[]
---@field log string[]
---@field acting? string the id of the last acting user
local Rehearsal = {}
Rehearsal.__index = Rehearsal

-- The bot's address, and Divar's hosts. Of the last two, the first served everything until 2025-04, the second the
-- consent page until 2024-05.
local BOT = "https://bot.example.ir"
local API = "https://open-api.divar.ir"
local servers = {
   [API] = "api", ["https://oauth.divar.ir"] = "oauth", ["https://chat.divar.ir"] = "upload",
   ["https://api.divar.ir"] = "any", ["https://open-platform-redirect.divar.ir"] = "oauth",
}
-- One of the addresses that Divar publishes for its events, and a customer's.
local DIVAR_ADDRESS, BROWSER_ADDRESS = "78.111.6.41", "5.160.0.1"
-- The most deliveries of one act: with more, a bot answers itself.
local MAX_DELIVERIES = 1000

--- The bot's settings in a rehearsal. They replace those of its file and of the environment.
---@param own? table<string, any> settings that a test chooses itself
---@return table<string, any>
function rehearsal.settings(own)
   local settings = {
      api_key = "testing-api-key", identification_key = "testing-identification-key",
      access_token = "testing-access-token", app_slug = "testing-app", oauth_secret = "testing-oauth-secret",
      base_url = API, oauth_url = "https://oauth.divar.ir", upload_url = "https://chat.divar.ir", public_url = BOT,
      store = "memory:", log_level = "debug",
   }
   for name, value in pairs(own or {}) do
      settings[name] = value
   end
   return settings
end

-- Divar as the virtual host serves it.
local function serve(self, server, req)
   local reply = self.judge:answer {
      method = req.method, path = req.url:match "^%a[%w+.-]*://[^/?#]+(.*)$", headers = req.headers, body = req.body,
      server = server ~= "any" and server or nil,
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

local function ask_bot(self, request)
   local ok, response = pcall(self.bot.handle, self.bot, request)
   if not ok then
      self.errors[#self.errors + 1] = response
      response = { status = 500, headers = {}, body = "" }
   end
   return response
end

local function post(self, request)
   local origin, path, query = request.url:match "^(%a[%w+.-]*://[^/?#]+)([^?#]*)%??(.*)$"
   if origin ~= BOT then
      return nil, "it is not at " .. request.url
   end
   return ask_bot(self, {
      method = request.method, path = path, query = query ~= "" and query or nil, headers = request.headers,
      body = request.body, remote_addr = DIVAR_ADDRESS,
   })
end

local function on_delivery(self)
   self.delivered = self.delivered + 1
   if self.delivered <= MAX_DELIVERIES then
      self.courier:start()
   end
end

local function is_settled(self)
   return self.running + self.courier.running == 0
end

--- Call `f` and run until the bot has answered all deliveries that follow. Time passes only while the bot waits for it.
--- An error of a handler is raised again.
---@param f function
---@param user_id? string the acting user
function Rehearsal:settle(f, user_id)
   self.acting = user_id or self.acting
   self.delivered = 0
   local errors_before = #self.errors
   local ok, err = no_sockets.call(self.host, function()
      f()
      repeat
         self.host:run(function()
            return is_settled(self)
         end)
         self.host:advance(0)
      until is_settled(self)
   end)
   if not ok then
      error(err, 0)
   elseif self.delivered > MAX_DELIVERIES then
      error("one act led to more than " .. MAX_DELIVERIES .. " deliveries: does the bot answer its own messages?", 0)
   elseif self.errors[errors_before + 1] ~= nil then
      error(self.errors[errors_before + 1], 0)
   end
end

--- Replace the running bot by another, as a restart does.
---@param bot kenar.Bot
function Rehearsal:restart(bot)
   self.bot:close()
   self.bot = bot
   bot:attach(self.host, self.settings)
end

-- A proxy before the bot may serve the app's other pages at the same address.
local function is_bots(bot, path)
   local prefix = bot.prefix
   return path:sub(1, #prefix) == prefix and (path:sub(#prefix + 1, #prefix + 1) == "/" or path == prefix)
end

--- Open a URL as a user's browser does, and go on through the bot's pages and Divar's.
---@param url string
---@param user string the user's name
---@param is_denied? boolean whether the user refuses on Divar's page
---@return { url: string, status: integer?, body: string? } seen
function Rehearsal:browse(url, user, is_denied)
   local serves = {
      [BOT] = function(request)
         if not is_bots(self.bot, request.path) then
            return nil
         end
         request.remote_addr = BROWSER_ADDRESS
         return ask_bot(self, request)
      end,
   }
   for origin, server in pairs(servers) do
      serves[origin] = (server == "oauth" or server == "any") and function(request)
         request.server = "oauth"
         local reply = self.judge:answer(request)
         self.judge:record(reply.exchange, 0)
         return reply.response
      end or nil
   end
   local browser = browsers.new { serves = serves, user = user, is_denied = is_denied }
   local ok, seen
   self:settle(function()
      self.running = self.running + 1
      self.host.spawn(function()
         ok, seen = pcall(browser.open, browser, url)
         self.running = self.running - 1
      end)
   end)
   if not ok then
      error(seen, 0)
   end
   return seen
end

-- The app as Divar's panel has it.
local function app_of(bot, settings, permissions)
   local key, below = settings.identification_key, BOT .. bot.prefix
   return {
      api_key = settings.api_key, identification_key = type(key) == "table" and key[1] or key,
      slug = settings.app_slug, oauth_secret = settings.oauth_secret, permissions = permissions,
      redirect_uris = { below .. "/oauth/return" },
      urls = {
         events = below .. "/events", session = below .. "/session", action = below .. "/action",
         fallback = below .. "/fallback",
      },
   }
end

--- Connect a bot with a judge of its own.
---@param bot kenar.Bot
---@param options { now: number?, assumptions: table?, settings: table?, permissions: table?, keep_store: boolean? }
---@return kenar.sandbox.Rehearsal
function rehearsal.new(bot, options)
   local self = setmetatable({
      bot = bot, requests = {}, deliveries = {}, errors = {}, log = {}, running = 0, delivered = 0,
   }, Rehearsal)
   local serves = {}
   for origin, server in pairs(servers) do
      serves[origin] = function(req) return serve(self, server, req) end
   end
   self.host = virtual.new {
      now = options.now, serves = serves,
      on_error = function(err) self.errors[#self.errors + 1] = err end,
      log = function(line) self.log[#self.log + 1] = line end,
   }
   local settings = rehearsal.settings(options.settings)
   if options.keep_store then
      settings.store = memory.new { now = self.host.clock }
   end
   self.settings = settings
   self.judge = judges.new {
      app = app_of(bot, settings, options.permissions), now = self.host.now, assumptions = options.assumptions,
      on_delivery = function() on_delivery(self) end,
      on_exchange = function(exchange)
         local list = exchange.direction == "to_divar" and self.requests or self.deliveries
         exchange.status = exchange.response and exchange.response.status
         list[#list + 1] = exchange
      end,
   }
   self.courier = couriers.new(self.host, self.judge, function(request)
      return post(self, request)
   end)
   local state = self.judge.state
   if settings.access_token ~= "" then
      state:grant(settings.access_token, state:user("seller").id, { "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND" })
   end
   bot:attach(self.host, settings)
   return self
end

return rehearsal
