--- How long a failed event waits before it is handled again.

local core = require "kenar.core"

local backoff = {}

--- Seconds: the longest back-off without a delay of the handler's own.
backoff.LONGEST = 300
--- Seconds: the longest delay that a handler may ask for.
backoff.LONGEST_DELAY = 3600

-- Seconds: the shortest back-off.
local SHORTEST = 1

-- A random number from 0 to 1 in 65536 steps, which are fine enough for seconds.
local function draw()
   local bytes = core.random_bytes(2)
   return bytes and (bytes:byte(1) * 256 + bytes:byte(2)) / 65535 or 1
end

--- The seconds until an event is handled again. The back-off is drawn from a span that doubles with each attempt, so
--- that events that failed together do not come back together.
---@param attempts integer how often the event was handled
---@param asked? number what the handler asked for
---@return number seconds
function backoff.delay(attempts, asked)
   local delay = asked
      or SHORTEST + draw() * (math.min(backoff.LONGEST, SHORTEST * 2 ^ attempts) - SHORTEST)
   return math.max(0, math.min(delay, backoff.LONGEST_DELAY))
end

return backoff
