--- The fault rules of a sandbox: calls and deliveries are matched against them.

local fault_rules = require "kenar.sandbox.faults.rules"

local faults = {}

local Faults = {}
Faults.__index = Faults

---@class kenar.sandbox.Strike: kenar.sandbox.FaultPart
---@field name string   the kind, or the status
---@field sees? string  the error that a client without a response sees: "network", "timeout", "tls"
---@field ends? string  the end of its connection: "close", "reset"

--- Make an empty list.
---@param places table<string, "call"|"event"|"asked"> the names that `at` may take beside "*", "webhook" and "clock":
---   calls, events, and deliveries for which a person waits
---@param seed? integer of the draws, default 0
function faults.new(places, seed)
   return setmetatable({ places = places, seed = seed or 0, rules = {}, made = 0, struck = {}, skew = 0 }, Faults)
end

local function set_clock(self)
   self.skew = 0
   for _, rule in ipairs(self.rules) do
      self.skew = self.skew + (rule.skew or 0)
   end
end

--- Add a rule. The first rule that matches strikes.
---@param fault kenar.sandbox.Fault
---@return table|nil rule, string|nil message the mistake in it
function Faults:add(fault)
   local rule, message = fault_rules.new(fault, self.places, self.seed, self.made + 1)
   if not rule then
      return nil, message
   end
   self.made = self.made + 1
   self.rules[#self.rules + 1] = rule
   set_clock(self)
   return rule
end

local function matches(rule, at, group, conversation_id)
   local is_here = rule.at == at or rule.at == "*" and group == "call" or rule.at == "webhook" and group == "event"
   return is_here and (rule.conversation_id == nil or rule.conversation_id == conversation_id)
end

-- Whether a rule that matches strikes this time.
local function strikes(rule)
   if rule.skip > 0 then
      rule.skip = rule.skip - 1
      return false
   end
   return not rule.rate or rule.dice:draw() < rule.rate
end

--- The fault that strikes now, counted down.
---@param at string the name of a call or a delivery
---@param conversation_id? string
---@return kenar.sandbox.Strike?
function Faults:take(at, conversation_id)
   local group = self.places[at]
   for i, rule in ipairs(self.rules) do
      if matches(rule, at, group, conversation_id) and strikes(rule) then
         rule.times = rule.times - 1
         if rule.times <= 0 then
            table.remove(self.rules, i)
         end
         local parts = rule.parts
         local part = parts[2] and parts[rule.dice:pick(#parts)] or parts[1]
         rule.struck = rule.struck + 1
         self.struck[part.name] = (self.struck[part.name] or 0) + 1
         return part
      end
   end
end

--- Remove a rule by its id, or all rules.
---@param id? integer
---@return boolean done false if there is no such rule
function Faults:clear(id)
   local kept, count = {}, #self.rules
   for _, rule in ipairs(self.rules) do
      if id and rule.id ~= id then
         kept[#kept + 1] = rule
      end
   end
   self.rules = kept
   set_clock(self)
   return id == nil or #kept < count
end

--- The active rules as written, with their ids and the counts of past and remaining strikes.
---@return table[]
function Faults:list()
   local list = {}
   for i, rule in ipairs(self.rules) do
      local shown = {}
      for name, value in pairs(rule.given) do
         shown[name] = value
      end
      shown.id, shown.struck = rule.id, rule.struck
      shown.times = rule.times < math.huge and rule.times or "forever"
      list[i] = shown
   end
   return list
end

return faults
