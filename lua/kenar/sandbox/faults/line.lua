--- A fault in one line: `at=send_bot_message,kinds=drop+429,retry_after=2,rate=0.05`.

local core = require "kenar.core"
local fault_rules = require "kenar.sandbox.faults.rules"

local fault_line = {}

local booleans = { ["true"] = true, ["false"] = false }

local function kinds_of(text)
   local kinds = {}
   for kind in text:gmatch "[^+]+" do
      kinds[#kinds + 1] = kind
   end
   return kinds
end

-- The value of a field, converted to the field's type; nil if it cannot be converted.
local function value_of(name, text)
   local type_name = fault_rules.type_of(name)
   if name == "times" and text == "forever" then
      return text
   elseif name == "kinds" then
      return kinds_of(text)
   elseif type_name == "number" then
      return tonumber(text)
   elseif type_name == "boolean" then
      return booleans[text]
   elseif type_name == "table" then
      return nil
   elseif name == "retry_after" then
      return tonumber(text) or text
   end
   return text
end

--- Read a line: fields as `name=value`, separated by commas. `headers`, a `body` with commas, and kinds with fields of
--- their own need the API.
---@param text string
---@return kenar.sandbox.Fault? fault, string? problem
function fault_line.read(text)
   local fault = {}
   for field in text:gmatch "[^,]+" do
      local name, value = field:match "^%s*([%w_]+)%s*=(.*)$"
      if not name then
         return nil, ("expected name=value, got %q"):format(field)
      elseif fault_rules.type_of(name) == false then
         return nil, ("unknown field %q of a fault"):format(name)
      end
      value = core.trim(value)
      fault[name] = value_of(name, value)
      if fault[name] == nil then
         return nil, ("%s is a %s, got %q"):format(name, fault_rules.type_of(name), value)
      end
   end
   return fault
end

--- A strike in a few words: `429, Retry-After 2`, `delay, 0.5 s`, `drop, carried out`.
---@param strike kenar.sandbox.Strike
---@return string
function fault_line.write(strike)
   local words = { strike.name }
   if strike.retry_after then
      words[#words + 1] = "Retry-After " .. strike.headers["retry-after"]
   end
   if strike.delay then
      words[#words + 1] = ("%g s"):format(strike.delay)
   end
   if strike.processed and strike.kind ~= "half" and strike.kind ~= "reset_after" then
      words[#words + 1] = "carried out"
   end
   return table.concat(words, ", ")
end

return fault_line
