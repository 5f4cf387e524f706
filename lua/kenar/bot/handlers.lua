--- Methods of a bot that add handlers.

local core = require "kenar.core"
local dialogue = require "kenar.bot.dialogue"
local filter = require "kenar.bot.filter"

---@alias kenar.Handler fun(ctx: kenar.Context, ...): any

---@class kenar.Handlers
local handlers = {}

local byte, find, sub = string.byte, string.find, string.sub
local SLASH = byte "/"

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
   self.router:add(matches, run, order)
   return self
end

--- Handle events. The first handler that matches, in the order of addition, gets the event; `return next()` passes the
--- event on.
---@param names string|string[] see kenar.bot.filter
---@param where? function|table|kenar.Handler a condition, or the handler when there is none
---@param fn? kenar.Handler
---@return kenar.Bot
function handlers:on(names, where, fn)
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

local spoken = dialogue.spoken

--- Hear a text that says one of some phrases. Letters that look the same are the same: Arabic and Persian ye and kaf,
--- digits of either script, white space around.
---@param phrases string|string[]
---@param fn kenar.Handler
---@return kenar.Bot
function handlers:hears(phrases, fn)
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
   local texts = self.dialogue
   return add_route(self, function(event, ctx)
      return event.text ~= nil and is_message(event, ctx) and known[texts:spoken(event.text)] == true
   end, fn)
end

--- Hear `/name`. The handler gets the text behind the name.
---@param name string without the slash
---@param fn fun(ctx: kenar.Context, arguments: string, next: function): any
---@return kenar.Bot
function handlers:command(name, fn)
   expect_name(name, "a command", 2)
   expect_function(fn, 2)
   name = name:gsub("^/", "")
   self.dialogue:add_command(name)
   local behind = #name + 2
   local function is_said(text)
      return text ~= nil and byte(text) == SLASH and sub(text, 2, behind - 1) == name
         and not find(text, "^%S", behind)
   end
   return add_route(self, function(event, ctx)
      return is_message(event, ctx) and is_said(event.text)
   end, function(ctx, following)
      return fn(ctx, is_said(ctx.text) and core.trim(sub(ctx.text, behind)) or nil, following)
   end)
end

--- Hear that a user opened the bot's chat from a touch point: MY_POST, MY_DIVAR, DIVAR_PRO, CHAT or DEMAND_POST.
--- Divar then writes `/start MY_POST gZd7omnS` in the user's name; no `on` handler sees that message. A user may type
--- it by hand: the id proves nothing.
---@param touch_point string "*" for all, those that Divar adds later among them
---@param fn fun(ctx: kenar.Context, id: string?, next: function): any
---@return kenar.Bot
function handlers:start(touch_point, fn)
   expect_name(touch_point, "a touch point", 2)
   expect_function(fn, 2)
   return add_route(self, function(event, ctx)
      return event.start ~= nil and (touch_point == "*" or event.start.touch_point == touch_point)
         and is_message(event, ctx)
   end, function(ctx, following)
      return fn(ctx, ctx.start.id, following)
   end, "first")
end

-- Stale presses are answered before the states are tried.
local function hear_stale(self)
   add_route(self, dialogue.is_stale, function(ctx)
      ctx.log:info("press on an older question", { conversation = ctx.conversation_id })
      return self.dialogue.stale
   end, "answer")
end

--- Hear the answer to the question that `ctx:ask` asked in this state: a message, or a press on one of its answer
--- buttons, which counts as a text and whose return value is shown as that of a dynamic action is. `ctx.answer` is the
--- value of the button that was pressed, or whose caption was typed; else nil. Commands of the bot are no answers, and
--- only handlers of `start` see an answer besides this one. A press on an older question shows `fallback.stale`.
---@param state string
---@param names? string|string[] which messages: see kenar.bot.filter; default "message", all
---@param fn kenar.Handler
---@return kenar.Bot
function handlers:answer(state, names, fn)
   if fn == nil and type(names) == "function" then
      names, fn = "message", names
   end
   expect_name(state, "a state", 2)
   expect_function(fn, 2)
   local matches, message = self.dialogue:test(state, names)
   if not matches then
      error(message, 2)
   end
   if self.dialogue:add_state(state) then
      hear_stale(self)
   end
   return add_route(self, matches, function(ctx, following)
      local value = fn(ctx, following)
      -- After `return ctx:reply(...)` the value is Divar's answer, which is not for the user.
      if not dialogue.is_reply(value) then
         return value
      end
   end, "answer")
end

local function on_button(self, kind, name, fn)
   expect_name(name, "the button's handler", 2)
   expect_function(fn, 2)
   return add_route(self, function(event, ctx)
      return event.kind == kind and ctx.action == name
   end, fn)
end

-- OAuth-return routes precede `on`, so that a catch-all handler does not take them.
local function on_return(self, detail, fn)
   expect_function(fn, 3)
   return add_route(self, function(event)
      return event.kind == "oauth_return" and event.detail == detail
   end, fn, "first")
end

--- Hear that our button of this name was pressed; return the URL to open, nil to go back to Divar, or a refusal,
--- { status = 404, message = "no such post" }: the old form tells Divar of it, today's goes back to Divar.
---@param name string
---@param fn fun(ctx: kenar.Context, next: function): string|table|nil
---@return kenar.Bot
function handlers:server_link(name, fn)
   return on_button(self, "server_link", name, fn)
end

--- Hear that our button of this name was pressed; return the text to show, or
--- { text =, direct_link | server_link | dynamic_action | post_page | post_manage_page = }, or nil.
---@param name string
---@param fn fun(ctx: kenar.Context, next: function): string|table|nil
---@return kenar.Bot
function handlers:dynamic_action(name, fn)
   return on_button(self, "dynamic_action", name, fn)
end

--- Hear that the app was opened without a button of ours. Return the same values as a handler of server_link.
---@param source string CHAT, POST_ADDON, CHAT_MESSAGE_ACTION, or "*" for all and for the old form, which names none
---@param fn fun(ctx: kenar.Context, next: function): string|table|nil
---@return kenar.Bot
function handlers:session_init(source, fn)
   expect_name(source, "a source", 2)
   expect_function(fn, 2)
   return add_route(self, function(event)
      return event.kind == "session_init" and (source == "*" or event.source == source)
   end, fn)
end

--- Wrap every event: middleware is called in the order given, and calls `next()` to go on.
---@param middleware fun(ctx: kenar.Context, next: function): any
---@return kenar.Bot
function handlers:use(middleware)
   expect_function(middleware, 2)
   self.router:use(middleware)
   return self
end

--- Hear that a user agreed to a request of ctx:authorize; ctx.grant is the new grant. Return the URL that the browser
--- opens next. With nil it opens the `next` of ctx:authorize, or else goes back to Divar.
---@param fn fun(ctx: kenar.Context, next: function): string?
---@return kenar.Bot
function handlers:granted(fn)
   return on_return(self, "granted", fn)
end

--- Hear that a user did not agree; `ctx.payload` has Divar's `error` if it gave one. Return the URL that the browser
--- opens next, or nil to go back to Divar.
---@param fn fun(ctx: kenar.Context, next: function): string?
---@return kenar.Bot
function handlers:denied(fn)
   return on_return(self, "denied", fn)
end

return handlers
