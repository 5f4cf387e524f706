--- Who may post to a bot, by address: one more door before the identification key, for those who want it.
--
-- The address is that of the connection. What X-Forwarded-For says counts only where the connection comes from a proxy
-- that was named: anybody can write that header.

local core = require "kenar.core"

local access = {}

local floor = math.floor
local find, sub = string.find, string.sub

--- The addresses that Divar publishes (its docs, events page, 2025-09). They are stated for events alone: sessions and
--- dynamic actions may come from others, so look at the log before you rely on this.
access.DIVAR = { "78.111.6.41", "78.111.6.42", "78.111.6.43", "31.214.250.128/27" }

---@class kenar.Network
---@field bytes integer[] 4 or 16
---@field prefix integer  bits

-- "010" is ten to some and eight to others.
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

-- An address as its 4 or 16 bytes; nil for anything else. The longest text is that of a mapped one.
local function address(text)
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

local function network(text)
   if type(text) ~= "string" then
      return nil, "expected an address such as 192.0.2.0/24, got " .. type(text)
   end
   local host, length = text:match "^([^/]*)/(%d%d?%d?)$"
   local bytes = address(host or text)
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
function access.networks(list)
   if type(list) ~= "table" then
      return nil, "expected a list of addresses and networks, got " .. type(list)
   end
   local networks = {}
   for index, each in ipairs(list) do
      local message
      networks[index], message = network(each)
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

local function is_in_any(bytes, networks)
   for index = 1, #networks do
      if is_in(bytes, networks[index]) then
         return true
      end
   end
   return false
end

-- The addresses of X-Forwarded-For; a server gives a repeated header joined by commas, or as a list.
local function forwarded(header)
   if type(header) == "table" then
      header = table.concat(header, ",")
   end
   local list, from = {}, 1
   repeat
      local comma = find(header or "", ",", from, true)
      list[#list + 1] = core.trim(sub(header or "", from, (comma or 0) - 1))
      from = comma and comma + 1
   until not from
   if #list == 1 and list[1] == "" then
      return {}
   end
   return list
end

---@class kenar.Access
local Access = {}
Access.__index = Access

--- Whether a request may come in. From the connection back, each trusted proxy vouches for the hop before it.
---@param request { remote_addr: string?, headers: table }
---@return boolean allowed, string? reason
function Access:allows(request)
   local caller = request.remote_addr
   local bytes = address(caller)
   local hops = forwarded(request.headers["x-forwarded-for"])
   for index = #hops, 1, -1 do
      if not bytes or not is_in_any(bytes, self._proxies) then
         break
      end
      caller = hops[index]
      bytes = address(caller)
   end
   if not bytes then
      return false, "the caller's address cannot be read"
   elseif not is_in_any(bytes, self._allowed) then
      return false, "not an allowed address: " .. caller
   end
   return true
end

--- Make the check.
---@param allowed kenar.Network[] of access.networks
---@param proxies? kenar.Network[]
---@return kenar.Access
function access.new(allowed, proxies)
   return setmetatable({ _allowed = allowed, _proxies = proxies or {} }, Access)
end

return access
