--- The options of a single call.

local expect = require "kenar.base.expect"

local call_options = {}

-- One row for each option: returns the problem of a value, or nil.
local any = function() end

local function one_of(choices, expected)
   return function(value)
      return not choices[value] and ("expected %s, got %s"):format(expected, tostring(value)) or nil
   end
end

local function a_function(value)
   return type(value) ~= "function" and "expected a function, got " .. type(value) or nil
end

local rows = {
   access_token = function(value)
      if type(value) ~= "string" or value:find "[\r\n%z]" then
         return "expected a string without line breaks"
      end
   end,
   deadline = function(value)
      if type(value) ~= "number" or not (value > 0 and value < 1e6) then
         return "expected a number of seconds above 0"
      end
   end,
   priority = one_of({ reply = true, bulk = true }, '"reply" or "bulk"'),
   on_departure = a_function, on_response = a_function, renew = a_function,
   timeout = any, via = any, state = any, retry_maybe = any, names = any,
}

--- Check the options of a call; a mistake in them raises.
---@param options table
---@param level integer as for `error`
function call_options.check(options, level)
   expect.table(options, "options", level + 1)
   for name, value in pairs(options) do
      local row = rows[name]
      if not row then
         error(("unknown option %q of a call"):format(tostring(name)), level + 1)
      end
      local problem = row(value)
      if problem then
         error(name .. ": " .. problem, level + 1)
      end
   end
end

return call_options
