--- The argument of handlers: the event, and methods to answer it.

local addresses = require "kenar.send.address"
local checks = require "kenar.base.options"
local consent = require "kenar.webhook.consent"
local deliver = require "kenar.send.deliver"
local dialogue = require "kenar.bot.dialogue"
local events = require "kenar.event"
local once = require "kenar.bot.once"

---@class kenar.Context : kenar.Event
---@field event kenar.Event
---@field bot kenar.Bot
---@field client kenar.Client
---@field request table        as the host gave it
---@field data table           the button's data, without our reserved keys
---@field action? string       the name of the button's handler
---@field via? string          the chat that the button says it stood in: "bot" or a grant's id, both only hints
---@field grant? kenar.Grant   of the user in whose name the app speaks here; looked for when it is first asked for
---@field session table        what the bot keeps of the conversation; loaded when it is first asked for, saved as JSON
---                            when the handler did not fail; to assign a table replaces it, nil deletes it
---@field state? string         of the dialogue under way: see ctx:ask
---@field answer? string|number|boolean  in a handler of `bot:answer`: the value of the button that was pressed, or of
---                            the one whose caption was typed
---@field log table
local Context = {}
Context.__name = "kenar.context"

-- Reserved keys that the encoder adds to a button's data.
local RESERVED = "^kenar_"

local function string_of(value)
   return type(value) == "string" and value or nil
end

-- Messages and presses have the grant by which they would be answered, other events the grant of their user.
local function grant_of(self)
   local event = self._event
   if event.kind == "oauth_return" then
      return self._granted
   end
   local address = addresses.of_event(event, self.via)
   if address.chat == "bot" or not event.conversation_id and not address.seller_id then
      local user_id = event.variant ~= "legacy" and event.user_id or nil
      if not address.id and not user_id then
         return nil
      end
      address = { id = address.id, user_id = user_id }
   end
   local grant, err = self.bot.grants:locate(address)
   if not grant and err.code_name ~= "NO_GRANT" then
      error(err, 0)
   end
   return grant
end

-- Fields computed on first access.
local made = {
   event = function(self) return events.complete(self._event) end,
   client = function(self) return self.bot.client end,
   log = function(self) return self.bot.log end,
   grant = grant_of,
   action = function(self) return self._event.data and string_of(self._event.data.kenar_action) end,
   via = function(self) return self._event.data and string_of(self._event.data.kenar_via) end,
   data = function(self)
      local data = {}
      for key, value in pairs(self._event.data or {}) do
         if type(key) ~= "string" or not key:find(RESERVED) then
            data[key] = value
         end
      end
      return data
   end,
}

-- Fields computed on each access; the number is the level of the program for `error`.
local looked_up = {
   session = function(self) return (self:event_session():data(self, 3)) end,
   state = function(self) return (dialogue.state(self, 3)) end,
}

-- An event's fields are read through the context: ctx.text is ctx.event.text.
function Context.__index(self, key)
   local value = Context[key]
   if value ~= nil then
      return value
   end
   local look_up = looked_up[key]
   if look_up then
      value = look_up(self)
      return value
   end
   local make = made[key]
   if not make then
      return self._event[key]
   end
   value = make(self)
   rawset(self, key, value)
   return value
end

function Context.__newindex(self, key, value)
   if key == "session" then
      self:event_session():replace(value, 2)
   elseif key == "state" then
      error("ctx.state: a dialogue goes to a state by ctx:ask, and ends by ctx:leave", 2)
   else
      rawset(self, key, value)
   end
end

--- Make the context of an event.
---@param bot kenar.Bot
---@param event kenar.Event
---@param request kenar.Request
---@param granted? kenar.Grant of a consent that the event reports
---@return kenar.Context
function Context.new(bot, event, request, granted)
   -- Fields of the constructor are set later without __newindex. `_session` is false before the session is used, and
   -- true if the event ended without one. No tail call: LuaJIT compiles no trace that returns setmetatable(...).
   local self = { bot = bot, _event = event, request = request, handled = true, _session = false }
   if granted then
      self._granted = granted
   end
   setmetatable(self, Context)
   return self
end

--- The event's session, for modules of kenar.bot. Handlers use ctx.session.
---@return kenar.Session
function Context:event_session()
   local session = self._session
   if session and session ~= true then
      return session
   end
   local new = self.bot.sessions:of(self._event)
   self._session = new
   if session then
      new:release()
   end
   return new
end

--- Save the session if it was loaded; for kenar.bot.dispatch.
---@return true? ok, kenar.Error? err
function Context:save_session()
   local session = self._session
   if session then
      return session:save()
   end
   return true
end

--- End the session; for kenar.bot.dispatch.
function Context:release_session()
   local session = self._session
   if session and session ~= true then
      session:release()
   else
      self._session = true
   end
end

--- Remove and return the functions of ctx:after; for kenar.bot.dispatch.
---@return function[]? list
function Context:take_after()
   local list = rawget(self, "_after")
   if list then
      self._after = nil
   end
   return list
end

-- A verb of ctx has no second result: it raises its error.
local function raise(result, err)
   if result == nil then
      error(err, 0)
   end
   return result
end

