--- multipart/form-data with one file (RFC 7578), framed as a list so that a host streams the file from the disk.

local core = require "kenar.core"

local multipart = {}

-- As browsers write names (WHATWG HTML, "multipart/form-data encoding algorithm"): no quote and no line break gets
-- out of the header.
local escapes = { ['"'] = "%22", ["\r"] = "%0D", ["\n"] = "%0A" }

local function boundary()
   return "kenar-" .. core.base64_encode(assert(core.random_bytes(24)), true)
end

--- Frame a file.
---@param field string the part's name
---@param name string the file's name
---@param file_type string its media type
---@param content string|{ path: string, size: integer }
---@return table body a list of bytes and file parts
---@return string content_type
function multipart.file(field, name, file_type, content)
   local mark = boundary()
   local head = ("--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n"
      .. "Content-Type: %s\r\n\r\n"):format(mark, field, (name:gsub('["\r\n]', escapes)), file_type)
   return { head, content, ("\r\n--%s--\r\n"):format(mark) }, "multipart/form-data; boundary=" .. mark
end

return multipart
