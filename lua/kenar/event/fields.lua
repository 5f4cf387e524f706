--- Readers of fields, and the contents of chat messages: one row for each of Divar's seven message types.
--
-- The documents print integers as numbers, Divar's OpenAPI file types 64-bit ones as strings, and the old hook wrote
-- coordinates both ways: every figure is read from either form.

local json = require "kenar.json"

local fields = {}

--- A string that is not empty: null, the empty string (protobuf's zero value) and other types are absent.
---@param value any
---@return string?
function fields.text(value)
   if type(value) == "string" and value ~= "" then
      return value
   end
end

--- A number, or a string that holds one.
---@param value any
---@return number?
function fields.number(value)
   if type(value) == "number" then
      return value
   end
   if type(value) == "string" and value:find "^[%d.eE+-]+$" then
      return tonumber(value)
   end
end

--- An object; null and other types are absent.
---@param value any
---@return table?
function fields.object(value)
   if type(value) == "table" and getmetatable(value) ~= json.array_mt then
      return value
   end
end

local sides = { SELLER = "SELLER", BUYER = "BUYER", SUPPLY = "SELLER", DEMAND = "BUYER" }

--- A list; null and other types are an empty one.
---@param value any
---@return table
function fields.array(value)
   return type(value) == "table" and value or {}
end

--- A side by any of its names: Divar's documents use two pairs, in capitals and not.
---@param value any
---@return "SELLER"|"BUYER"|nil
function fields.side(value)
   return type(value) == "string" and (sides[value] or sides[value:upper()]) or nil
end

--- The URL by which the user returns to Divar, under any of the three names that it has had.
---@param source table
---@return string?
function fields.return_url(source)
   local text = fields.text
   return text(source.completion_url) or text(source.return_url) or text(source.callback_url)
end

--- An object without its nulls, as a button's data is.
---@param value any
---@return table?
function fields.data(value)
   local source = fields.object(value)
   if not source then
      return nil
   end
   local data = {}
   for key, item in pairs(source) do
      if item ~= json.null then
         data[key] = item
      end
   end
   return data
end

local text, number, object = fields.text, fields.number, fields.object

--- Read an object field by field. Fields that Divar adds later are kept; nulls are not.
---@param source any
---@param readers table<string, function> for each known field
---@return table? result nil if it is not an object
function fields.read(source, readers)
   source = object(source)
   if not source then
      return nil
   end
   local result = {}
   for key, value in pairs(source) do
      local reader = readers[key]
      if reader then
         result[key] = reader(value)
      elseif value ~= json.null then
         result[key] = value
      end
   end
   return result
end

local read = fields.read

local place = { latitude = number, longitude = number }

-- `key` is the message's field, `name` the event's.
local types = {
   TEXT = { name = "text" },
   IMAGE = {
      name = "image", key = "image_data",
      readers = { link = text, size_bytes = number, height_px = number, width_px = number },
   },
   FILE = { name = "file", key = "file_data", readers = { link = text, name = text, size_bytes = number } },
   VOICE = { name = "voice", key = "voice_data", readers = { link = text, size_bytes = number } },
   LOCATION = { name = "location", key = "location_data", readers = place },
   VIDEO = {
      name = "video", key = "video_data", readers = { link = text, thumbnail_link = text, size_bytes = number },
   },
   CONTACT = { name = "contact", key = "contact_data", readers = { name = text, phone = text } },
}

--- The event's name of a message type, `unknown` for one that Divar adds after this was written.
---@param message_type string?
---@return string
function fields.type_name(message_type)
   local row = types[message_type]
   return row and row.name or "unknown"
end

-- The names of the known message types, and the media by the event's names.
local media = {}
fields.type_names, fields.media = {}, {}
for _, row in pairs(types) do
   fields.type_names[#fields.type_names + 1] = row.name
   if row.key then
      media[row.name] = row
      fields.media[#fields.media + 1] = row.name
   end
end

--- One medium of a message; nil if the message does not have it.
---@param name string one of fields.media
---@param message table Divar's Message object
---@return table?
function fields.medium(name, message)
   local row = media[name]
   return read(message[row.key], row.readers)
end

--- A place, of a location message or of a click on one.
---@param value any
---@return { latitude: number, longitude: number }?
function fields.location(value)
   return read(value, place)
end

return fields
