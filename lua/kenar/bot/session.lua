--- What a bot remembers of a conversation from one event to the next: one record in its store. An event loads it when
--- it first asks for it, and saves it when its handler did not fail.
--
-- From loading to saving nobody else has the conversation's record: in this process by its turn, among processes that
-- share a store by a lock. Saving swaps the bytes that were loaded, so that no update is lost even where a lock was.

local errors = require "kenar.error"
local json = require "kenar.json"
local locks = require "kenar.bot.session_lock"

local session = {}

---@class kenar.SessionRecord
---@field at? number        wall seconds of the last save
---@field data? table       ctx.session
---@field state? string     of the dialogue under way
---@field question? number  the last one that was asked, ever larger
---@field answers? table<string, string|number|boolean> what its captions mean, as kenar.bot.dialogue compares them
---@field side? string      who was asked

local DEFAULT_TTL = 86400
-- Seconds to wait for another event of the conversation; longer than a dead process's lock lives.
local PATIENCE = 20
-- A session that only is read lives on as well: it is saved again when so much of its life is over.
local REFRESH = 0.1

local options_known = {
   ttl = function(value)
      return type(value) == "number" and value > 0 and value < math.huge, "a number of seconds above 0"
   end,
   initial = function(value) return type(value) == "function", "a function" end,
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
   for name, value in pairs(options) do
      local check = options_known[name]
      if not check then
         error(("session: unknown option %q; options are initial and ttl"):format(tostring(name)), level + 1)
      end
      local ok, expected = check(value)
      if not ok then
         error(("session.%s: expected %s, got %s"):format(name, expected, tostring(value)), level + 1)
      end
   end
end

-- Events that are kept in order by what they are about, which is no conversation.
local about_something_else = { payment_transaction = true, post_update = true, user_access_revocation = true }

--- The name of an event's conversation, under which its session is kept.
---@param event kenar.Event
---@return string? key nil if the event names no conversation
function session.key(event)
   return not about_something_else[event.kind] and event.order_key or nil
end

local function key_of(ctx)
   return "session:" .. session.key(ctx._event)
end

local OVER = "the handler has ended, and its session is saved: ask for ctx.session in the handler"

local reasons = {
   timeout = "another event of this conversation has had the session for " .. PATIENCE .. " s",
   closed = "the host has stopped",
}

local function is_over(ctx)
   return rawget(ctx, "_session_over")
end

-- A task of the handler's may still wait when that has ended: nobody would give back what it got now.
local function claim(ctx, key)
   local bot, reason = ctx.bot
   if not ctx._turn then
      local taken
      taken, reason = bot._turns:take(key, PATIENCE)
      if taken and is_over(ctx) then
         bot._turns:give(key)
         error(OVER, 0)
      end
      ctx._turn = taken and key
   end
   if not reason and bot.store.shared and not rawget(ctx, "_session_lock") then
      local lock
      lock, reason = locks.take(bot.store, bot.host, key, PATIENCE)
      if lock and is_over(ctx) then
         lock:release()
         error(OVER, 0)
      end
      ctx._session_lock = lock
   end
   if errors.is(reason) then
      error(reason, 0)
   elseif reason then
      error(errors.new { kind = reason, message = reasons[reason], sent = "no", retryable = reason == "timeout" }, 0)
   end
end

local function load(ctx, key)
   claim(ctx, key)
   local loaded = { record = {} }
   local bytes, err = ctx.bot.store:get(key_of(ctx))
   if bytes then
      loaded.record, err = json.decode(bytes)
      loaded.bytes = bytes
   end
   if err then
      error(err, 0)
   end
   -- Members are written in the order of the table, which stays while it is not changed.
   loaded.unchanged = json.encode(loaded.record)
   return loaded
end

--- The record of the event's conversation, loaded when it is first asked for. It may be changed in place.
---@param ctx kenar.Context
---@param level integer as for `error`
---@return kenar.SessionRecord record raises a kenar.Error where it cannot be had
function session.record(ctx, level)
   local loaded = rawget(ctx, "_session")
   if loaded then
      return loaded.record
   end
   local key = session.key(ctx._event)
   if not key then
      error(("a session belongs to a conversation, and this event (%s) names none: what belongs to a payment, a post "
         .. "or a user can be kept under its id in ctx.bot.store"):format(ctx._event.kind), level + 1)
   elseif is_over(ctx) then
      error(OVER, level + 1)
   elseif rawget(ctx, "_session_loading") then
      error("another task of this handler is loading the session: ask for ctx.session before it begins", level + 1)
   end
   ctx._session_loading = true
   local ok
   ok, loaded = pcall(load, ctx, key)
   ctx._session_loading = nil
   if not ok then
      error(loaded, 0)
   end
   ctx._session = loaded
   return loaded.record
end

local function options_of(ctx)
   return ctx.bot._options.session or {}
end

--- ctx.session: what the bot keeps of the conversation.
---@param ctx kenar.Context
---@param level integer as for `error`
---@return table
function session.get(ctx, level)
   local record = session.record(ctx, level + 1)
   local data = record.data
   if data == nil then
      local initial = options_of(ctx).initial
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

--- Refuse to change what would not be saved any more.
---@param ctx kenar.Context
---@param level integer as for `error`
function session.check_open(ctx, level)
   if is_over(ctx) then
      error("the handler has ended, and its session is saved: what changes now is lost", level + 1)
   end
end

--- ctx.session = data.
---@param ctx kenar.Context
---@param data table? nil deletes it
---@param level integer as for `error`
function session.replace(ctx, data, level)
   if data ~= nil and type(data) ~= "table" then
      error("ctx.session: expected a table or nil, got " .. type(data), level + 1)
   end
   session.check_open(ctx, level + 1)
   session.record(ctx, level + 1).data = data
end

local function encode(ctx, record)
   local data = record.data
   if data and next(data) == nil and not options_of(ctx).initial then
      record.data = nil
   end
   local bytes, err = json.encode(record)
   if err then
      err.path = err.path:gsub("^data", "ctx.session")
      err.message = "a session is kept as JSON: " .. err.message
   end
   return bytes, err
end

-- Put bytes, or nothing, in place of those that were loaded.
local function swap(store, key, loaded, bytes, ttl, is_expired)
   local swapped, err
   if loaded.bytes then
      swapped, err = store:cas(key, loaded.bytes, bytes, bytes and ttl)
   end
   if not loaded.bytes or swapped == false and is_expired then
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

--- Save what the handler made of the session, where it changed.
---@param ctx kenar.Context
---@return true? ok, kenar.Error? err
function session.save(ctx)
   local loaded = rawget(ctx, "_session")
   if not loaded then
      return true
   end
   local record = loaded.record
   local bytes, err = encode(ctx, record)
   if not bytes then
      return nil, err
   end
   local ttl, now = options_of(ctx).ttl or DEFAULT_TTL, ctx.bot.host.now()
   local age = now - (record.at or now)
   local is_in_use = record.data ~= nil or record.state ~= nil
   -- The clock of a machine may be set back.
   if bytes == loaded.unchanged and not (is_in_use and math.abs(age) > ttl * REFRESH) then
      return true
   end
   if is_in_use or record.question then
      record.at = now
      bytes = json.encode(record)
   else
      bytes = nil
   end
   return swap(ctx.bot.store, key_of(ctx), loaded, bytes, ttl, age >= ttl)
end

--- Let other processes have the session. It can be read here from now on, and not be changed.
---@param ctx kenar.Context
function session.release(ctx)
   ctx._session_over = true
   local lock = rawget(ctx, "_session_lock")
   if lock then
      ctx._session_lock = nil
      lock:release()
   end
end

return session
