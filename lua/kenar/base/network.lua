--- IP addresses and networks, IPv4 and IPv6: reading them, and whether an address is in one.

local network = {}

local floor = math.floor

--- The addresses that Divar publishes (its docs, events page, 2025-09). Divar states them for events alone. Sessions
--- and dynamic actions may come from other addresses, so look at the log before you rely on this list.
network.DIVAR = { "78.111.6.41", "78.111.6.42", "78.111.6.43", "31.214.250.128/27" }

---@class kenar.Network
---@field bytes integer[] 4 or 16
---@field prefix integer  bits

-- "010" is ten to some programs and eight to others, so it is refused.
local function ipv4(text)
   local bytes = { text:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$" }
   for index = 1, #bytes do
      local part = bytes[index]
      if #part > 3 or #part > 1 and part:byte() == 48 or tonumber(part) > 255 then
         return nil
      end
      bytes[index] = tonumber(part)
   end
   return bytes[4] and bytes
end

-- The groups of one side of a `::`, as bytes; the last may be an IPv4 address.
local function groups(text, may_end_in_ipv4)
   local bytes = {}
   if text == "" then
      return bytes
   end
   local rest = text .. ":"
   while rest ~= "" do
      local group
      group, rest = rest:match "^([^:]*):(.*)$"
      local inner = rest == "" and may_end_in_ipv4 and ipv4(group)
      if inner then
         for index = 1, 4 do
            bytes[#bytes + 1] = inner[index]
         end
      elseif #group <= 4 and group:find "^%x+$" then
         local value = tonumber(group, 16)
         bytes[#bytes + 1] = floor(value / 256)
         bytes[#bytes + 1] = value % 256
      else
         return nil
      end
   end
   return bytes
end

local function ipv6(text)
   local before, after = text:match "^(.-)::(.*)$"
   if not before then
      local bytes = groups(text, true)
      return bytes and #bytes == 16 and bytes
   end
   local bytes, tail = groups(before, false), groups(after, true)
   if not bytes or not tail or #bytes + #tail > 14 then
      return nil
   end
   for _ = 1, 16 - #bytes - #tail do
      bytes[#bytes + 1] = 0
   end
   for index = 1, #tail do
      bytes[#bytes + 1] = tail[index]
   end
   return bytes
end

-- `::ffff:192.0.2.1` is how a socket for both families shows an IPv4 address.
local function is_mapped(bytes)
   for index = 1, 10 do
      if bytes[index] ~= 0 then
         return false
      end
   end
   return bytes[11] == 255 and bytes[12] == 255
end

--- An address as its 4 or 16 bytes.
---@param text any
---@return integer[]? bytes nil if it is no address; the longest text is a mapped one of 45 bytes
function network.address(text)
   if type(text) ~= "string" or #text > 45 then
      return nil
   end
   local bytes = ipv4(text) or text:find(":", 1, true) and ipv6(text) or nil
   if bytes and #bytes == 16 and is_mapped(bytes) then
      return { bytes[13], bytes[14], bytes[15], bytes[16] }
   end
   return bytes
end

local function has_bits_beyond(bytes, prefix)
   for index = 1, #bytes do
      local host_bits = math.min(8, math.max(0, index * 8 - prefix))
      if bytes[index] % 2 ^ host_bits ~= 0 then
         return true
      end
   end
   return false
end

local function read(text)
   if type(text) ~= "string" then
      return nil, "expected an address such as 192.0.2.0/24, got " .. type(text)
   end
   local host, length = text:match "^([^/]*)/(%d%d?%d?)$"
   local bytes = network.address(host or text)
   if not bytes then
      return nil, ("%q is no address and no network such as 192.0.2.0/24 or 2001:db8::/32"):format(text)
   end
   local prefix = tonumber(length) or #bytes * 8
   if prefix > #bytes * 8 then
      return nil, ("%q: at most /%d"):format(text, #bytes * 8)
   elseif has_bits_beyond(bytes, prefix) then
      return nil, ("%q: has bits beyond its first %d; is the network meant, or one address?"):format(text, prefix)
   end
   return { bytes = bytes, prefix = prefix }
end

--- Read a list of networks.
---@param list any addresses and CIDRs, IPv4 and IPv6
---@return kenar.Network[]? networks, string? message what is wrong with it
function network.list(list)
   if type(list) ~= "table" then
      return nil, "expected a list of addresses and networks, got " .. type(list)
   end
   local networks = {}
   for index, each in ipairs(list) do
      local message
      networks[index], message = read(each)
      if message then
         return nil, message
      end
   end
   return networks
end

local function is_in(bytes, each)
   local own, whole = each.bytes, floor(each.prefix / 8)
   if #own ~= #bytes then
      return false
   end
   for index = 1, whole do
      if own[index] ~= bytes[index] then
         return false
      end
   end
   local unit = 2 ^ (8 - each.prefix % 8)
   return unit == 256 or floor(own[whole + 1] / unit) == floor(bytes[whole + 1] / unit)
end

--- Whether an address is in one of these networks.
---@param bytes integer[] of network.address
---@param networks kenar.Network[]
---@return boolean
function network.is_in_any(bytes, networks)
   for index = 1, #networks do
      if is_in(bytes, networks[index]) then
         return true
      end
   end
   return false
end

return network
