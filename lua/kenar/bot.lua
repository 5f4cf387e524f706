--- A bot: handlers, and the one function through which every host gives it a request.
--
-- Building one does no I/O and knows no host, so that `kenar run`, nginx and a spec load the same file.

local access = require "kenar.webhook.allow_list"
local addresses = require "kenar.send.address"
local answering = require "kenar.bot.callback"
local background = require "kenar.bot.background"
local clients = require "kenar.client"
local consent = require "kenar.webhook.consent"
local context = require "kenar.bot.context"
local dedup = require "kenar.bot.dedup"
local deliver = require "kenar.send.deliver"
local expect = require "kenar.base.expect"
local handling = require "kenar.bot.dispatch"
local hearing = require "kenar.bot.handlers"
local hosts = require "kenar.host"
local landing = require "kenar.webhook.pages"
local log = require "kenar.telemetry.log"
local metrics = require "kenar.telemetry.metrics"
local reply = require "kenar.webhook.response"
local router = require "kenar.bot.router"
local send_many = require "kenar.send.many"
local sessions = require "kenar.bot.session"
local settings = require "kenar.settings"
local stores = require "kenar.store"
local turns = require "kenar.base.keyed_lock"
local webhook = require "kenar.webhook.request"

---@class kenar.Request
---@field method string
---@field path string
---@field query? string
---@field headers table<string, string> names in lower case
---@field body? string
---@field remote_addr? string
---@field early? table a response that the bot sets before the handler runs: the host sends it if the handler is still
---   running after `EARLY_AFTER` seconds (see kenar.host.contract), and drops the response that comes later
---@field is_answered? boolean whether the host has sent a response
---@field on_wait? fun(request: kenar.Request) of the host of nginx: called before the first wait of a request that has
---   no task
---@field early_thread? thread of the host of nginx: sends `early` for a request that has no task

---@class kenar.Bot : kenar.Hearing
---@field client kenar.Client  once a host is attached
---@field log table            once a host is attached
---@field metrics kenar.Metrics once a host is attached
---@field store kenar.Store    once a host is attached: the bot's part of it
---@field inbox? table         once it is served, where it has one
---@field grants kenar.Grants  attaches the default host where none is
---@field oauth? kenar.OAuth   where app_slug and oauth_secret are set
local Bot = {}
Bot.__name = "kenar.bot"

for name, method in pairs(hearing) do
   Bot[name] = method
end

local function ensure_attached(self)
   if not rawget(self, "host") then
      self:attach(hosts.current())
   end
end

function Bot.__index(self, key)
   if key == "grants" then
      ensure_attached(self)
      return rawget(self, "grants")
   end
   return Bot[key]
end

function Bot:__tostring()
   return "kenar.bot" .. (self.name and " " .. self.name or "")
end

--- Say what becomes of errors; without it they are logged.
---@param fn fun(err: kenar.Error, ctx: kenar.Context)
---@return kenar.Bot
function Bot:catch(fn)
   if type(fn) ~= "function" then
      error("expected a function, got " .. type(fn), 2)
   end
   self._catch = fn
   return self
end

local function open_page(self, page, request)
   local landed = landing.open(self, page, request)
   if not landed.event then
      return nil, landed.response, landed.reason
   end
   local ctx = context.new(self, landed.event, request)
   ctx._granted = landed.grant
   if landed.err then
      handling.report(self, landed.err, ctx)
   end
   local response = answering.answer(self, ctx)
   if landed.cookie then
      response.headers["set-cookie"] = landed.cookie
   end
   return landed.event, response
end

local function take_event(self, request)
   local event, response, reason = webhook.receive(request, self._paths, self._values.identification_key, self._access)
   if not event then
      return nil, response, reason
   end
   local ctx = context.new(self, event, request)
   if reply.is_awaited(event.kind) then
      return event, answering.answer(self, ctx, self._values.budget)
   end
   return event, answering.take(self, ctx)
end

--- Answer one request; every host calls this.
---@param request kenar.Request
---@return { status: integer, headers: table<string, string>, body: string }
function Bot:handle(request)
   ensure_attached(self)
   local clock, is_logged = self.host.clock, self.log:enabled "info"
   local began = is_logged and clock()
   local page = self._pages[request.path]
   local event, response, detail
   if page then
      event, response, detail = open_page(self, page, request)
   else
      event, response, detail = take_event(self, request)
   end
   if event and is_logged then
      self.log:info(detail and "event that came twice" or "event", {
         event = event.kind, type = event.type, conversation = event.conversation_id, status = response.status,
         ms = math.floor((clock() - began) * 1000),
      })
   elseif not event and detail then
      self.log:warn("refused", { method = request.method, path = request.path, status = response.status,
         reason = detail, from = request.remote_addr })
   end
   return response
end

