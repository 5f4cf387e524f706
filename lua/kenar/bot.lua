--- A bot: handlers, and the function `handle`, to which every host passes its requests.
--
-- Building a bot does no I/O and needs no host, so that `kenar run`, nginx and a spec load the same file.

local allow_list = require "kenar.webhook.allow_list"
local addresses = require "kenar.send.address"
local background = require "kenar.bot.background"
local bot_options = require "kenar.bot.options"
local callback = require "kenar.bot.callback"
local clients = require "kenar.client"
local context = require "kenar.bot.context"
local deliver = require "kenar.send.deliver"
local dialogue = require "kenar.bot.dialogue"
local dispatch = require "kenar.bot.dispatch"
local events = require "kenar.event"
local handlers = require "kenar.bot.handlers"
local hosts = require "kenar.host"
local intake = require "kenar.bot.intake"
local keyed_lock = require "kenar.base.keyed_lock"
local log = require "kenar.telemetry.log"
local metrics = require "kenar.telemetry.metrics"
local pages = require "kenar.webhook.pages"
local parts = require "kenar.bot.parts"
local request_reader = require "kenar.webhook.request"
local router = require "kenar.bot.router"
local send_many = require "kenar.send.many"
local sessions = require "kenar.bot.session"
local settings = require "kenar.settings"

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

---@class kenar.Bot : kenar.Handlers
---@field router kenar.Router     routes and middleware
---@field dialogue kenar.Dialogue states and commands
---@field dispatch kenar.Dispatch once a host is attached
---@field sessions kenar.Sessions once a host is attached
---@field client kenar.Client  once a host is attached
---@field log table            once a host is attached
---@field metrics kenar.Metrics once a host is attached
---@field store kenar.Store    once a host is attached: the bot's part of it
---@field inbox? table         once it is served, if it has one
---@field grants kenar.Grants  attaches the default host if none is attached
---@field oauth? kenar.OAuth   if app_slug and oauth_secret are set
local Bot = {}
Bot.__name = "kenar.bot"

for name, method in pairs(handlers) do
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

-- The dispatch exists once a host is attached.
local function pass_catch(self)
   if self.dispatch then
      self.dispatch.catch = self._catch or self._default_catch
   end
end

--- Report errors to a function; without it they are logged.
---@param fn fun(err: kenar.Error, ctx: kenar.Context)
---@return kenar.Bot
function Bot:catch(fn)
   if type(fn) ~= "function" then
      error("expected a function, got " .. type(fn), 2)
   end
   self._catch = fn
   pass_catch(self)
   return self
end

--- Report errors to a function if the program gives no `catch`.
---@param fn fun(err: kenar.Error, ctx: kenar.Context)
function Bot:catch_by_default(fn)
   self._default_catch = fn
   pass_catch(self)
end

local function open_page(self, page, request)
   local landed = pages.open(self, page, request)
   if not landed.event then
      return nil, landed.response, landed.reason
   end
   local ctx = context.new(self, landed.event, request, landed.grant)
   if landed.err then
      self.dispatch:report(landed.err, ctx)
   end
   local response = self._callback:answer(landed.event, ctx)
   if landed.cookie then
      response.headers["set-cookie"] = landed.cookie
   end
   return landed.event, response
end

local function take_event(self, request)
   local event, response, reason = request_reader.receive(request, self._paths, self._values.identification_key,
      self._allow_list)
   if not event then
      return nil, response, reason
   end
   local ctx = context.new(self, event, request)
   if events.is_callback(event) then
      return event, self._callback:answer(event, ctx, self._values.budget)
   end
   return event, self._intake:accept(event, ctx, self.inbox)
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
---   grant; `timeout` in seconds; `priority`, "bulk" for messages that nobody waits for
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

-- Locks and sessions of conversations, the dispatch, and the two ways into it: callbacks and the intake.
local function open_dispatch(self, values, host)
   local locks = keyed_lock.new(host)
   self.sessions = sessions.new {
      locks = locks, store = self.store, host = host, options = self._options.session,
   }
   self.dispatch = dispatch.new {
      router = self.router, locks = locks, background = background.new(host), metrics = self.metrics, log = self.log,
      host = host, grants = self.grants, catch = self._catch or self._default_catch,
   }
   self._callback = callback.new(self.dispatch, self._options.fallback or {})
   self._intake = intake.new(self.dispatch, parts.dedup(self, values))
