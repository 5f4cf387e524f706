--- Side effects that an event has once, even if its handler runs again after a failure or a SIGKILL.
--
-- The store notes the beginning and the end of the side effect. If the process dies between the two, only the caller
-- can find out whether the side effect happened.

local errors = require "kenar.error"

local once = {}

-- Seconds for which a note is kept: longer than an event is tried again.
local KEPT = 7 * 86400
local BEGUN, DONE = "begun", "done"

local function in_doubt(name)
   error(errors.new {
      kind = "handler", code_name = "IN_DOUBT", retryable = false,
      message = ("an earlier run was broken off inside once(%q): nobody knows whether it happened"):format(name),
   }, 0)
end

local function check(value, err)
   if value == nil and err then
      error(err, 0)
   end
   return value
end

-- A failure deletes the note, so that `fn` may be tried again. If Divar may have acted on a call, the note stays.
local function run(store, key, fn)
   local ok, raised = pcall(fn)
   local sent = not ok and errors.is(raised) and raised.sent or "no"
   if ok or sent == "yes" then
      check(store:set(key, DONE, KEPT))
   elseif sent == "no" then
      check(store:del(key))
   end
   if not ok then
      error(raised, 0)
   end
   return true
end

--- Run `fn` unless it has run for this event before.
---@param ctx kenar.Context
---@param name string
---@param fn function
---@param has_happened? fun(): boolean
---@return boolean is_first
function once.run(ctx, name, fn, has_happened)
   local id = ctx.dedup_key
   if not id then
      error(("once: a %s has no id by which it could be known again"):format(ctx.kind), 3)
   end
   local store, key = ctx.bot.store, ("once:%s:%s"):format(id, name)
   if check(store:add(key, BEGUN, KEPT)) then
      return run(store, key, fn)
   elseif check(store:get(key)) == DONE then
      return false
   elseif not has_happened then
      in_doubt(name)
   elseif has_happened() then
      check(store:set(key, DONE, KEPT))
      return false
   end
   return run(store, key, fn)
end

return once