--- Send a message outside of a handler: to a post's conversation in the name of a user who granted that, to a
--- conversation of the bot's own, or to the bot's chat with a user who granted that.
---@param request table `message`; one of `conversation_id`, `bot_conversation_id` and `user_id`; of a conversation also
---   `as` ("SELLER" or "BUYER": for whom to speak), `post_token` and `grant` (a grant's id), which help to find the
---   grant; `timeout` in seconds; `priority`, "bulk" for what nobody waits for
---@return table? result Divar's answer, kenar.Error? err
function Bot:send(request)
   if type(request) ~= "table" then
      error("expected a table with an id and a message, got " .. type(request), 2)
   end
   local address = addresses.of_request(request, 2)
   ensure_attached(self)
   return deliver.send(self, address, request.message, { timeout = request.timeout, priority = request.priority })
end

--- Send notices to many conversations; see kenar.send.many.
---@param rows table[]|kenar.Rows|fun(): table?
---@param options? kenar.SendManyOptions
---@return kenar.SendManyReport? report, kenar.Error? err kind `store`: the journal cannot be had
function Bot:send_many(rows, options)
   ensure_attached(self)
   local report, err = send_many.run(self, rows, options, 2) -- no tail call: a mistake names the caller's line
   return report, err
end

-- The bot's part of its store, apart from what other apps have in the same one.
local function open_store(self, values, host)
   local store, err = stores.open(values.store, host)
   if not store then
      error(tostring(err), 0)
   end
   self.store = stores.namespaced(store, "kenar:" .. (self.name and self.name .. ":" or ""))
   if not values.dedup_ttl then
      self._dedup = nil
   elseif values.store == "memory:" then
      self._dedup = dedup.in_memory()
   else
      self._dedup = dedup.in_store(self.store, values.dedup_ttl)
   end
end

--- Bind the bot to where it runs; whoever serves it does this.
---@param host kenar.Host
---@param overrides? table settings that win over the bot's own options and the environment
---@return kenar.Bot
function Bot:attach(host, overrides)
   local values = settings.resolve(self._options, overrides)
   self.host, self._values = hosts.complete(host), values
   self.metrics = metrics.new { clock = host.clock }
   open_store(self, values, host)
   self.log = log.new {
      secrets = settings.secrets(values), level = values.log_level, format = values.log_format, now = host.now,
      write = host.log, fields = { bot = self.name },
      on_lost = function() self.metrics:add "kenar_log_lines_lost_total" end,
   }
   self.client = clients.of(values, host, self.metrics, self.store.inner, self.log)
   self._turns, self._background = turns.new(host), background.new(host)
   self._access = values.allow_addresses and access.new(values.allow_addresses, values.trusted_proxies)
   consent.attach(self, values, host)
   return self
end

--- Let go of the store's file, where the bot has opened one. A later use opens it again.
function Bot:close()
   local store = self.store and self.store.inner
   if type(self._values.store) == "string" and store and store.close then
      store:close()
   end
end

--- The settings that a served bot needs and that neither options nor the environment give.
---@return string[] names
function Bot:missing()
   local values = self._values or settings.resolve(self._options)
   local names = {}
   if not values.api_key then
      names[#names + 1] = "api_key"
   end
   if #values.identification_key == 0 then
      names[#names + 1] = "identification_key"
   end
   return names
end

--- A setting's value, from the options, the environment or the default; see kenar.settings.
---@param name string
---@return any
function Bot:setting(name)
   return (self._values or settings.resolve(self._options))[name]
end

local bot = {}

local bot_options = { name = true, prefix = true, fallback = true, session = true }
local fallbacks = { url = true, text = true, stale = true }

local function check_bot_options(options)
   settings.check(options, bot_options, 3)
   local prefix = options.prefix
   if prefix ~= nil and (type(prefix) ~= "string" or not prefix:find "^/[%w%-._~/]*$") then
      error("prefix: expected a path that begins with a slash", 3)
   end
   expect.table(options.fallback or {}, "fallback", 3)
   for name, value in pairs(options.fallback or {}) do
      if not fallbacks[name] or type(value) ~= "string" then
         error("fallback: expected url, text and stale, all strings, got " .. tostring(name), 3)
      elseif name == "url" and not reply.is_location(value) then
         error("fallback.url: expected an absolute URL of at most 2048 bytes, got " .. value, 3)
      end
   end
   sessions.check_options(options.session, 3)
end

--- Make a bot. Every option is optional; what is missing is an error when the bot is served.
---@param options? table `name`; `api_key`; `identification_key`, a key or a list of them; `app_slug`, `oauth_secret`
---   and `public_url`, without which users cannot be asked; `store` (default "memory:"), where grants are kept;
---   `prefix`, below which it listens (default "/kenar"); `budget`, the seconds that a user is kept waiting (2);
---   `inbox`, "sqlite:inbox.db" or a table with that as `url`: events are answered when they are in it, and survive a
---   SIGKILL, see kenar.bot.worker; `dedup_ttl`, the seconds for which an event's id is remembered if there is no
---   inbox (86,400; false: not at all); `session` = { ttl =, initial = }: the seconds for which a conversation's
---   session is kept (86,400), and a function that makes a new one; `fallback` = { url =, text =,
---   stale = }, what users get when
---   a handler failed or was late, and the text for who answers an older question; `allow_addresses`, "divar" or a list
---   of addresses and networks that may post to the bot, and `trusted_proxies`, a list of those whose X-Forwarded-For
---   counts: see kenar.webhook.allow_list; `legacy_status`, "string" or "number": how the old replies write it;
---   `send_code_on_refresh`, `legacy_oauth`: see kenar.oauth; and the settings of kenar.client
---@return kenar.Bot
function bot.new(options)
   options = options or {}
   check_bot_options(options)
   local prefix = (options.prefix or "/kenar"):match "^(.*[^/])/*$" or ""
   return setmetatable({
      name = options.name, prefix = prefix, _paths = webhook.paths(prefix),
      _pages = landing.paths(prefix),
      _options = options, _router = router.new(), _fallback = options.fallback or {},
   }, Bot)
end

--- Whether a value is a bot.
---@param value any
---@return boolean
function bot.is(value)
   return getmetatable(value) == Bot
end

return bot