end

--- Bind the bot to a host. `kenar run`, kenar.serve, kenar.resty and kenar.testing call it.
---@param host kenar.Host
---@param overrides? table settings that win over the bot's own options and the environment
---@return kenar.Bot
function Bot:attach(host, overrides)
   local values = settings.resolve(self._options, overrides)
   self.host, self._values = hosts.complete(host), values
   self.metrics = metrics.new { clock = host.clock }
   self.store = parts.store(self, values, host)
   self.log = log.new {
      secrets = settings.secrets(values), level = values.log_level, format = values.log_format, now = host.now,
      write = host.log, fields = { bot = self.name },
      on_lost = function() self.metrics:add "kenar_log_lines_lost_total" end,
   }
   self.client = clients.of(values, host, self.metrics, self.store.inner, self.log)
   self._allow_list = values.allow_addresses and allow_list.new(values.allow_addresses, values.trusted_proxies)
   self.oauth = parts.oauth(self, values, host)
   self.grants = parts.grants(self, values, host)
   open_dispatch(self, values, host)
   return self
end

--- The values of settings that must never be shown. Raises if a setting is wrong.
---@return string[]
function Bot:secrets()
   return settings.secrets(self._values or settings.resolve(self._options))
end

--- Wait until background tasks have ended: late callbacks, events of the inbox, functions of ctx:after.
---@param seconds number
---@return boolean ended
function Bot:drain(seconds)
   return self.dispatch.background:drain(seconds)
end

--- Close the store's file if the bot has opened one. A later use opens it again.
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

--- A setting's value, from the options, the environment or the default; see kenar.settings. `session` is the option of
--- kenar.bot.
---@param name string
---@param default? any instead of the setting's own default
---@return any
function Bot:setting(name, default)
   if bot_options.is_own(name) then
      return self._options[name]
   elseif default ~= nil and not settings.is_given(self._options, name) then
      return default
   end
   return (self._values or settings.resolve(self._options))[name]
end

local bot = {}

--- Make a bot. Every option is optional; what is missing is an error when the bot is served.
---@param options? table `name`; `api_key`; `identification_key`, a key or a list of them; `app_slug`, `oauth_secret`
---   and `public_url`, without which users cannot be asked; `store` (default "memory:"), which keeps the grants;
---   `prefix`, below which it listens (default "/kenar"); `budget`, the seconds that a user is kept waiting (2);
---   `inbox`, "sqlite:inbox.db" or a table with that as `url`: events are answered when they are in it, and survive a
---   SIGKILL, see kenar.bot.worker; `dedup_ttl`, the seconds for which an event's id is remembered if there is no
---   inbox (86,400; false: not at all); `session` = { ttl =, initial = }: the seconds for which a conversation's
---   session is kept (86,400), and a function that makes a new one; `fallback` = { url =, text =,
---   stale = }, what users get if a handler
---   failed or was late, and the text for an answer to an older question; `allow_addresses`, "divar" or a list
---   of addresses and networks that may post to the bot, and `trusted_proxies`, a list of those whose X-Forwarded-For
---   counts: see kenar.webhook.allow_list; `legacy_status`, "string" or "number": how the old replies write it;
---   `send_code_on_refresh`, `legacy_oauth`: see kenar.oauth; and the settings of kenar.client
---@return kenar.Bot
function bot.new(options)
   options = options or {}
   bot_options.check(options, 2)
   local prefix = (options.prefix or "/kenar"):match "^(.*[^/])/*$" or ""
   return setmetatable({
      name = options.name, prefix = prefix, _paths = request_reader.paths(prefix),
      _pages = pages.paths(prefix),
      _options = options, router = router.new(), dialogue = dialogue.new((options.fallback or {}).stale),
   }, Bot)
end

--- Whether a value is a bot.
---@param value any
---@return boolean
function bot.is(value)
   return getmetatable(value) == Bot
end

return bot
