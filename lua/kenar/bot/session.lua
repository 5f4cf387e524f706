--- Sessions: one record a conversation in the bot's store. An event loads the record on first access, and saves it if
--- its handler succeeded.
--
-- From loading to saving, the event holds the conversation's lock of this process and, if several processes share the
-- store, a lock in the store. Saving compares the stored bytes with the loaded ones, so that no update is lost even if
-- a lock was lost.

local checks = require "kenar.base.options"
local errors = require "kenar.error"
local events = require "kenar.event"
local json = require "kenar.json"
local session_lock = require "kenar.bot.session_lock"

local session = {}

---@class kenar.SessionRecord
---@field at? number        wall seconds of the last save
---@field data? table       ctx.session
---@field state? string     of the dialogue under way
---@field question? number  the number of the last question; numbers only grow
---@field answers? table<string, string|number|boolean> values of the question's buttons by normalised caption
---@field side? string      the side that was asked

local DEFAULT_TTL = 86400
-- Seconds to wait for another event of the conversation; longer than the lock of a dead process lives.
local PATIENCE = 20
-- Reading prolongs a session: it is saved again when this fraction of its time to live is over.
local REFRESH = 0.1

local options_known = {
   ttl = function(value)
      if type(value) ~= "number" or not (value > 0 and value < math.huge) then
         return "expected a number of seconds above 0, got " .. tostring(value)
      end
   end,
   initial = "function",
}

--- Check a bot's option `session`.
---@param options any
---@param level integer as for `error`
function session.check_options(options, level)
   if options == nil then
      return
   elseif type(options) ~= "table" then
      error("session: expected a table of ttl and initial, got " .. type(options), level + 1)
   end
   local unknown = "session: unknown option %q; options are initial and ttl"
   local problem = checks.problem(options, options_known, unknown, "session.")
   if problem then
      error(problem, level + 1)
   end
end

-- Events whose order_key names no conversation.
local about_something_else = { payment_transaction = true, post_update = true, user_access_revocation = true }

--- The key of an event's conversation, under which its session is stored.
---@param event kenar.Event
---@return string? key nil if the event names no conversation
function session.key(event)
   return not about_something_else[event.kind] and event.order_key or nil
end

local OVER = "the handler has ended, and its session is saved: ask for ctx.session in the handler"

local reasons = {
   timeout = "another event of this conversation has had the session for " .. PATIENCE .. " s",
   closed = "the host has stopped",
}

--- What the sessions of a bot share.
---@class kenar.Sessions
---@field locks kenar.KeyedLock
---@field store kenar.Store
---@field host kenar.Host
---@field ttl number
---@field initial? fun(ctx: kenar.Context): table
local Sessions = {}
Sessions.__index = Sessions

--- The session of one event.
---@class kenar.Session
local Session = {}
Session.__index = Session

--- The session of an event. Nothing is loaded yet.
---@param event kenar.Event
---@return kenar.Session
function Sessions:of(event)
   -- kenar.bot.dispatch locks the conversation for all events but callbacks. `_record` is false while it is loaded. The
   -- names that stand for nil give the table its size.
   local new = {
      _sessions = self, _event = event, _is_over = false,
      _lock_of = events.is_callback(event) and "nobody" or "dispatch",
      _record = nil, _loaded = nil, _unchanged = nil, _store_lock = nil,
   }
   setmetatable(new, Session)
   return new
end

-- Another task of the handler may still be waiting for a lock when the handler ends. It gives the lock back itself.
local function take_locks(self, key)
   local sessions, reason = self._sessions, nil
   if self._lock_of == "nobody" then
      local taken
      taken, reason = sessions.locks:take(key, PATIENCE)
      if taken and self._is_over then
         sessions.locks:give(key)
         error(OVER, 0)
      end
      self._lock_of = taken and "session" or "nobody"
   end
   if not reason and sessions.store.shared and not self._store_lock then
      local lock
      lock, reason = session_lock.take(sessions.store, sessions.host, key, PATIENCE)
      if lock and self._is_over then
         lock:release()
         error(OVER, 0)
      end
      self._store_lock = lock
   end
   if errors.is(reason) then
      error(reason, 0)
   elseif reason then
      error(errors.new { kind = reason, message = reasons[reason], sent = "no", retryable = reason == "timeout" }, 0)
   end
end

local function load(self, key)
   take_locks(self, key)
   local record = {}
   local bytes, err = self._sessions.store:get("session:" .. key)
   if bytes then
      record, err = json.decode(bytes)
   end
   if err then
      error(err, 0)
   end
   -- Encoding keeps the order of the table's members, so that an unchanged table gives the same bytes again.
   self._loaded, self._unchanged = bytes, json.encode(record)
   return record
