--- Uploads: the API gives a token, and the file goes to the upload host, which must not get the app's key.

local answers = require "kenar.sandbox.judge.answers"
local image_size = require "kenar.sandbox.judge.image_size"
local multipart_reader = require "kenar.sandbox.judge.multipart_reader"

local uploads = {}

-- Formats and sizes in MB (Divar's documents, page on media), and the message type of each.
local kinds = {
   image = { type = "IMAGE", max = 5, formats = { png = true, jpeg = true, jpg = true } },
   file = {
      type = "FILE", max = 5,
      formats = { pdf = true, doc = true, docx = true, xls = true, xlsx = true, ppt = true, pptx = true },
   },
   voice = { type = "VOICE", max = 1.5, formats = { m4a = true, ["3gp"] = true } },
   video = { type = "VIDEO", max = 50, formats = { mp4 = true } },
}

--- Give an upload token.
function uploads.create_token(call)
   local state, assumed = call.state, call.assumed.media
   local token = "upload_" .. state:next_id()
   state.upload_tokens[token] = {
      expires_at = state.now() + assumed.upload_token_lifetime, uses = assumed.upload_token_uses,
   }
   return { token = token }
end

local function check_token(judge, headers)
   local given = (headers.authorization or ""):match "^Bearer (%S+)$"
   local token = given and judge.state.upload_tokens[given]
   if token and token.uses > 0 and judge.state.now() < token.expires_at then
      return token
   end
end

-- The part called `file`; nil and the mistake if there is none.
local function file_of(exchange)
   local parts, problem = multipart_reader.parts(exchange.headers["content-type"], exchange.bytes)
   if not parts then
      return nil, problem
   end
   for _, part in ipairs(parts) do
      if part.name == "file" then
         if not part.filename or part.filename == "" then
            return nil, "the part \"file\" has no filename"
         end
         return part
      end
   end
   return nil, "there is no part \"file\""
end

local function finding(exchange, path, message)
   exchange.findings = { { path = path, message = message, severity = "error" } }
end

local function size_problem(assumed, kind, size)
   return ("%s: %d bytes, %s has at most %g MB and media.megabyte is %d"):format(assumed.refusals.too_large.message,
      size, kind, kinds[kind].max, assumed.media.megabyte)
end

--- Take a file.
---@param judge kenar.sandbox.Judge
---@param exchange kenar.sandbox.Exchange
---@param _ kenar.sandbox.Endpoint
---@param parameters table<string, string>
---@return { status: integer, headers: table, body: string }
function uploads.answer(judge, exchange, _, parameters)
   local assumed, kind = judge.assumed, kinds[parameters.media_type]
   if not kind then
      return answers.refusal(assumed, "unknown_path")
   elseif exchange.headers["x-api-key"] then
      finding(exchange, "x-api-key", "the app's key goes to the API only")
      return answers.refusal(assumed, "leaked_key")
   end
   local token = check_token(judge, exchange.headers)
   if not token then
      return answers.refusal(assumed, "wrong_upload_token")
   end
   local file, problem = file_of(exchange)
   if not file then
      finding(exchange, "", problem)
      return answers.refusal(assumed, "bad_upload", problem)
   elseif not kind.formats[(file.filename:match "%.(%w+)$" or ""):lower()] then
      return answers.refusal(assumed, "unknown_format")
   elseif file.size > kind.max * assumed.media.megabyte then
      return answers.refusal(assumed, "too_large", size_problem(assumed, parameters.media_type, file.size))
   end
   token.uses = token.uses - 1
   local id = "media_" .. judge.state:next_id()
   local width, height
   if kind.type == "IMAGE" then
      width, height = image_size.of(exchange.bytes:sub(file.from, file.from + file.size - 1))
   end
   judge.state.media[id] = {
      type = kind.type, name = file.filename, size = file.size, width = width, height = height,
   }
   return answers.response(200, { id = id, status = "ok" })
end

return uploads
