--- The errors of an inbox, and the reasons of its dead letters.

local errors = require "kenar.error"

local failures = {}

-- Bytes of a reason that are stored.
local REASON_LENGTH = 500

--- Reason of an event whose worker neither finished it nor failed in time.
failures.LEASE_OVER = "its lease was over before it was handled"
--- Reason of an event during which the process ended at every attempt.
failures.PROCESS_ENDED = "the process ended each time while it was handled"

--- The part of a reason that is stored.
---@param reason any
---@return string? reason nil for nil
function failures.reason(reason)
   return reason ~= nil and tostring(reason):sub(1, REASON_LENGTH) or nil
end

---@return nil, kenar.Error err kind `closed`
function failures.closed()
   return nil, errors.new { kind = "closed", message = "the inbox is closed" }
end

---@return nil, kenar.Error err
function failures.lease_over()
   return nil, errors.new { kind = "store", message = "the lease is over, or was never given" }
end

---@param place string where the inbox is
---@param waiting? integer how many events wait, if that is known
---@return nil, kenar.Error err
function failures.full(place, waiting)
   return nil, errors.new {
      kind = "store", code_name = "INBOX_FULL",
      message = ("%s: %s wait in it, and there is no room for more"):format(place,
         waiting and ("%d events"):format(waiting) or "as many events as max_events allows"),
   }
end

---@param place string where the inbox is
---@param number integer
---@return nil, kenar.Error err
function failures.no_letter(place, number)
   return nil, errors.new { kind = "store", message = ("%s has no dead letter %s"):format(place, tostring(number)) }
end

return failures
