--- Reads a row of `bot:send_many`: its key, its address and its message.

local addresses = require "kenar.send.address"
local errors = require "kenar.error"

local send_row = {}

---@class kenar.SendRow
---@field row table               as the caller gave it
---@field key? string
---@field number? integer
---@field place string            the row's position in its source, for people
---@field address kenar.Address
---@field message string|kenar.Message
---@field timeout? number

--- The fields that belong to the address. If there is a template, all other fields are its values.
send_row.reserved = {
   key = true, conversation_id = true, bot_conversation_id = true, user_id = true, as = true, post_token = true,
   grant = true,
}

local function refuse(place, message)
   return nil, errors.new { kind = "invalid", path = place, message = message, sent = "no", retryable = false }
end

-- 5, 5.0 and "5" are one key, on every VM.
local function text_of(key)
   if type(key) ~= "number" then
      return key
   end
   return (key % 1 == 0 and math.abs(key) < 2 ^ 63) and ("%d"):format(key) or ("%.17g"):format(key)
end

--- The key of a row.
---@param row any
---@param place string
---@param is_needed boolean
---@return string? key nil if the row has none
---@return kenar.Error? err kind `invalid`
function send_row.key(row, place, is_needed)
   if type(row) ~= "table" then
      return refuse(place, "expected a table, got " .. type(row))
   end
   local key = text_of(row.key)
   if key == nil or key == "" then
      if is_needed then
         return refuse(place, "it has no key, by which the journal knows what was sent")
      end
      return nil
   elseif type(key) ~= "string" then
      return refuse(place, "key: expected a string or a number, got " .. type(key))
   end
   return key
end

-- The request of `bot:send` for a row.
local function request_of(row, template)
   local request = {}
   for name, value in pairs(row) do
      if name ~= "key" and (not template or send_row.reserved[name]) then
         request[name] = value
      end
   end
   if template then
      local ok, message, err = pcall(template.render, template, row)
      if not ok then
         return nil, { message = tostring(message) } -- a filter of the program's own
      elseif not message then
         return nil, err
      end
      request.message = message
   end
   return request
end

--- Read a row.
---@param row table
---@param place string
---@param template? kenar.Template
---@return kenar.SendRow? item without its key
---@return kenar.Error? err kind `invalid`, with the row's place in `path`
function send_row.read(row, place, template)
   local request, err = request_of(row, template)
   if not request then
      return refuse(err.path and ("%s: %s"):format(place, err.path) or place, err.message)
   end
   local address, problem = addresses.read(request)
   if not address then
      return refuse(place, problem)
   end
   return { row = row, place = place, address = address, message = request.message, timeout = request.timeout }
end

return send_row