end

--- The conversation's record, loaded on first access. It may be changed in place.
---@param level integer as for `error`
---@return kenar.SessionRecord record raises a kenar.Error if it cannot be loaded
function Session:record(level)
   local record = self._record
   if record then
      return record
   end
   local key = session.key(self._event)
   if not key then
      error(("a session belongs to a conversation, and this event (%s) names none: what belongs to a payment, a post "
         .. "or a user can be kept under its id in ctx.bot.store"):format(self._event.kind), level + 1)
   elseif self._is_over then
      error(OVER, level + 1)
   elseif record == false then
      error("another task of this handler is loading the session: ask for ctx.session before it begins", level + 1)
   end
   self._record = false
   local ok
   ok, record = pcall(load, self, key)
   self._record = ok and record or nil
   if not ok then
      error(record, 0)
   end
   return record
end

--- The value of ctx.session.
---@param ctx kenar.Context an argument of the option `initial`
---@param level integer as for `error`
---@return table
function Session:data(ctx, level)
   local record = self:record(level + 1)
   local data = record.data
   if data == nil then
      local initial = self._sessions.initial
      data = {}
      if initial then
         data = initial(ctx)
         if type(data) ~= "table" then
            error("session.initial: expected to be given a table, got " .. type(data), level + 1)
         end
      end
      record.data = data
   end
   return data
end

--- Whether the event names a conversation.
---@return boolean
function Session:has_conversation()
   return session.key(self._event) ~= nil
end

--- Raise if the session has been saved, because later changes would be lost.
---@param level integer as for `error`
function Session:check_open(level)
   if self._is_over then
      error("the handler has ended, and its session is saved: what changes now is lost", level + 1)
   end
end

--- Replace the value of ctx.session.
---@param data table? nil deletes it
---@param level integer as for `error`
function Session:replace(data, level)
   if data ~= nil and type(data) ~= "table" then
      error("ctx.session: expected a table or nil, got " .. type(data), level + 1)
   end
   self:check_open(level + 1)
   self:record(level + 1).data = data
end

local function encode(self, record)
   local data = record.data
   if data and next(data) == nil and not self._sessions.initial then
      record.data = nil
   end
   local bytes, err = json.encode(record)
   if err then
      err.path = err.path:gsub("^data", "ctx.session")
      err.message = "a session is kept as JSON: " .. err.message
   end
   return bytes, err
end

-- Replace the stored bytes if they are still the loaded ones; bytes of nil delete the key.
local function swap(self, bytes, is_expired)
   local store, ttl = self._sessions.store, self._sessions.ttl
   local key, loaded = "session:" .. session.key(self._event), self._loaded
   local swapped, err
   if loaded then
      swapped, err = store:cas(key, loaded, bytes, bytes and ttl)
   end
   if not loaded or swapped == false and is_expired then
      swapped, err = true, nil
      if bytes then
         swapped, err = store:add(key, bytes, ttl)
      end
   end
   if swapped == false then
      err = errors.new {
         kind = "store", code_name = "SESSION_CHANGED",
         message = "another process has changed the session while the handler was at work: nothing is saved",
      }
   end
   return swapped or nil, err
end

--- Save the record if it has changed.
---@return true? ok, kenar.Error? err
function Session:save()
   local record = self._record
   if not record then
      return true
   end
   local bytes, err = encode(self, record)
   if not bytes then
      return nil, err
   end
   local ttl, now = self._sessions.ttl, self._sessions.host.now()
   local age = now - (record.at or now)
   local is_in_use = record.data ~= nil or record.state ~= nil
   -- The machine's clock may be set back, which makes the age negative.
   if bytes == self._unchanged and not (is_in_use and math.abs(age) > ttl * REFRESH) then
      return true
   end
   if is_in_use or record.question then
      record.at = now
      bytes = json.encode(record)
   else
      bytes = nil
   end
   return swap(self, bytes, age >= ttl)
end

--- Give the locks back. From then on the session can be read and not be changed.
function Session:release()
   self._is_over = true
   local lock = self._store_lock
   if lock then
      self._store_lock = nil
      lock:release()
   end
   if self._lock_of == "session" then
      self._lock_of = "nobody"
      self._sessions.locks:give(session.key(self._event))
   end
end

---@param given { locks: kenar.KeyedLock, store: kenar.Store, host: kenar.Host, options: table? } `options`: the
---   bot's option `session`
---@return kenar.Sessions
function session.new(given)
   local options = given.options or {}
   return setmetatable({
      locks = given.locks, store = given.store, host = given.host, ttl = options.ttl or DEFAULT_TTL,
      initial = options.initial,
   }, Sessions)
end

return session
