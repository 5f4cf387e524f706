--- A limit of calls a minute, common to all processes with the same store.
--
-- The store holds one point in time: when the bucket will be full again if no call is made until then (the "generic
-- cell rate algorithm"). A fifth of the minute's calls may be sent at once, the others evenly. So no span of 60 seconds
-- has more calls than the quota, whenever Divar's minutes begin.

local update = require "kenar.store.update"

local token_bucket = {}

---@class kenar.TokenBucket
local Bucket = {}
Bucket.__index = Bucket

-- Longer than 60 by more than the tolerance, which lets calls pass too early.
local MINUTE = 60.001
-- The part of a minute's calls that may be sent at once; and the part of these that is kept for replies.
local BURST, RESERVE = 1 / 5, 1 / 4
-- More than the rounding errors of sums of decimal fractions.
local TOLERANCE = 1e-4
-- Wall clocks of two processes differ by less; if a stored time is later by more, the clock was set back.
local SET_BACK = 5

-- When the bucket is full again, and whether the clock was set back since the value was written. The time of writing is
-- stored too, so that no call waits until the clock reaches the old time again.
local function read(value, now)
   local full_at, written_at = (value or ""):match "^(%S+) (%S+)$"
   full_at, written_at = tonumber(full_at) or now, tonumber(written_at) or now
   local is_set_back = written_at > now + SET_BACK
   if is_set_back then
      full_at = full_at - (written_at - now)
   end
   return math.max(full_at, now), is_set_back
end

-- The value to store and its ttl. A full bucket needs no value.
local function written(full_at, now)
   return ("%.6f %.6f"):format(full_at, now), full_at - now + 1
end

--- Take a token.
---@param priority "reply"|"bulk"
---@return number? seconds 0: taken; else the time until there may be a token
---@return kenar.Error? err kind `store`
function Bucket:take(priority)
   local kept = priority == "bulk" and self._reserve or 0
   return update(self._store, self._key, function(value)
      local now = self._now()
      local full_at, is_set_back = read(value, now)
      local wait = full_at - now - (self._burst - kept - 1) * self._interval
      local is_taken = wait <= TOLERANCE
      if not is_taken and not is_set_back then
         return nil, nil, wait
      end
      local new, ttl = written(is_taken and full_at + self._interval or full_at, now)
      return new, ttl, is_taken and 0 or wait
   end)
end

--- Empty the bucket: the next token is there after some seconds, and the following ones one at a time.
---@param seconds number
---@return true? ok, kenar.Error? err kind `store`
function Bucket:drain(seconds)
   return update(self._store, self._key, function(value)
      local now = self._now()
      local drained = now + seconds + (self._burst - 1) * self._interval
      local new, ttl = written(math.max(read(value, now), drained), now)
      return new, ttl, true
   end)
end

--- Make a bucket.
---@param options { store: kenar.Store, key: string, minute: integer, now: fun(): number } `minute`: calls a
---   minute; `now`: seconds by a clock that all processes with the store share
---@return kenar.TokenBucket
function token_bucket.new(options)
   local burst = math.max(1, math.floor(options.minute * BURST))
   return setmetatable({
      _store = options.store, _key = options.key, _now = options.now, _burst = burst,
      _reserve = math.floor(burst * RESERVE), _interval = MINUTE / (options.minute - burst + 1),
   }, Bucket)
end

return token_bucket
