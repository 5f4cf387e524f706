--- The options of a single call.

local checks = require "kenar.base.options"

local call_options = {}

local function one_of(choices, expected)
   return function(value)
      return not choices[value] and ("expected %s, got %s"):format(expected, tostring(value)) or nil
   end
end

local function a_function(value)
   return type(value) ~= "function" and "expected a function, got " .. type(value) or nil
end

-- The rows that kenar.base.options checks by.
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
   timeout = true, via = true, state = true, retry_maybe = true, names = true,
}

--- Check the options of a call; a mistake in them raises.
---@param options table
---@param level integer as for `error`
function call_options.check(options, level)
   checks.check(options, rows, "unknown option %q of a call", level + 1)
end

return call_options
