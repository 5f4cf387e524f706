--- What is to go wrong, and when: a list of rules that calls and deliveries are held against.

local fault_rules = require "kenar.sandbox.faults.rules"

local faults = {}

local Faults = {}
Faults.__index = Faults

---@class kenar.sandbox.Strike: kenar.sandbox.FaultPart
---@field name string   the kind, or the status
---@field sees? string  what the client sees that gets no answer: "network", "timeout", "tls"
---@field ends? string  how its connection then ends: "close", "reset"

--- Make an empty list.
---@param places table<string, "call"|"event"|"asked"> the names that `at` may take beside "*", "webhook" and "clock":
---   calls, events, and what is delivered while a person waits
---@param seed? integer of draws, default 0
function faults.new(places, seed)
   return setmetatable({ places = places, seed = seed or 0, rules = {}, made = 0, struck = {}, skew = 0 }, Faults)
end

local function set_clock(self)
   self.skew = 0
   for _, rule in ipairs(self.rules) do
      self.skew = self.skew + (rule.skew or 0)
   end
end

--- Add a rule; the first added that matches strikes.
---@param fault kenar.sandbox.Fault
---@return table|nil rule, string|nil message what is wrong with it
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
---@param at string the name of a call or of what is delivered
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

--- Take a rule away by its id, or every rule.
---@param id? integer
---@return boolean done false where there is no such rule
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

--- The rules that are on, as they were written, with their id, how often each has struck, and how often it still will.
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
