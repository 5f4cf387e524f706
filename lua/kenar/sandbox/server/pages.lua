--- The files of the sandbox's page, with their security headers.

local pages = {}

-- Beside this module's folder, because the place of installation is not known.
local FOLDER = debug.getinfo(1, "S").source:match "^@(.*/)[^/]+/" .. "page/"

local types = {
   html = "text/html; charset=utf-8", css = "text/css; charset=utf-8", js = "text/javascript; charset=utf-8",
   svg = "image/svg+xml",
}

-- No resources of other origins, nothing inline, no markup from strings (trusted types), no frames.
local POLICY = table.concat({
   "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
   "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
   "trusted-types 'none'",
}, "; ")

local function headers_of(type_name)
   return {
      ["content-type"] = type_name, ["content-security-policy"] = POLICY, ["x-content-type-options"] = "nosniff",
      ["x-frame-options"] = "DENY", ["referrer-policy"] = "no-referrer", ["cross-origin-opener-policy"] = "same-origin",
      ["cross-origin-resource-policy"] = "same-origin", ["cache-control"] = "no-cache",
   }
end

local function read(name)
   local file = io.open(FOLDER .. name, "rb")
   local bytes = file and file:read "*a"
   if file then
      file:close()
   end
   return bytes
end

--- Answer a request for one of the page's files.
---@param path string of the request
---@return { status: integer, headers: table, body: string }? response nil if the path is not one of the page's
function pages.answer(path)
   if path == "/" or path == "/sandbox" then
      return { status = 302, headers = { location = "/sandbox/", ["cache-control"] = "no-store" }, body = "" }
   end
   local name = path == "/sandbox/" and "index.html" or path:match "^/sandbox/page/([%w_/]+%.%l+)$"
   local type_name = name and types[name:match "%.(%l+)$"]
   local bytes = type_name and read(name)
   return bytes and { status = 200, headers = headers_of(type_name), body = bytes } or nil
end

return pages
