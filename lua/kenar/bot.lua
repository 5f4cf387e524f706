--- A bot: handlers, and the one function through which every host gives it a request.
--
-- Building one does no I/O and knows no host, so that `kenar run`, nginx and a spec load the same file.

local clients = require "kenar.client"
local context = require "kenar.context"
local errors = require "kenar.error"
local filter = require "kenar.filter"
local hosts = require "kenar.host"
local log = require "kenar.log"
local persian = require "kenar.persian"
local reply = require "kenar.reply"
local router = require "kenar.router"
local settings = require "kenar.settings"
local webhook = require "kenar.webhook"

---@alias kenar.Handler fun(ctx: kenar.Context, ...): any

---@class kenar.Request
---@field method string
---@field path string
---@field query? string
---@field headers table<string, string> names in lower case
---@field body? string
---@field remote_addr? string

---@class kenar.Bot
---@field client kenar.Client  once a host is attached
---@field log table
local Bot = {}
Bot.__index = Bot
Bot.__name = "kenar.bot"

function Bot:__tostring()
   return "kenar.bot" .. (self.name and " " .. self.name or "")
end

local function expect_function(fn, level)
   if type(fn) ~= "function" then
      error("expected a function as the handler, got " .. type(fn), level + 1)
   end
end

local function expect_name(name, what, level)
   if type(name) ~= "string" or name == "" then
      error("expected the name of " .. what .. ", got " .. type(name), level + 1)
   end
end

local function add_route(self, matches, run, order)
   self._router:add(matches, run, order)
   return self
end

--- Hear events. The first handler that matches, in the order they were given, has the event;
--- `return next()` passes it on.
---@param names string|string[] see kenar.filter
---@param where? function|table|kenar.Handler a condition, or the handler when there is none
---@param fn? kenar.Handler
---@return kenar.Bot
function Bot:on(names, where, fn)
   if fn == nil and type(where) == "function" then
      where, fn = nil, where
   end
   expect_function(fn, 2)
   local matches, message = filter.compile(names, where)
   if not matches then
      error(message, 2)
   end
   return add_route(self, matches, fn)
end

-- A message that a person wrote.
local is_message = assert(filter.compile "message")

local function spoken(text)
   return persian.digits_to_latin(persian.normalise(text))
end

--- Hear a text that says one of some phrases. Letters that look the same are the same: Arabic and Persian ye and kaf,
--- digits of either script, white space around.
---@param phrases string|string[]
---@param fn kenar.Handler
---@return kenar.Bot
function Bot:hears(phrases, fn)
   expect_function(fn, 2)
   local known = {}
   for index, phrase in ipairs(type(phrases) == "table" and phrases or { phrases }) do
      if type(phrase) ~= "string" then
         error(("phrase %d: expected a string, got %s"):format(index, type(phrase)), 2)
      end
      known[spoken(phrase)] = true
   end
   if next(known) == nil then
      error("at least one phrase is needed", 2)
   end
   return add_route(self, function(event, ctx)
      return event.text ~= nil and is_message(event, ctx) and known[spoken(event.text)] == true
   end, fn)
end

--- Hear `/name`; the handler gets what was written behind it.
---@param name string without the slash
---@param fn fun(ctx: kenar.Context, arguments: string, next: function): any
---@return kenar.Bot
function Bot:command(name, fn)
   expect_name(name, "a command", 2)
   expect_function(fn, 2)
   name = name:gsub("^/", "")
   local function arguments_of(event)
      local word, rest = (event.text or ""):match "^/(%S+)%s*(.-)%s*$"
      return word == name and rest or nil
   end
   return add_route(self, function(event, ctx)
      return arguments_of(event) ~= nil and is_message(event, ctx)
   end, function(ctx, following)
      return fn(ctx, arguments_of(ctx.event), following)
   end)
end

--- Hear that a user opened the bot's chat from a touch point: MY_POST, MY_DIVAR, DIVAR_PRO, CHAT or DEMAND_POST.
--- Divar then writes `/start MY_POST gZd7omnS` in the user's name; no `on` handler sees that message. A user may type
--- it by hand: the id proves nothing.
---@param touch_point string "*" for all, those that Divar adds later among them
---@param fn fun(ctx: kenar.Context, id: string?, next: function): any
---@return kenar.Bot
function Bot:start(touch_point, fn)
   expect_name(touch_point, "a touch point", 2)
   expect_function(fn, 2)
   return add_route(self, function(event, ctx)
      return event.start ~= nil and (touch_point == "*" or event.start.touch_point == touch_point)
         and is_message(event, ctx)
   end, function(ctx, following)
      return fn(ctx, ctx.event.start.id, following)
   end, "first")
end

local function on_button(self, kind, name, fn)
   expect_name(name, "the button's handler", 2)
   expect_function(fn, 2)
   return add_route(self, function(event, ctx)
      return event.kind == kind and ctx.action == name
   end, fn)
end

--- Hear that our button of this name was pressed; return the URL to open, or nil to go back to Divar.
---@param name string
---@param fn fun(ctx: kenar.Context, next: function): string?
---@return kenar.Bot
function Bot:server_link(name, fn)
   return on_button(self, "server_link", name, fn)
end

