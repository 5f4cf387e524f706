--- Who waits until something may happen: replies before bulk sends, each first come first served.
--
-- One task, which lives only while somebody waits, asks for the one who is first, and sleeps as long as it is told.

local queue = {}

---@class kenar.Queue
local Queue = {}
Queue.__index = Queue

local PRIORITIES = { "reply", "bulk" }
-- Shorter sleeps are not worth their while, and may be too short to move a clock.
local SHORTEST_SLEEP = 1e-3

-- Who is first, of those who have not gone away.
local function first(self)
   for _, priority in ipairs(PRIORITIES) do
      local places = self._places[priority]
      while places.first <= places.last do
         local place = places[places.first]
         if not place.is_gone then
            return place
         end
         places[places.first] = nil
         places.first = places.first + 1
      end
   end
end

local function ring(self)
   if self._is_asleep then
      self._is_asleep = false
      self._bell:post()
   end
end

-- Sleep, unless the bell rings before: a reply may come that need not wait as long as a bulk send.
local function sleep(self, seconds)
   self._is_asleep = true
   local _, reason = self._bell:wait(math.max(seconds, SHORTEST_SLEEP))
   self._is_asleep = false
   return reason ~= "closed"
end

local function let_go(place, has_passed, err)
   place.is_gone, place.has_passed, place.err = true, has_passed, err
   place.semaphore:post()
end

local function serve(self)
   local place = first(self)
   while place do
      local may, seconds, err = self._may_pass(place.priority)
      if may or err then
         -- Who has gone away meanwhile leaves what it was given to nobody.
         let_go(place, may, err)
      elseif not sleep(self, seconds) then
         break
      end
      place = first(self)
   end
   self._is_served = false
end

local function begin(self)
   self._is_served = true
   self._bell = self._bell or self._host.semaphore(0)
   self._host.spawn(serve, self)
end

local function join(self, priority)
   local places = self._places[priority]
   local place = { priority = priority, semaphore = self._host.semaphore(0) }
   places.last = places.last + 1
   places[places.last] = place
   self._count = self._count + 1
   if not self._is_served then
      begin(self)
   elseif priority == "reply" then
      ring(self)
   end
   return place
end

local function wait(self, place, patience)
   -- Waiting raises where it never could come to an end.
   local ok, woken, reason = pcall(place.semaphore.wait, place.semaphore, patience < math.huge and patience or nil)
   self._count = self._count - 1
   place.is_gone = true
   if self._count == 0 then
      ring(self)
   end
   if not ok then
      error(woken, 0)
   elseif place.has_passed then
      return true
   elseif place.err then
      return nil, "failed", place.err
   end
   return nil, reason
end

--- Pass, or wait until one may.
---@param priority "reply"|"bulk"
---@param patience number seconds
---@return true? passed
---@return "timeout"|"closed"|"failed"|nil reason
---@return any detail after "timeout" how long it would have taken, where that is known; after "failed" the error
function Queue:pass(priority, patience)
   if not self._is_served then
      self._is_served = true
      local may, seconds, err = self._may_pass(priority)
      self._is_served = false
      if first(self) then
         begin(self) -- somebody came while a store was asked
      end
      if may then
         return true
      elseif err then
         return nil, "failed", err
      elseif seconds > patience then
         return nil, "timeout", seconds
      end
   end
   return wait(self, join(self, priority), patience)
end

--- Ask for the one who is first now: something has changed.
function Queue:ask_again()
   ring(self)
end

--- How many wait.
---@return integer
function Queue:count()
   return self._count
end

--- Make a line.
---@param host table
---@param may_pass fun(priority: string): boolean, number?, any whether one may pass, which is then so; else how many
---   seconds to wait before asking again, or nil and an error
---@return kenar.Queue
function queue.new(host, may_pass)
   return setmetatable({
      _host = host, _may_pass = may_pass, _is_asleep = false, _is_served = false, _count = 0,
      _places = { reply = { first = 1, last = 0 }, bulk = { first = 1, last = 0 } },
   }, Queue)
end

return queue
