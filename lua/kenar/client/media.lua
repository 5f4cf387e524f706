--- Pictures, files, voices and videos: one call for a token, then the bytes to another host.
--
-- The formats and sizes are those of Divar's documents, which do not say whether an MB is 10^6 or 2^20 bytes. The
-- smaller is the limit here, so that Divar refuses nothing that has passed.

local errors = require "kenar.error"
local hosts = require "kenar.host"
local json = require "kenar.json"
local multipart = require "kenar.client.multipart"
local retry = require "kenar.client.retry"

local media = {}

local MB = 1000000

-- One row a format: its media type, how such a file begins, and at which byte.
local ZIP, OLE, FTYP = "PK\3\4", "\208\207\17\224\161\177\26\225", "ftyp"
local OFFICE = "application/vnd.openxmlformats-officedocument."
local formats = {
   png = { "image/png", "\137PNG\r\n\26\n", 1 },
   jpeg = { "image/jpeg", "\255\216\255", 1 },
   jpg = { "image/jpeg", "\255\216\255", 1 },
   pdf = { "application/pdf", "%PDF-", 1 },
   doc = { "application/msword", OLE, 1 },
   xls = { "application/vnd.ms-excel", OLE, 1 },
   ppt = { "application/vnd.ms-powerpoint", OLE, 1 },
   docx = { OFFICE .. "wordprocessingml.document", ZIP, 1 },
   xlsx = { OFFICE .. "spreadsheetml.sheet", ZIP, 1 },
   pptx = { OFFICE .. "presentationml.presentation", ZIP, 1 },
   m4a = { "audio/mp4", FTYP, 5 },
   ["3gp"] = { "audio/3gpp", FTYP, 5 },
   mp4 = { "video/mp4", FTYP, 5 },
}

-- One row a kind; `max` in MB.
local kinds = {
   image = { max = 5, formats = "png jpeg jpg" },
   file = { max = 5, formats = "pdf doc docx xls xlsx ppt pptx" },
   voice = { max = 1.5, formats = "m4a 3gp" },
   video = { max = 50, formats = "mp4" },
}

local LONGEST_BEGINNING = 16
local source_keys = { path = true, bytes = true, name = true, on_progress = true }

local function refuse(kind, path, problem)
   return nil, errors.new {
      kind = kind, path = path, message = problem, sent = "no", retryable = false, endpoint = "upload_media",
   }
end