--- Hear that our button of this name was pressed; return the text to show, or
--- { text =, direct_link | server_link | dynamic_action | post_page | post_manage_page = }, or nil.
---@param name string
---@param fn fun(ctx: kenar.Context, next: function): string|table|nil
---@return kenar.Bot
function Bot:dynamic_action(name, fn)
   return on_button(self, "dynamic_action", name, fn)
end

--- Hear that the app was opened without a button of ours; return the URL to open, or nil to go back to Divar.
---@param source string CHAT, POST_ADDON, CHAT_MESSAGE_ACTION, or "*" for all and for the old form, which names none
---@param fn fun(ctx: kenar.Context, next: function): string?
---@return kenar.Bot
function Bot:session_init(source, fn)
   expect_name(source, "a source", 2)
   expect_function(fn, 2)
   return add_route(self, function(event)
      return event.kind == "session_init" and (source == "*" or event.source == source)
   end, fn)
end

--- Wrap every event: middleware is called in the order given, and calls `next()` to go on.
---@param middleware fun(ctx: kenar.Context, next: function): any
---@return kenar.Bot
function Bot:use(middleware)
   expect_function(middleware, 2)
   self._router:use(middleware)
   return self
end

--- Say what becomes of errors; without it they are logged.
---@param fn fun(err: kenar.Error, ctx: kenar.Context)
---@return kenar.Bot
function Bot:catch(fn)
   expect_function(fn, 2)
   self._catch = fn
   return self
end

local function as_error(raised)
   if errors.is(raised) then
      return raised
   end
   return errors.new {
      kind = "handler", message = tostring(raised), traceback = debug.traceback(tostring(raised), 2),
   }
end

local function report(self, err, ctx)
   if not self._catch then
      self.log:error("handler failed", {
         event = ctx.event.kind, conversation = ctx.event.conversation_id, error = tostring(err),
         traceback = err.traceback,
      })
      return
   end
   local ok, raised = xpcall(self._catch, as_error, err, ctx)
   if not ok then
      self.log:error("catch failed", { error = tostring(raised), cause = tostring(err) })
   end
end

-- A verified event is answered 200 even when its handler failed: Divar documents no retry, and counts errors against
-- the app's uptime.
local function answer(self, ctx)
   local event = ctx.event
   local ok, value = xpcall(self._router.dispatch, as_error, self._router, ctx)
   if ok and ctx.handled ~= false then
      local response, err = reply.of(event, value, ctx.via)
      if response then
         return response
      end
      ok, value = false, errors.is(err) and err or errors.new { kind = "handler", message = err }
   end
   if not ok then
      report(self, value, ctx)
   elseif reply.is_awaited(event.kind) then
      self.log:warn("no handler", { event = event.kind, action = ctx.action, source = event.source })
   end
   return reply.fallback(event, self._fallback)
end

--- Answer one request; every host calls this.
---@param request kenar.Request
---@return { status: integer, headers: table<string, string>, body: string }
function Bot:handle(request)
   if not self.host then
      self:attach(hosts.current())
   end
   local clock, is_logged = self.host.clock, self.log:enabled "info"
   local began = is_logged and clock()
   local event, response, reason = webhook.receive(request, self.prefix, self._values.identification_key)
   if event then
      response = answer(self, context.new(self, event, request))
      if is_logged then
         self.log:info("event", {
            event = event.kind, type = event.type, conversation = event.conversation_id, status = response.status,
            ms = math.floor((clock() - began) * 1000),
         })
      end
   else
      self.log:warn("refused", { method = request.method, path = request.path, status = response.status,
         reason = reason, from = request.remote_addr })
   end
   return response
end

local function write_line(line)
   io.stderr:write(line, "\n")
end

--- Bind the bot to where it runs; whoever serves it does this.
---@param host table
---@param overrides? table settings that win over the bot's own options and the environment
---@return kenar.Bot
function Bot:attach(host, overrides)
   local values = settings.resolve(self._options, overrides)
   self.host, self._values = host, values
   self.client = clients.of(values, host)
   self.log = log.new {
      secrets = settings.secrets(values), level = values.log_level, now = host.now,
      write = host.log or write_line, fields = { bot = self.name },
   }
   return self
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

local bot_options = { name = true, prefix = true, fallback = true }

local function check_bot_options(options)
   settings.check(options, bot_options, 3)
   local prefix = options.prefix
   if prefix ~= nil and (type(prefix) ~= "string" or not prefix:find "^/[%w%-._~/]*$") then
      error("prefix: expected a path that begins with a slash", 3)
   end
   for name, value in pairs(options.fallback or {}) do
      if (name ~= "url" and name ~= "text") or type(value) ~= "string" then
         error("fallback: expected url and text, both strings, got " .. tostring(name), 3)
      end
   end
end

--- Make a bot. Every option is optional; what is missing is an error when the bot is served.
---@param options? table `name`; `api_key`; `identification_key`, a key or a list of them; `app_slug`; `public_url`;
---   `prefix`, below which it listens (default "/kenar"); `fallback` = { url =, text = }, what a user gets when a
---   handler failed; and the settings of kenar.client
---@return kenar.Bot
function bot.new(options)
   options = options or {}
   check_bot_options(options)
   return setmetatable({
      name = options.name, prefix = (options.prefix or "/kenar"):gsub("/+$", ""),
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