local reply_options = { timeout = true, deadline = true, retry_maybe = true, as = true }
local ask_options = { timeout = true, deadline = true, retry_maybe = true, as = true, side = true }
local UNKNOWN_REPLY, UNKNOWN_ASK = "unknown option %q of reply", "unknown option %q of ask"

local function check_reply(message, options, level)
   addresses.check_side(options.as, level + 1)
   addresses.check_message(message, level + 1)
   if options.side ~= nil and options.side ~= "SELLER" and options.side ~= "BUYER" then
      error('side: expected "SELLER" or "BUYER", got ' .. tostring(options.side), level + 1)
   end
end

local function send(self, message, options, mark)
   local address = addresses.of_event(self._event, self.via)
   address.as = options.as
   return deliver.send(self.bot, address, message, {
      timeout = options.timeout, deadline = options.deadline, retry_maybe = options.retry_maybe, state = mark,
   })
end

--- Answer in the conversation that the event came from: the bot's chat, or the post's in the name of the user who
--- granted it, or else of the one whose token the client holds.
---@param message string|kenar.Message
---@param options? { as: "SELLER"|"BUYER", timeout: number, deadline: number, retry_maybe: boolean } `as`: for whom to
---   speak, if both sides granted; the others are those of every call
---@return table result Divar's answer; a failure raises a kenar.Error
function Context:reply(message, options)
   options = options or {}
   checks.check(options, reply_options, UNKNOWN_REPLY, 2)
   check_reply(message, options, 2)
   return dialogue.mark_reply(raise(send(self, message, options)))
end

--- Ask a question: reply with a message, and when it has left have the conversation's dialogue in a state. What is
--- answered goes to `bot:answer(state, ...)`. The state is kept with the session; when the reply fails, which raises a
--- kenar.Error, or the handler does, the dialogue stays where it was.
---@param state string
---@param message string|kenar.Message its answer buttons (kenar.button.answer) count until the next question
---@param options? table options of ctx:reply, and `side`: the asked side of a post chat, if it is not the sender
function Context:ask(state, message, options)
   options = options or {}
   checks.check(options, ask_options, UNKNOWN_ASK, 2)
   check_reply(message, options, 2)
   self.bot.dialogue:ask(self, {
      state = state, message = message, side = options.side or self._event.side,
      send = function(mark) raise(send(self, message, options, mark)) end,
   }, 2)
end

--- End the dialogue. The session stays.
function Context:leave()
   dialogue.leave(self, 2)
end

--- Do something when the answer to Divar has left; not at all when the handler fails. What `fn` raises goes to `catch`.
--- Changes that it makes to the session are not kept.
---@param fn fun(ctx: kenar.Context)
function Context:after(fn)
   if type(fn) ~= "function" then
      error("expected a function, got " .. type(fn), 2)
   end
   local list = rawget(self, "_after")
   if not list then
      list = {}
      self._after = list
   end
   list[#list + 1] = fn
end

--- Run `fn` unless it was run for this event before: an event that is handled again, after a failure or after the
--- process died, does not repeat what stands here. It is noted in the bot's store, so that it outlives the process with
--- a store that does.
---@param name string what is done, within the event
---@param fn function what it raises is raised, and it may be tried again, unless that is a call's error whose `sent`
---   is not "no"
---@param has_happened? fun(): boolean asked when an earlier process died inside `fn`, or its call may have been acted
---   on; without it that raises an error with code_name IN_DOUBT
---@return boolean is_first whether it was run now
function Context:once(name, fn, has_happened)
   if type(name) ~= "string" or type(fn) ~= "function" then
      error(("expected a name and a function, got %s and %s"):format(type(name), type(fn)), 2)
   end
   return once.run(self, name, fn, has_happened)
end

--- The URL at which the user is asked for scopes; good for one consent. Whoever agrees there is heard by
--- `bot:granted`, and the app then speaks in the user's name if the scopes allow it.
---@param scopes string|string[] as kenar.scope makes them; with "offline_access" the consent can be kept for longer
---   than an hour, with "USER_ID" it is known whose it is
---@param options? table `next`: the URL to go to afterwards, unless the handler returns one; `side` ("SELLER" or
---   "BUYER"), `conversation_id`, `post_token`: of the consent, if they differ from this event's; `data`: what
---   the handler gets as ctx.data; `ttl`: seconds that the URL is good for (600)
---@return string url raises a kenar.Error without the settings public_url, app_slug and oauth_secret
function Context:authorize(scopes, options)
   return raise(consent.url(self._event, self, scopes, options))
end

--- Have Divar tell of events in the name of the user of ctx.grant, or of one who granted the scope that it needs.
---@param event_type string "NEW_MESSAGE_ON_POST" or "POST_UPDATE"
---@param resource_id? string a post's token; nil for all posts of the user
---@param metadata? table comes back as ctx.metadata
---@return table result Divar's answer; a failure raises a kenar.Error
function Context:subscribe(event_type, resource_id, metadata)
   if type(event_type) ~= "string" then
      error("event_type: expected a string, got " .. type(event_type), 2)
   end
   local grants = self.bot.grants
   local grant = raise(grants:subscriber(event_type, resource_id, self.grant))
   return raise(grants:subscribe(grant, event_type, resource_id, metadata))
end

return Context
