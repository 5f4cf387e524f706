--- What is to go wrong, and when: a list of rules that requests are held against.

local faults = {}

local Faults = {}
Faults.__index = Faults

---@class kenar.sandbox.Fault
---@field at string               an endpoint's name (`send_bot_message`), or "*" for all of them
---@field conversation_id? string only there
---@field times? integer          how often it strikes; default 1; math.huge: until cleared
---@field skip? integer           how many matching requests pass before it strikes
---@field delay? number           seconds before the answer; alone, the answer is the usual one
---@field status? integer         the HTTP status to answer with
---@field headers? table<string, string>
---@field body? string|table      default: the error Divar gives with that status
---@field kind? "network"|"timeout"|"tls"  no answer at all, and what the client then sees
---@field sent? "no"|"maybe"      with `kind`: whether the request left; default "maybe"
---@field processed? boolean      with `kind` and sent "maybe": Divar acted before the answer was lost

local fields = {
   at = "string", conversation_id = "string", times = "number", skip = "number", delay = "number", status = "number",
   headers = "table", body = true, kind = "string", sent = "string", processed = "boolean",
}
local kinds = { network = true, timeout = true, tls = true }

local function check(fault, places)
   for key, value in pairs(fault) do
      local expected = fields[key]
      if not expected then
         return ("unknown field %q of a fault"):format(tostring(key))
      elseif expected ~= true and type(value) ~= expected then
         return ("%s is a %s, got a %s"):format(key, expected, type(value))
      end
   end
   if fault.at ~= "*" and not places[fault.at] then
      local names = {}
      for name in pairs(places) do
         names[#names + 1] = name
      end
      table.sort(names)
      return ("at is \"*\" or one of %s, got %s"):format(table.concat(names, ", "), tostring(fault.at))
   end
   if fault.kind and not kinds[fault.kind] then
      return ("kind is network, timeout or tls, got %s"):format(fault.kind)
   end
   if fault.kind and fault.status then
      return "a fault has a status or a kind, not both"
   end
   if not (fault.kind or fault.status or fault.delay) then
      return "a fault needs a status, a kind or a delay"
   end
   if fault.sent and fault.sent ~= "no" and fault.sent ~= "maybe" then
      return ("sent is no or maybe, got %s"):format(fault.sent)
   end
end

--- Make an empty list.
---@param places table<string, any> keyed by the names that `at` may take
function faults.new(places)
   return setmetatable({ places = places, rules = {} }, Faults)
end

--- Add a rule; the first added that matches strikes.
---@param fault kenar.sandbox.Fault
---@return kenar.sandbox.Fault|nil rule, string|nil message what is wrong with it
function Faults:add(fault)
   local message = check(fault, self.places)
   if message then
      return nil, message
   end
   local rule = { times = 1, skip = 0 }
   for key, value in pairs(fault) do
      rule[key] = value
   end
   if rule.kind then
      rule.sent = rule.sent or "maybe"
   end
   self.rules[#self.rules + 1] = rule
   return rule
end

--- The fault that strikes a request now, counted down.
---@param at string the endpoint's name
---@param conversation_id? string
---@return kenar.sandbox.Fault?
function Faults:take(at, conversation_id)
   for i, rule in ipairs(self.rules) do
      local here = (rule.at == "*" or rule.at == at)
         and (rule.conversation_id == nil or rule.conversation_id == conversation_id)
      if here and rule.skip > 0 then
         rule.skip = rule.skip - 1
      elseif here then
         rule.times = rule.times - 1
         if rule.times <= 0 then
            table.remove(self.rules, i)
         end
         return rule
      end
   end
end

--- Take every rule away.
function Faults:clear()
   self.rules = {}
end

return faults
