--- The events of an inbox in an nginx `lua_shared_dict`: a log of numbered entries, which every worker reads.
--
-- No function waits, and each is called while its worker has the zone's lock. A worker may be killed between any two
-- steps: an event is stored when `tail` has reached its number, and handled when its state is deleted. The keys:
--
--    e<number>  the event; after it was handled, its id, until that is forgotten
--    s<number>  its state: attempts, when it is due, its lease and the end of that; all states have the same size, so
--               that nginx writes them in place
--    i<id>      the number of the event with that id
--    d<letter>  the number of a dead letter's event     r<number>  the reason of a dead letter

local record = require "kenar.inbox.record"

local shdict_log = {}

---@class kenar.ShdictLog
local Log = {}
Log.__index = Log

-- The flags of a state.
local PENDING, DEAD = 0, 1
-- The most entries that are forgotten at once, and that `move_head` looks through.
local STRIDE = 1000

local counters = { "tail", "head", "living", "forgotten", "letters", "leases" }

-- Forget the oldest entry and its id, unless its event is still to be handled.
local function forget(self)
   local dict = self._dict
   local number = dict:incr("forgotten", 1)
   local bytes = not dict:get("s" .. number) and dict:get("e" .. number)
   if bytes then
      local id = record.decode(bytes).id
      if id and dict:get("i" .. id) == number then
         dict:delete("i" .. id)
      end
      dict:delete("e" .. number)
   end
end

-- Set a key. If the dict is full, forget the oldest ids to make room.
local function keep(self, name, value, flags)
   local dict = self._dict
   local ok, message = dict:safe_set(name, value, 0, flags)
   while message == "no memory" and dict:get "forgotten" < dict:get "tail" do
      for _ = 1, math.min(STRIDE, dict:get "tail" - dict:get "forgotten") do
         forget(self)
      end
      ok, message = dict:safe_set(name, value, 0, flags)
   end
   return ok, message
end

-- The bytes of a state. `lease` and `ends_at` are 0 if no worker has the event.
local function pack(attempts, due, lease, ends_at)
   return ("%8d%24.6f%16d%24.6f"):format(attempts, due, lease, ends_at)
end

--- The state of an event.
---@return integer? attempts nil: it was handled
---@return number? due, boolean? is_dead, integer? lease, number? ends_at
function Log:state(number)
   local bytes, flags = self._dict:get("s" .. number)
   if not bytes then
      return nil
   end
   local lease = tonumber(bytes:sub(33, 48))
   return tonumber(bytes:sub(1, 8)), tonumber(bytes:sub(9, 32)), flags == DEAD,
      lease ~= 0 and lease or nil, tonumber(bytes:sub(49))
end

--- Let any worker take an event, from the moment `due` on.
function Log:leave(number, attempts, due)
   keep(self, "s" .. number, pack(attempts, due, 0, 0), PENDING)
end

--- Give an event to a worker until a moment. A given `lease` is renewed.
---@return integer lease
function Log:lend(number, attempts, ends_at, lease)
   lease = lease or self._dict:incr("leases", 1)
   keep(self, "s" .. number, pack(attempts, 0, lease, ends_at), PENDING)
   return lease
end

-- Write an event at the end. It is not stored before `tail` is moved.
local function append(self, number, bytes, id)
   local ok, message = keep(self, "e" .. number, bytes)
   if ok then
      ok, message = keep(self, "s" .. number, pack(0, 0, 0, 0), PENDING)
   end
   if ok and id then
      ok, message = keep(self, "i" .. id, number)
   end
   return ok, message
end

local function withdraw(self, number, id)
   self._dict:delete("e" .. number)
   self._dict:delete("s" .. number)
   if id then
      self._dict:delete("i" .. id)
   end
end

--- Store events, all of them or none.
---@param list kenar.InboxEntry[]
---@return (true|"duplicate")[]? stored, string? message of nginx
---@return table<integer, kenar.InboxEntry> numbers the stored events by number
function Log:put(list)
   local dict, results, numbers = self._dict, {}, {}
   local tail = dict:get "tail"
   local number = tail
   for i, entry in ipairs(list) do
      local id = entry.id
      -- If the number of a known id is beyond the end, a worker was killed while it stored the event.
      local known = id and dict:get("i" .. id)
      if known and known <= number then
         results[i] = "duplicate"
      else
         local ok, message = append(self, number + 1, record.encode(entry), id)
         number = number + 1
         results[i], numbers[number] = true, entry
         if not ok then
            for written, put in pairs(numbers) do
               withdraw(self, written, put.id)
            end
            return nil, message, {}
         end
      end
   end
   dict:safe_set("tail", number)
   dict:incr("living", number - tail)
   for _ = 1, math.min(STRIDE, number - dict:get "forgotten" - self._ids) do
      forget(self)
   end
   return results, nil, numbers
end

