--- The example for nginx, started as its README says.

local nginx = require "spec.support.nginx"
local resty_nginx = require "spec.support.resty_nginx"
local wire = require "spec_wire"

describe("examples/openresty", function()
   if not nginx.is_installed() then
      pending "needs nginx and its Lua module"
      return
   end

   local function free_port()
      local listener = assert(wire.listen())
      local port = listener:port()
      listener:close()
      return port
   end

   local divar, process

   after_each(function()
      process:kill(15)
      process:wait(15)
      process:close()
      divar:stop()
   end)

   it("serves the shop bot with one command, and ends when told", function()
      divar = nginx.start {
         http = "lua_shared_dict asked 1m;",
         server = [[
            location / {
               content_by_lua_block {
                  ngx.shared.asked:rpush("urls", ngx.var.request_uri)
                  ngx.print '{"conversation_id":"c"}'
               }
            }
            location = /asked {
               content_by_lua_block {
                  for _ = 1, 2000 do
                     local url = ngx.shared.asked:lpop "urls"
                     if url then
                        return ngx.print(url)
                     end
                     ngx.sleep(0.005)
                  end
               }
            }
         ]],
      }
      local port = free_port()
      process = assert(wire.spawn({ "examples/openresty/run" }, {
         stderr = "stdout",
         env = {
            PORT = tostring(port), KENAR_API_KEY = "key", KENAR_IDENTIFICATION_KEY = "secret",
            KENAR_BASE_URL = divar.url,
            -- Under a sanitizer the shell would be judged too.
            LD_PRELOAD = "",
            -- nginx has LuaJIT, whatever runs this.
            LUA_PATH = package.path, LUA_CPATH = package.path:match "([^;]*)/lua/%?%.lua" .. "/build/5.1/?.so;;",
         },
      }))
      local deadline = wire.clock() + 10
      local socket
      repeat
         assert(wire.clock() < deadline, "nginx does not listen")
         wire.poll({}, 0.01)
         socket = wire.connect(port, 1)
      until socket
      local body = resty_nginx.message("m1", "/start MY_POST gZd7omnS", "c")
      assert(socket:send(("POST /kenar/events HTTP/1.0\r\nAuthorization: secret\r\nContent-Length: %d\r\n\r\n%s")
         :format(#body, body)))
      local answer = assert(socket:receive(65536, 10))
      socket:close()
      local asked = divar:ask "/asked"
      process:kill(15)
      assert.matches("^HTTP/1.1 200 ", answer)
      assert.equal("/v1/open-platform/chat/bot/conversations/c/messages", asked)
      assert.equal(0, process:wait(15))
   end)
end)
