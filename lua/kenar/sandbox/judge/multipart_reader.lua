--- multipart/form-data as the upload host reads it (RFC 7578).

local core = require "kenar.core"

local multipart_reader = {}

-- `name="file"; filename="a.png"`; browsers write a quote in a name as %22.
local function parameter(header, name)
   return header:match(";%s*" .. name .. '="([^"]*)"') or header:match(";%s*" .. name .. "=([^%s;\"]+)")
end

local function headers_of(text)
   local headers = {}
   for line in text:gmatch "[^\r\n]+" do
      local name, value = line:match "^([%w-]+):(.*)$"
      if name then
         headers[name:lower()] = core.trim(value)
      end
   end
   return headers
end

-- A boundary of a content type (RFC 2046 allows up to 70 characters).
local function boundary_of(content_type)
   local boundary = content_type:match '^multipart/form%-data%s*;.*boundary="([^"]+)"'
      or content_type:match "^multipart/form%-data%s*;.*boundary=([^%s;\"]+)"
   return boundary and #boundary <= 70 and boundary or nil
end

--- The parts of a body.
---@param content_type? string
---@param body string
---@return { name: string?, filename: string?, content_type: string?, from: integer,
---   size: integer }[]? parts, string? problem
function multipart_reader.parts(content_type, body)
   local boundary = boundary_of(content_type or "")
   if not boundary then
      return nil, "content-type is not multipart/form-data with a boundary"
   end
   local mark, parts = "\r\n--" .. boundary, {}
   body = "\r\n" .. body -- two bytes more than `from` counts
   local _, at = body:find(mark, 1, true)
   while at do
      if body:sub(at + 1, at + 2) == "--" then
         return parts
      end
      local head_end, content_from = body:find("\r\n\r\n", at + 1, true)
      local content_end = head_end and body:find(mark, content_from, true)
      if not content_end then
         return nil, "the body ends before its last boundary"
      end
      local headers = headers_of(body:sub(at + 3, head_end - 1))
      local disposition = headers["content-disposition"] or ""
      parts[#parts + 1] = {
         name = parameter(disposition, "name"), filename = parameter(disposition, "filename"),
         content_type = headers["content-type"], from = content_from - 1,
         size = content_end - content_from - 1,
      }
      at = content_end + #mark - 1
   end
   return nil, "the body has no boundary"
end

return multipart_reader
