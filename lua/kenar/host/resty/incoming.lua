--- Reads the request that nginx is answering as a kenar.Request, and sends a bot's response through nginx.

local ngx = ngx
local req, var = ngx.req, ngx.var
local concat, find, pairs, pcall, sub, type = table.concat, string.find, pairs, pcall, string.sub, type

local incoming = {}

-- nginx keeps a large body in a file; reading it blocks the worker for as long as the page cache takes.
local function spooled_body()
   local path = req.get_body_file()
   if not path then
      return ""
   end
   local file = assert(io.open(path, "rb"))
   local body = file:read "*a"
   file:close()
   return body
end

-- nginx drops headers with underscores by default, and Divar's documents spell this header both ways. Few events need
-- it, and reading the raw head costs more than all other headers.
local function find_version()
   -- HTTP/2 has no raw head: this raises.
   local is_there, raw = pcall(req.raw_header)
   return is_there and raw:match "\n[Aa][Pp][Ii]_[Vv][Ee][Rr][Ss][Ii][Oo][Nn][ \t]*:[ \t]*([^\r\n]*)" or nil
end

local version_on_demand = {}

function version_on_demand.__index(headers, name)
   if name ~= "api_version" then
      return nil
   end
   setmetatable(headers, nil)
   headers.api_version = find_version()
   return headers.api_version
end

local function read_headers()
   local headers = req.get_headers(0)
   for name, value in pairs(headers) do
      if type(value) == "table" then
         headers[name] = concat(value, ", ")
      end
   end
   setmetatable(headers, version_on_demand)
   return headers
end

-- A function of its own, because LuaJIT does not compile metamethods, such as those of nginx's variables, in the
-- function in which a trace begins, and a new trace begins behind each of nginx's functions for the body.
local function describe(body)
   local path, query = var.request_uri, nil
   local mark = find(path, "?", 1, true)
   if mark then
      path, query = sub(path, 1, mark - 1), sub(path, mark + 1)
   end
   return {
      method = req.get_method(), path = path, query = query, headers = read_headers(),
      body = body, remote_addr = var.remote_addr, early = nil, on_wait = nil,
   }
end

--- The request that nginx is answering, with its body. See `complete` for `headers.api_version`.
---@return kenar.Request
function incoming.read()
   req.read_body()
   local request = describe(req.get_body_data() or spooled_body())
   return request
end

--- Read `headers.api_version` now, because a task cannot read it.
---@param request kenar.Request
function incoming.complete(request)
   local headers = request.headers
   headers.api_version = headers.api_version
end

-- The content type of header tables that have only this field: nearly all responses share a few of them.
local sole_type = setmetatable({}, { __mode = "k" })

local function write_headers(header, headers)
   local content_type, count = nil, 0
   for name, value in pairs(headers) do
      header[name] = value
      content_type, count = name == "content-type" and value, count + 1
   end
   sole_type[headers] = count == 1 and content_type or false
end

--- Send the response.
---@param answer { status: integer, headers: table<string, string>, body: string }
function incoming.answer(answer)
   local header, body = ngx.header, answer.body or ""
   ngx.status = answer.status -- luacheck: ignore 122
   local content_type = sole_type[answer.headers]
   if content_type then
      header["Content-Type"] = content_type -- luacheck: ignore 122
   else
      write_headers(header, answer.headers)
   end
   header["Content-Length"] = #body -- luacheck: ignore 122
   ngx.print(body)
end

return incoming
