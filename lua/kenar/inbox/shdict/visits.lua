--- To look at an inbox in a shared dict: how much is in it, and its dead letters.

local errors = require "kenar.error"

---@class kenar.ShdictInbox
local visits = {}

local function dead(self, after, n)
   return self._log:dead(after or 0, n or 100)
end

--- The dead letters, oldest first.
---@param after? integer the `number` of the last one that is known already
---@param n? integer how many at most; default 100
---@return table[]? letters as they were put, with number, attempts, died_at (wall seconds) and reason
---@return kenar.Error? err
function visits:dead(after, n)
   return self:locked(dead, after, n)
end

local function missing(self, letter)
   return nil, errors.new {
      kind = "store", message = ("%s has no dead letter %s"):format(self._zone.name, tostring(letter)),
   }
end

local function replay(self, letter)
   local ok, message = self._log:replay(letter)
   if ok == false then
      return missing(self, letter)
   elseif not ok then
      return self._zone:refused(message)
   end
   self:follow()
   return true
end

--- Have a dead letter handled again, behind what waits with its `order_key`.
---@param number integer
---@return true? ok, kenar.Error? err
function visits:replay(number)
   local ok, err = self:locked(replay, number)
   self:notify()
   return ok, err
end

local function discard(self, letter)
   if not self._log:discard(letter) then
      return missing(self, letter)
   end
   return true
end

--- Delete a dead letter.
---@param number integer
---@return true? ok, kenar.Error? err
function visits:discard(number)
   return self:locked(discard, number)
end

local function count(self)
   return self._log:count(self._host.clock())
end

--- How many events are in it, whichever worker has them. `oldest` is how many seconds ago the oldest came.
---@return { pending: integer, running: integer, delayed: integer, dead: integer, oldest: number? }
function visits:stats()
   local counts, err = self:locked(count)
   if not counts then
      return { pending = 0, running = 0, delayed = 0, dead = 0, failure = tostring(err) }
   end
   local received_at = counts.received_at
   counts.received_at = nil
   counts.oldest = received_at and math.max(0, self._host.now() - received_at) or nil
   return counts
end

return visits
