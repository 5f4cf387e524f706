--- One row of `bot:send_many`, from its turn in its conversation to what has become of it.

local addressing = require "kenar.send.address"
local errors = require "kenar.error"

local sending = {}

-- The day ends at a second that another clock may see a little later.
local MARGIN = 1

-- Called when the message really leaves: a row that waits for its quota is not begun, and in nobody's doubt.
local function departure(run, item)
   return function()
      if item.has_left then
         return true
      end
      local ok, err = run.tally:depart(item)
      if not ok then
         item.held_back = err
         return nil, err
      end
      item.has_left = true
      return true
   end
end

local function attempt(run, item)
   local ok, result, err = pcall(addressing.send, run.bot, item.address, item.message, {
      timeout = item.timeout, priority = "bulk", on_departure = departure(run, item),
   })
   if ok then
      return result, err
   end
   -- A mistake of the program's, in the message or in what it calls.
   return nil, errors.is(result) and result or errors.new {
      kind = "invalid", path = item.place, message = tostring(result), sent = item.has_left and "maybe" or "no",
   }
end

-- What will be refused again: there is no such conversation, or its user wants nothing of the app.
local final = { [404] = true, [410] = true, [412] = true }

-- What has become of it: a state of the journal, or "left" and why.
local function outcome(item, result, err)
   if result or err.sent == "yes" then
      return "sent"
   elseif err.sent == "maybe" then
      return "doubt"
   elseif item.held_back and err == item.held_back and err.kind == "store" then
      return "left", "journal"
   elseif err.code_name == "DAY_QUOTA" then
      return "left", "day_quota"
   elseif err.kind == "closed" then
      return "left", "closed"
   end
   return err.kind == "api" and final[err.status] and "failed" or "retry"
end

-- Where the rows raise, those that were given before are sent nevertheless.
local function is_halted(run)
   return run.stopped and run.stopped ~= "rows"
end

-- Wait for a new day; false when the host stops before.
local function await_day(run, err)
   local seconds = (err.retry_after or 0) + MARGIN
   run.waits_until = run.host.clock() + seconds
   local ok = run.host.sleep(seconds)
   run.waits_until = nil
   return ok
end

local function send(run, item)
   while true do
      local result, err = attempt(run, item)
      local became, why = outcome(item, result, err)
      if why ~= "day_quota" or run.options.on_day_quota ~= "wait" or item.has_left then
         return became, why or result, err
      elseif is_halted(run) or not await_day(run, err) then
         return "left", run.stopped or "closed"
      end
   end
end

--- Send a row when all earlier ones to the same conversation have their outcome.
---@param run kenar.SendRun
---@param item kenar.SendRow
---@return "sent"|"failed"|"retry"|"doubt"|"left" became
---@return any result Divar's answer, if it was sent; why it is left: "day_quota", "closed" or "journal"
---@return kenar.Error? err
function sending.send(run, item)
   local address = item.address
   local key = address.chat .. "\0" .. (address.conversation_id or address.user_id)
   if not run.turns:take(key) then
      return "left", "closed"
   end
   local became, result, err = "left", run.stopped, nil
   if not is_halted(run) then
      became, result, err = send(run, item)
   end
   run.turns:give(key)
   return became, result, err
end

return sending
