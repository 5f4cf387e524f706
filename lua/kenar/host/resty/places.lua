--- Limits the requests under way; further requests wait in the order of arrival.
--
-- nginx's own queue for connections (`backlog`) stalls under load in the version of Debian 12 (0.10.23): of 2,000
-- requests at 64 connections, three quarters were never resumed. nginx can end a request in the middle of its Lua code,
-- which then does not give its place back. Holders are kept weakly, so that such a place is found again.

local core = require "kenar.core"
local queue = require "kenar.base.queue"

local clock = core.clock

local places = {}

local Places = {}
Places.__index = Places

-- Seconds between two searches for lost places; each search visits all places.
local LOOK_EVERY = 1

local function occupy(self, place, holder)
   self.holders[place], holder.place = holder, place
end

-- Passes a place on to the request that waits first.
local function free(self, place)
   local entry = self.queue:pop()
   while entry do
      if self.scheduler:wake(entry.waiting) then
         occupy(self, place, entry.holder)
         return
      end
      entry = self.queue:pop()
   end
   self.holders[place] = false
   self.free_count = self.free_count + 1
   self.free[self.free_count] = place
end

local function find_lost(self)
   if clock() - self.looked_at < LOOK_EVERY then
      return
   end
   self.looked_at = clock()
   for place = 1, self.most do
      if self.holders[place] == nil then
         free(self, place)
      end
   end
end

--- Take a place; waits while there is none.
---@param holder table for `give`; only the caller may keep it, and its field `place` is set
---@return true|nil taken, string|nil reason "closed" if the host stops before
function Places:take(holder)
   if self.free_count == 0 then
      find_lost(self)
   end
   local count = self.free_count
   if count > 0 then
      self.free_count = count - 1
      occupy(self, self.free[count], holder)
      return true
   end
   local entry = { holder = holder, waiting = {} }
   local number = self.queue:push(entry)
   local reason = self.scheduler:wait_at_most(entry.waiting, LOOK_EVERY)
   while reason == "timeout" do
      entry.waiting = {}
      find_lost(self)
      reason = self.scheduler:wait_at_most(entry.waiting, LOOK_EVERY)
   end
   if reason then
      self.queue:remove(number, entry)
      return nil, reason
   end
   return true
end

--- Give a place back.
function Places:give(holder)
   free(self, holder.place)
end

---@return kenar.HostStats
function Places:stats()
   return { active = self.most - self.free_count, queued = self.queue:count() }
end

---@param scheduler table on which to wait
---@param most integer
---@return table places
function places.new(scheduler, most)
   -- In `holders` a place is false while it is free, and nil once its holder is gone.
   local self = setmetatable({
      scheduler = scheduler, most = most, holders = setmetatable({}, { __mode = "v" }), free = {}, free_count = most,
      queue = queue.new(), looked_at = -math.huge,
   }, Places)
   for place = 1, most do
      self.holders[place], self.free[place] = false, most - place + 1
   end
   return self
end

return places
