--- The width and height of a PNG or JPEG picture, from its header.

local image_size = {}

local function integer(bytes, at, length)
   local value = 0
   for i = at, at + length - 1 do
      value = value * 256 + bytes:byte(i)
   end
   return value
end

local function png(bytes)
   if #bytes >= 24 and bytes:sub(13, 16) == "IHDR" then
      return integer(bytes, 17, 4), integer(bytes, 21, 4)
   end
end

-- Markers of frames (ITU T.81, table B.1): C0 to CF, but for tables (C4, CC) and a reserved one (C8).
local function is_frame(marker)
   return marker >= 0xC0 and marker <= 0xCF and marker ~= 0xC4 and marker ~= 0xC8 and marker ~= 0xCC
end

local function jpeg(bytes)
   local at = 3
   while at + 8 <= #bytes and bytes:byte(at) == 0xFF do
      local marker = bytes:byte(at + 1)
      if marker == 0xFF then
         at = at + 1
      elseif is_frame(marker) then
         return integer(bytes, at + 7, 2), integer(bytes, at + 5, 2)
      else
         at = at + 2 + integer(bytes, at + 2, 2)
      end
   end
end

--- Read the width and height.
---@param bytes string
---@return integer? width, integer? height nil if the header is not understood
function image_size.of(bytes)
   if bytes:sub(1, 8) == "\137PNG\r\n\26\n" then
      return png(bytes)
   elseif bytes:sub(1, 3) == "\255\216\255" then
      return jpeg(bytes)
   end
end

return image_size
