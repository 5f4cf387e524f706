--- Carries deliveries to the bot, and applies faults on the way: late, in another order, not at all.
--
-- A duplicate is not the courier's part: the judge queues two deliveries.

local courier = {}

---@class kenar.sandbox.Courier
---@field running integer deliveries under way; deliveries held back for a later one are not counted
local Courier = {}
Courier.__index = Courier

local function forget(list, entry)
   for i = #list, 1, -1 do
      if list[i] == entry then
         table.remove(list, i)
      end
   end
end

-- Wait until a later delivery of the conversation has been answered, or the fault's seconds are over.
local function hold(self, delivery)
   local key, entry = delivery.conversation_id or "", { gate = self.host.semaphore(0) }
   local list = self.held[key] or {}
   self.held[key] = list
   list[#list + 1] = entry
   self.running = self.running - 1
   entry.gate:wait(delivery.fault.delay)
   if not entry.is_free then
      forget(list, entry)
      self.running = self.running + 1
   end
   if #list == 0 and self.held[key] == list then
      self.held[key] = nil
   end
end

-- A released delivery counts as running from now on, so that the courier is not idle before its task runs.
local function let_go(self, delivery)
   local key = delivery.conversation_id or ""
   local list = self.held[key] or {}
   self.held[key] = nil
   for _, entry in ipairs(list) do
      entry.is_free = true
      self.running = self.running + 1
      entry.gate:post()
   end
end

local function carry(self)
   local delivery = self.judge:next_delivery()
   local fault, response, err = delivery.fault or {}, nil, nil
   if fault.kind == "reorder" then
      hold(self, delivery)
   elseif fault.delay then
      self.host.sleep(fault.delay)
   end
   local began = self.host.clock()
   if fault.kind ~= "drop" then
      response, err = self.post(delivery.request)
   end
   self.judge:delivered(delivery, response, err, self.host.clock() - began)
   if fault.kind ~= "drop" and fault.kind ~= "reorder" then
      let_go(self, delivery)
   end
   self.running = self.running - 1
end

--- Carry the judge's next delivery, as a task of the host.
function Courier:start()
   self.running = self.running + 1
   self.host.spawn(carry, self)
end

--- Make a courier.
---@param host table
---@param judge kenar.sandbox.Judge
---@param post fun(request: table): table?, any sends a request to the bot; returns the response, or nil and the error
---@return kenar.sandbox.Courier
function courier.new(host, judge, post)
   return setmetatable({ host = host, judge = judge, post = post, running = 0, held = {} }, Courier)
end

return courier
