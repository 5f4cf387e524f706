--- The header lines of requests. A table of headers is compiled once and recognised by identity.

local headers = {}

-- Headers that the transport derives from the body: two lengths of one body allow request smuggling.
local OURS = { ["content-length"] = true, ["transfer-encoding"] = true, expect = true }

local LONGEST = 64 * 1024

local function fault_of(name, value)
   if value:find "[\r\n%z]" then
      return "has CR, LF or NUL in its value"
   elseif OURS[name:lower()] then
      return "is written by the transport itself: leave it out"
   elseif #name + #value > LONGEST then
      return "is longer than 64 KiB"
   end
   return nil
end

local function compile(map)
   local lines, has_host = {}, false
   for name, value in pairs(map) do
      local value_type = type(value)
      if type(name) ~= "string" or value_type ~= "string" and value_type ~= "number" then
         error("headers are a map of strings to strings", 4)
      elseif not name:find "^[%w!#$%%&'*+.^_`|~-]+$" then
         return nil, "a header name is empty or has a character that HTTP does not allow"
      end
      value = tostring(value)
      local fault = fault_of(name, value)
      if fault then
         return nil, ("the header %s %s"):format(name, fault)
      end
      has_host = has_host or name:lower() == "host"
      lines[#lines + 1] = name .. ": " .. value .. "\r\n"
   end
   return { bytes = table.concat(lines), has_host = has_host }
end

--- A function that compiles headers: `compiled(map) -> { bytes, has_host } | nil, message`.
---@return fun(map: table): table|nil, string?
function headers.compiler()
   local known = setmetatable({}, { __mode = "k" })
   return function(map)
      local lines = known[map]
      if not lines then
         local message
         lines, message = compile(map)
         if not lines then
            return nil, message
         end
         known[map] = lines
      end
      return lines
   end
end

return headers
