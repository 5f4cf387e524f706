--- Sends one row of `bot:send_many`: waits for its turn in its conversation, sends it, and returns its outcome.

local deliver = require "kenar.send.deliver"
local errors = require "kenar.error"

local sending = {}

-- Seconds to wait after the end of the day, because Divar's clock may be a little late.
local MARGIN = 1

-- The callback of the client for the moment before a request leaves. The row is begun only then, so that a row that
-- waits for its quota is never in doubt.
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
   local ok, result, err = pcall(deliver.send, run.bot, item.address, item.message, {
      timeout = item.timeout, priority = "bulk", on_departure = departure(run, item),
   })
   if ok then
      return result, err
   end
   -- The program made a mistake in the message, or a function that it passed raised.
   return nil, errors.is(result) and result or errors.new {
      kind = "invalid", path = item.place, message = tostring(result), sent = item.has_left and "maybe" or "no",
   }
end

-- Status codes that a retry would get again: there is no such conversation, or its user does not accept messages.
local final = { [404] = true, [410] = true, [412] = true }

-- The outcome of a row: a state of the journal, or "left" and the reason.
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

-- Whether rows that wait are not sent any more. If the source of the rows raised, earlier rows are still sent.
local function is_halted(run)
   return run.stopped and run.stopped ~= "rows"
end

-- Wait for a new day; false if the host stops first.
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
---@return any result Divar's answer if the row was sent; if it is left, the reason: "day_quota", "closed", "journal"
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