local function names_of(set)
   local names = {}
   for name in pairs(set) do
      names[#names + 1] = name
   end
   table.sort(names)
   return table.concat(names, ", ")
end

-- The size of a source and its first bytes.
local function look_at(source)
   if source.bytes then
      return #source.bytes, source.bytes:sub(1, LONGEST_BEGINNING)
   end
   local file, problem = io.open(source.path, "rb")
   if not file then
      return nil, problem
   end
   local beginning = file:read(LONGEST_BEGINNING)
   local size = file:seek "end"
   file:close()
   -- A folder can be opened, but not read.
   if not size or beginning == nil and size > 0 then
      return nil, source.path .. ": cannot be read as a file"
   end
   return size, beginning or ""
end

-- Everything that can be known before the first byte leaves.
local function check(kind, source)
   for key in pairs(source) do
      if not source_keys[key] then
         error(("unknown field %q of a medium"):format(tostring(key)), 3)
      end
   end
   if (type(source.path) == "string") == (type(source.bytes) == "string") then
      error("a medium has a path, or bytes and a name", 3)
   end
   local name = source.name or source.path and (source.path:match "^.*/(.*)$" or source.path)
   if type(name) ~= "string" or name == "" then
      error("name: expected the file's name, got " .. type(name), 3)
   end
   local row = kinds[kind]
   local ending = (name:match "%.(%w+)$" or "none"):lower()
   if not (" " .. row.formats .. " "):find(" " .. ending .. " ", 1, true) then
      return refuse("invalid", "name", ("%q: Divar takes %s of these formats: %s"):format(name, kind, row.formats))
   end
   local size, beginning = look_at(source)
   if not size then
      return refuse("invalid", "path", beginning)
   end
   if size == 0 then
      return refuse("invalid", source.path and "path" or "bytes", "the file is empty")
   end
   if size > row.max * MB then
      return refuse("too_large", source.path and "path" or "bytes",
         ("%d bytes; Divar takes at most %g MB of %s, which kenar counts as %d bytes"):format(size, row.max, kind,
            row.max * MB))
   end
   local format = formats[ending]
   local magic, from = format[2], format[3]
   if beginning:sub(from, from + #magic - 1) ~= magic then
      return refuse("invalid", source.path and "path" or "bytes",
         ("%q does not begin as a %s file does"):format(name, ending:upper()))
   end
   return { name = name, size = size, type = format[1] }
end

local endpoint = { name = "upload_media", method = "POST" }

-- What each step of an upload takes over of the options of the whole.
local function steps_of(options)
   return options and {
      deadline = options.deadline, retry_maybe = options.retry_maybe, priority = options.priority,
   }
end

--- Upload a medium.
---@param client kenar.Client
---@param kind "image"|"file"|"voice"|"video"
---@param source table see kenar.Client.upload_media
---@param options? { timeout: number?, deadline: number?, retry_maybe: boolean?, priority: string? }
---@return { media_token: string }? result, kenar.Error? err
function media.upload(client, kind, source, options)
   if not kinds[kind] then
      error(("kind of medium: expected one of %s, got %q"):format(names_of(kinds), tostring(kind)), 2)
   end
   if type(source) ~= "table" then
      error("a medium is a table such as { path = \"photo.jpg\" }, got " .. type(source), 2)
   end
   local file, err = check(kind, source)
   if not file then
      return nil, err
   end
   local ticket
   ticket, err = client:create_upload_token(steps_of(options))
   if not ticket then
      return nil, err
   end
   if type(ticket.token) ~= "string" or ticket.token:find "[\r\n%z]" then
      return refuse("http", "token", "Divar gave no upload token")
   end

   local values = client._values
   local body, content_type = multipart.file("file", file.name, file.type,
      source.bytes or { path = source.path, size = file.size })
   local result
   -- Another host: neither the API key nor the user's token goes there.
   result, err = retry.send(client._host or hosts.current(), endpoint, {
      method = "POST",
      url = values.upload_url .. "/upload/" .. kind,
      headers = {
         authorization = "Bearer " .. ticket.token, accept = "*/*", ["content-type"] = content_type,
      },
      body = body,
      timeout = options and options.timeout or 60 + file.size / 65536,
      connect_timeout = values.connect_timeout,
      on_progress = source.on_progress,
   }, values, options, nil, client._metrics)
   if not result then
      return nil, err
   end
   if type(result.id) ~= "string" or result.id == "" then
      return nil, errors.new {
         kind = "http", endpoint = endpoint.name, method = "POST", sent = "yes", retryable = false,
         message = "the upload was accepted, but its answer has no id", body = json.encode(result),
      }
   end
   return { media_token = result.id, status = result.status }
end

--- Whether a message has a medium that is still to be uploaded.
---@param content kenar.Message
---@return boolean
function media.is_in(content)
   return content.image ~= nil or content.file ~= nil or content.voice ~= nil or content.video ~= nil
end

--- A message whose medium is uploaded: `image = { path = }` or one of its sisters becomes a media_token.
---@param client kenar.Client
---@param content kenar.Message with a medium
---@param options? { deadline: number?, retry_maybe: boolean? } for each step of the upload
---@return kenar.Message? content, kenar.Error? err
function media.resolve(client, content, options)
   local found
   for kind in pairs(kinds) do
      if content[kind] ~= nil then
         if found then
            return refuse("invalid", kind, "a message has one medium, this one has " .. found .. " as well")
         end
         found = kind
      end
   end
   if content.text ~= nil or content.media_token ~= nil then
      return refuse("invalid", found, "a message has a text or one medium, this one has "
         .. (content.text ~= nil and "text" or "media_token") .. " as well")
   end
   local result, err = media.upload(client, found, content[found], steps_of(options))
   if not result then
      return nil, err
   end
   local resolved = {}
   for key, value in pairs(content) do
      resolved[key] = value
   end
   resolved[found] = nil
   resolved.media_token = result.media_token
   return resolved
end

return media
