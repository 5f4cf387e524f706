--- How many requests are on the wire at once; the others wait in the order they came.
--
-- nginx's own queue for connections (`backlog`) stalls under load in the version that Debian 12 has (0.10.23): of 2,000
-- requests at 64 connections, three quarters were never resumed. And nginx can end a request in the middle of its Lua
-- code, which then gives nothing back: who holds a place is known weakly, so that such a place is found again.

local core = require "kenar.core"

local clock = core.clock

local places = {}

local Places = {}
Places.__index = Places

-- Seconds between two looks for places that nobody will give back: each looks at all of them.
local LOOK_EVERY = 1

-- The place of one that went away is the next one's.
local function hand_on(self)
   while self.first <= self.last do
      local entry = self.line[self.first]
      self.line[self.first] = nil
      self.first = self.first + 1
      if self.scheduler:wake(entry.waiting) then
         self.holders[entry.holder] = true
         return true
      end
   end
   return false
end

local function find_lost(self)
   if clock() - self.looked_at < LOOK_EVERY then
      return
   end
   self.looked_at = clock()
   local count = 0
   for _ in pairs(self.holders) do
      count = count + 1
   end
   self.count = count
   while self.count < self.most and hand_on(self) do
      self.count = self.count + 1
   end
end

--- Take a place; waits while there is none.
---@param holder table kept by nobody but who asks, and given back with `give`
---@return true|nil taken, string|nil reason "closed" when the host stops before
function Places:take(holder)
   if self.count >= self.most then
      find_lost(self)
   end
   if self.count < self.most then
      self.count = self.count + 1
      self.holders[holder] = true
      return true
   end
   local entry = { holder = holder, waiting = {} }
   self.last = self.last + 1
   self.line[self.last] = entry
   local reason = self.scheduler:wait_at_most(entry.waiting, LOOK_EVERY)
   while reason == "timeout" do
      entry.waiting = {}
      find_lost(self)
      reason = self.scheduler:wait_at_most(entry.waiting, LOOK_EVERY)
   end
   if reason then
      return nil, reason
   end
   return true
end

--- Give a place back.
function Places:give(holder)
   self.holders[holder] = nil
   if not hand_on(self) then
      self.count = self.count - 1
   end
end

---@param scheduler table on which to wait
---@param most integer
---@return table places
function places.new(scheduler, most)
   return setmetatable({
      scheduler = scheduler, most = most, count = 0, holders = setmetatable({}, { __mode = "k" }),
      line = {}, first = 1, last = 0, looked_at = -math.huge,
   }, Places)
end

return places
