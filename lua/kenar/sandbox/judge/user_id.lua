--- A user's id: base64 of 32 bytes, like Divar's ids. It is computed from the name, so that an app's records of users
--- stay valid in the next sandbox.
--
-- One id in four has a slash, which must be escaped in a path. So an app that does not escape ids fails soon, but works
-- with most users.

local core = require "kenar.core"

local user_id = {}

--- The longest name, in bytes.
user_id.MAX_NAME = 29

-- The name hashed to one of four numbers; the last step is Knuth's multiplicative hash.
local function quarter(name)
   local value = 0
   for i = 1, #name do
      value = (value * 31 + name:byte(i)) % 65536
   end
   return math.floor(value * 40503 % 65536 / 16384)
end

-- The name, padded and mixed with numbers that follow from `salt`. With one salt, different names have different ids.
local function mixed(name, salt)
   local padded, bytes, number = ("%-31s"):format(name), { string.char(salt) }, salt + 1
   for i = 1, #padded do
      number = number * 75 % 65537
      bytes[i + 1] = string.char((padded:byte(i) + number) % 256)
   end
   return table.concat(bytes)
end

--- The id of the user with this name.
---@param name string at most MAX_NAME bytes
---@return string
function user_id.of(name)
   local has_slash = quarter(name) == 0
   local id
   for salt = 0, 255 do
      id = core.base64_encode(mixed(name, salt))
      if (id:find("/", 1, true) ~= nil) == has_slash then
         break
      end
   end
   return id
end

return user_id