--- An event as it was put; after it was handled, only its id.
---@param number integer
---@return kenar.InboxEntry?
function Log:read(number)
   local bytes = self._dict:get("e" .. number)
   return bytes and record.decode(bytes)
end

--- Call a function with the number and the order_key of every event after `cursor` that is to be handled.
---@param cursor integer
---@param f fun(number: integer, order_key: string?)
---@return integer cursor
function Log:follow(cursor, f)
   local dict, tail = self._dict, self._dict:get "tail"
   for number = math.max(cursor, dict:get "head" - 1) + 1, tail do
      local state, flags = dict:get("s" .. number)
      local bytes = state and flags ~= DEAD and dict:get("e" .. number)
      if bytes then
         f(number, record.decode(bytes).order_key)
      end
   end
   return math.max(cursor, tail)
end

-- Move `head` towards the oldest event that is to be handled.
local function move_head(self)
   local dict = self._dict
   local head, tail = dict:get "head", dict:get "tail"
   for number = head, math.min(tail, head + STRIDE) do
      local bytes, flags = dict:get("s" .. number)
      if bytes and flags ~= DEAD then
         break
      end
      head = number + 1
   end
   dict:safe_set("head", head)
end

--- Delete an event that was handled, but not its id.
function Log:finish(number)
   local dict = self._dict
   local bytes = dict:get("e" .. number)
   local id = bytes and record.decode(bytes).id
   dict:delete("s" .. number)
   if number <= dict:get "forgotten" or not dict:safe_set("e" .. number, record.encode { id = id }) then
      withdraw(self, number, id)
   end
   dict:incr("living", -1)
   move_head(self)
end

--- Make an event a dead letter.
---@return true|nil ok, string? message of nginx
function Log:bury(number, attempts, died_at, reason)
   local dict = self._dict
   local ok, message = keep(self, "d" .. dict:incr("letters", 1), number)
   if not ok then
      return nil, message
   end
   dict:safe_set("r" .. number, reason)
   keep(self, "s" .. number, pack(attempts, died_at, 0, 0), DEAD)
   dict:incr("living", -1)
   move_head(self)
   return true
end

-- The number of a dead letter's event; false or nil if there is no such letter.
local function buried(self, letter)
   local number = self._dict:get("d" .. letter)
   local attempts, died_at, is_dead
   if number then
      attempts, died_at, is_dead = self:state(number)
   end
   return is_dead and number, attempts, died_at
end

--- The dead letters after a letter, oldest first.
---@param after integer
---@param most integer
function Log:dead(after, most)
   local list = {}
   for letter = after + 1, self._dict:get "letters" do
      local number, attempts, died_at = buried(self, letter)
      if number and #list < most then
         local entry = self:read(number)
         entry.number, entry.attempts, entry.died_at = letter, attempts, died_at
         entry.reason = self._dict:get("r" .. number)
         list[#list + 1] = entry
      end
   end
   return list
end

local function delete_letter(dict, letter, number)
   for _, name in ipairs { "d" .. letter, "r" .. number, "s" .. number, "e" .. number } do
      dict:delete(name)
   end
end

--- Put the event of a dead letter at the end.
---@return boolean|nil ok false: there is none; string? message of nginx
function Log:replay(letter)
   local dict, number = self._dict, (buried(self, letter))
   if not number then
      return false
   end
   local new, id = dict:get "tail" + 1, self:read(number).id
   local ok, message = append(self, new, dict:get("e" .. number), id)
   if not ok then
      withdraw(self, new)
      return nil, message
   end
   dict:safe_set("tail", new)
   dict:incr("living", 1)
   delete_letter(dict, letter, number)
   return true
end

--- Delete a dead letter.
---@return boolean ok false: there is none
function Log:discard(letter)
   local number = (buried(self, letter))
   if number then
      delete_letter(self._dict, letter, number)
   end
   return number and true or false
end

---@return integer
function Log:living()
   return self._dict:get "living"
end

--- Count the events. Reads each of them.
---@param clock number
---@return { pending: integer, running: integer, delayed: integer, dead: integer, received_at: number? }
function Log:count(clock)
   local counts = { pending = 0, running = 0, delayed = 0, dead = 0 }
   self:follow(0, function(number)
      local _, due, _, lease, ends_at = self:state(number)
      local kind = lease and ends_at > clock and "running" or due > clock and "delayed" or "pending"
      counts[kind] = counts[kind] + 1
      counts.received_at = counts.received_at or self:read(number).received_at
   end)
   for letter = 1, self._dict:get "letters" do
      counts.dead = counts.dead + (buried(self, letter) and 1 or 0)
   end
   return counts
end

---@param zone kenar.Zone
---@param ids integer how many ids are known at most
---@return kenar.ShdictLog
function shdict_log.new(zone, ids)
   for _, name in ipairs(counters) do
      zone.dict:safe_add(name, name == "head" and 1 or 0)
   end
   return setmetatable({ _dict = zone.dict, _ids = ids }, Log)
end

return shdict_log
