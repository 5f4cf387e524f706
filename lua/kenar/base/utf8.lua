--- Bytes of any origin as valid UTF-8. A byte that belongs to no character becomes U+FFFD.

local core = require "kenar.core"

local REPLACEMENT = "\239\191\189"

-- The well-formed sequences of more than one byte (Unicode 15, table 3-7).
local sequences = {
   "^[\194-\223][\128-\191]",
   "^\224[\160-\191][\128-\191]",
   "^[\225-\236\238\239][\128-\191][\128-\191]",
   "^\237[\128-\159][\128-\191]",
   "^\240[\144-\191][\128-\191][\128-\191]",
   "^[\241-\243][\128-\191][\128-\191][\128-\191]",
   "^\244[\128-\143][\128-\191][\128-\191]",
}

local function end_of_sequence(bytes, at)
   for _, pattern in ipairs(sequences) do
      local _, last = bytes:find(pattern, at)
      if last then
         return last
      end
   end
   return nil
end

--- The text, one U+FFFD in the place of every byte that belongs to no character.
---@param bytes string
---@return string text
return function(bytes)
   if core.utf8_valid(bytes) then
      return bytes
   end
   local parts, at = {}, 1
   while at <= #bytes do
      local _, last = bytes:find("^[^\128-\255]+", at)
      last = last or end_of_sequence(bytes, at)
      parts[#parts + 1] = last and bytes:sub(at, last) or REPLACEMENT
      at = (last or at) + 1
   end
   return table.concat(parts)
end
