--- Encodes an event as bytes, for inboxes outside of the process. Each field has its name, its length and its value.

local record = {}

-- The fields that are texts.
local TEXTS = { "id", "order_key", "kind", "path", "body" }
-- Prefix of a header's name.
local HEADER = "header "

local function append(pieces, name, value)
   pieces[#pieces + 1] = ("%s=%d:"):format(name, #value)
   pieces[#pieces + 1] = value
end

--- Encode an event.
---@param entry kenar.InboxEntry
---@return string bytes
function record.encode(entry)
   local pieces = {}
   for _, name in ipairs(TEXTS) do
      if entry[name] ~= nil then
         append(pieces, name, entry[name])
      end
   end
   if entry.received_at then
      append(pieces, "received_at", ("%.17g"):format(entry.received_at))
   end
   if entry.headers then
      append(pieces, "headers", "")
      for name, value in pairs(entry.headers) do
         if name ~= "authorization" then
            append(pieces, HEADER .. name, value)
         end
      end
   end
   return table.concat(pieces)
end

--- Decode an event.
---@param bytes string
---@return kenar.InboxEntry entry with the fields that could be read
function record.decode(bytes)
   local entry, at = {}, 1
   while true do
      local name, length, begin = bytes:match("^([^=]+)=(%d+):()", at)
      if not name then
         return entry
      end
      at = begin + length
      local value = bytes:sub(begin, at - 1)
      local header = name:match("^" .. HEADER .. "(.*)$")
      if header then
         entry.headers[header] = value
      elseif name == "headers" then
         entry.headers = {}
      else
         entry[name] = name == "received_at" and tonumber(value) or value
      end
   end
end

return record
