--- Uploads pictures, files, voices and videos: one call for a token, then a call to another host with the bytes.
--
-- Formats and sizes are taken from Divar's documents, which do not say whether an MB is 10^6 or 2^20 bytes. The limit
-- here is the smaller one, so that Divar refuses no file that passes.

local call_options = require "kenar.client.options"
local checks = require "kenar.base.options"
local core = require "kenar.core"
local endpoints = require "kenar.client.endpoints"
local errors = require "kenar.error"
local json = require "kenar.json"

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

-- The size of a source and its first bytes; nil and a message if it cannot be read.
local function inspect(source)
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
   -- A folder can be opened but not read.
   if not size or beginning == nil and size > 0 then
      return nil, source.path .. ": cannot be read as a file"
   end
   return size, beginning or ""
end

-- The checks before the first byte is sent.
local function check(kind, source)
   checks.check(source, source_keys, "unknown field %q of a medium", 3)
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
   local size, beginning = inspect(source)
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

-- As browsers write names (WHATWG HTML, "multipart/form-data encoding algorithm"): quotes and line breaks cannot end
-- the header.
local escapes = { ['"'] = "%22", ["\r"] = "%0D", ["\n"] = "%0A" }

-- The body as multipart/form-data with one file (RFC 7578): a list, so that a host streams the file from the disk.
local function frame(file, content)
   local boundary = "kenar-" .. core.base64_encode(assert(core.random_bytes(24)), true)
   local head = ("--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
      .. "Content-Type: %s\r\n\r\n"):format(boundary, (file.name:gsub('["\r\n]', escapes)), file.type)
   return { head, content, ("\r\n--%s--\r\n"):format(boundary) }, "multipart/form-data; boundary=" .. boundary
end

-- No row of kenar.client.endpoints, because uploads go to a host of their own, whose calls no quota counts.
---@type kenar.Endpoint
local upload_endpoint = { name = "upload_media", method = "POST", token = "none", is_unlimited = true }

local token_endpoint
for _, endpoint in ipairs(endpoints) do
   if endpoint.name == "create_upload_token" then
      token_endpoint = endpoint
   end
end

-- The options that count for each of the two calls.
local function common_options(options)
   return options and {
      deadline = options.deadline, retry_maybe = options.retry_maybe, priority = options.priority,
   }
end

local function create_token(transport, options)
   local ok, result, err
   ok, err = transport:authorize(token_endpoint, options)
   if not ok then
      return nil, err
   end
   result, err = transport:send(
      transport:call(token_endpoint, token_endpoint.path, token_endpoint.constant_body, options))
   if not result then
      return nil, err
   end
   if type(result.token) ~= "string" or result.token:find "[\r\n%z]" then
      return refuse("http", "token", "Divar gave no upload token")
   end
   return result.token
end

-- Neither the API key nor the user's token goes to the other host.
local function upload_headers(token, content_type)
   return { authorization = "Bearer " .. token, accept = "*/*", ["content-type"] = content_type }
end

--- Upload a medium.
---@param transport kenar.Transport
---@param kind "image"|"file"|"voice"|"video"
---@param source table see kenar.Client.upload_media
---@param options? { timeout: number?, deadline: number?, retry_maybe: boolean?, priority: string? }
---@return { media_token: string }? result, kenar.Error? err
function media.upload(transport, kind, source, options)
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
   local common = common_options(options)
   if common then
      call_options.check(common, 2)
   end
   local token, result
   token, err = create_token(transport, common)
   if not token then
      return nil, err
   end
   local body, content_type = frame(file, source.bytes or { path = source.path, size = file.size })
   local call = transport:call(upload_endpoint, "", body, options)
   call.url = transport.settings.upload_url .. "/upload/" .. kind
   call.headers = upload_headers(token, content_type)
   call.timeout = options and options.timeout or 60 + file.size / 65536
   call.on_progress = source.on_progress
   result, err = transport:send(call)
   if not result then
      return nil, err
   end
   if type(result.id) ~= "string" or result.id == "" then
      return nil, errors.new {
         kind = "http", endpoint = upload_endpoint.name, method = "POST", sent = "yes", retryable = false,
         message = "the upload was accepted, but its answer has no id", body = json.encode(result),
      }
   end
   return { media_token = result.id, status = result.status }
end

--- Whether a message has a medium that is not uploaded yet.
---@param content kenar.Message
---@return boolean
function media.is_in(content)
   return content.image ~= nil or content.file ~= nil or content.voice ~= nil or content.video ~= nil
end

--- Upload the medium of a message, which becomes `media_token` in a copy of the message.
---@param transport kenar.Transport
---@param content kenar.Message with a medium
---@param options? { deadline: number?, retry_maybe: boolean? } for each call of the upload
---@return kenar.Message? content, kenar.Error? err
function media.resolve(transport, content, options)
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
   local result, err = media.upload(transport, found, content[found], common_options(options))
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
