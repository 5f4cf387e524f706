--- Sends the same message COUNT times with lua-http, IN_FLIGHT connections at a time.
-- Usage: send_lua_http.lua URL BODY_FILE COUNT IN_FLIGHT. Prints the CPU microseconds of one message.

local cjson = require "cjson"
local cqueues = require "cqueues"
local client = require "http.client"
local new_headers = require "http.headers".new

local authority, path = arg[1]:match "^http://([^/]+)(.*)$"
local host, port = authority:match "^(.*):(%d+)$"
local count, in_flight = tonumber(arg[3]), tonumber(arg[4])

local file = assert(io.open(arg[2], "rb"))
local message = cjson.decode(file:read "*a")
file:close()

local function send(connection)
   local body = cjson.encode(message)
   local headers = new_headers()
   headers:append(":method", "POST")
   headers:append(":authority", authority)
   headers:append(":path", path)
   headers:append("content-type", "application/json")
   headers:append("content-length", tostring(#body))
   headers:append("x-api-key", "bench-api-key")
   headers:append("authorization", "Bearer bench-access-token")
   local stream = assert(connection:new_stream())
   assert(stream:write_headers(headers, false))
   assert(stream:write_body_from_string(body))
   local answer = assert(stream:get_headers())
   assert(answer:get ":status" == "200")
   return cjson.decode(assert(stream:get_body_as_string()))
end

local function send_messages(total)
   local loop = cqueues.new()
   for _ = 1, in_flight do
      loop:wrap(function()
         local connection = assert(client.connect {
            host = host, port = tonumber(port), tls = false, version = 1.1,
         })
         for _ = 1, math.ceil(total / in_flight) do
            send(connection)
         end
         connection:close()
      end)
   end
   assert(loop:loop())
end

send_messages(math.ceil(count / 10))
local before = os.clock()
send_messages(count)
print(("%.3f"):format((os.clock() - before) / count * 1e6))
