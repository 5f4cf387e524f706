--- The contents of messages that are not text: pictures, files, voices, videos, places and contacts.

local contents = {}

-- One row per kind: its name on the wire, its field of a message, and the default values.
contents.kinds = {
   image = {
      type = "IMAGE", key = "image_data",
      defaults = { link = "https://example.com/image.jpg", size_bytes = 204800, height_px = 1080, width_px = 1920 },
   },
   file = {
      type = "FILE", key = "file_data",
      defaults = { link = "https://example.com/document.pdf", name = "document.pdf", size_bytes = 1048576 },
   },
   voice = {
      type = "VOICE", key = "voice_data", defaults = { link = "https://example.com/voice.ogg", size_bytes = 512000 },
   },
   video = {
      type = "VIDEO", key = "video_data",
      defaults = {
         link = "https://example.com/video.mp4", thumbnail_link = "https://example.com/thumbnail.jpg",
         size_bytes = 20971520,
      },
   },
   location = { type = "LOCATION", key = "location_data", defaults = { latitude = 35.6892, longitude = 51.389 } },
   contact = { type = "CONTACT", key = "contact_data", defaults = { phone = "+989123456789" } },
}

local by_type = {}
for _, row in pairs(contents.kinds) do
   by_type[row.type] = row
end

--- The field of a message of this type; nil for a text.
---@param message_type string
---@return string?
function contents.key(message_type)
   local row = by_type[message_type]
   return row and row.key
end

local function filled_in(defaults, given)
   local content = {}
   for key, value in pairs(defaults) do
      content[key] = value
   end
   for key, value in pairs(given) do
      content[key] = value
   end
   return content
end

--- The content of a person's message.
---@param kind string
---@param given? table Divar's fields; what is absent is filled in
function contents.of_person(kind, given)
   return filled_in(contents.kinds[kind].defaults, given or {})
end

--- The content of an app's message, which the app has uploaded.
---@param message_type string
---@param token string the media_token
---@param medium? table as in kenar.sandbox.judge.state's media; nil if it was never uploaded
function contents.of_app(message_type, token, medium)
   local defaults, link = by_type[message_type].defaults, "https://example.com/media/" .. token
   medium = medium or {}
   return filled_in(defaults, {
      link = link, thumbnail_link = defaults.thumbnail_link and link .. "/thumbnail.jpg",
      name = defaults.name and medium.name, size_bytes = medium.size, width_px = medium.width,
      height_px = medium.height,
   })
end

return contents
