--- An nginx of the spec's own: Debian's, with the Lua module, on free ports of 127.0.0.1.

local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local nginx = {}

local Server = {}
Server.__index = Server

local CONFIGURATION = [[
load_module $modules/ndk_http_module.so;
load_module $modules/ngx_http_lua_module.so;
$user
daemon off;
worker_processes $workers;
pid $folder/nginx.pid;
error_log $folder/error.log notice;
$main
events { worker_connections 1024; }
http {
   access_log off;
   client_body_temp_path $folder/body;
   proxy_temp_path $folder/proxy;
   fastcgi_temp_path $folder/fastcgi;
   uwsgi_temp_path $folder/uwsgi;
   scgi_temp_path $folder/scgi;
   lua_package_path "$root/lua/?.lua;$root/lua/?/init.lua;$root/?.lua;$lua/?.lua;$lua/?/init.lua;;";
   lua_package_cpath "$root/build/5.1/?.so;;";
   lua_socket_log_errors off;
   $http
   server {
      listen 127.0.0.1:$port;
      $server
   }
}
]]

local function output_of(command)
   local process = assert(wire.spawn(command, { stderr = "stdout" }))
   local output = {}
   repeat
      local bytes = process:read(10)
      output[#output + 1] = bytes
   until not bytes
   process:close()
   return table.concat(output)
end

local function modules_folder()
   return output_of({ "nginx", "-V" }):match "%-%-modules%-path=(%S+)"
end

--- Whether nginx and its Lua module are installed.
function nginx.is_installed()
   local folder = modules_folder()
   local file = folder and io.open(folder .. "/ngx_http_lua_module.so")
   if file then
      file:close()
   end
   return file ~= nil
end

local function root()
   return (package.path:match "([^;]*)/lua/%?%.lua")
end

local function fill(template, values)
   return (template:gsub("%$(%l[%l_]*)", function(name)
      return values[name]
   end))
end

-- All ports are taken before one is released, so that they differ.
local function add_ports(values, names)
   local listeners, ports = {}, {}
   for i, name in ipairs(names) do
      listeners[i] = assert(wire.listen())
      ports[name] = listeners[i]:port()
      values[name .. "_port"] = ports[name]
   end
   for _, listener in ipairs(listeners) do
      listener:close()
   end
   return ports
end

local function wait_until(server, happened, what)
   local deadline = wire.clock() + 10
   while not happened() do
      if wire.clock() > deadline then
         error(("nginx %s:\n%s"):format(what, server:log()), 3)
      end
      wire.poll({}, 0.005)
   end
end

--- Start an nginx and wait until it listens. `$name` in the configuration's parts stands for a value of `given.values`,
--- `$name_port` for a free port for each name in `given.ports`; `$port` is the server's own.
---@param given { main?: string, http?: string, server?: string, workers?: integer, values?: table<string, any>,
---   ports?: string[] }
---@return table server with `port`, `url` and `ports` by name
function nginx.start(given)
   local folder = scratch.new()
   local values = {
      modules = modules_folder(), root = root(), lua = "/usr/share/lua/5.1", folder = folder.path,
      workers = given.workers or 1,
      user = output_of({ "id", "-u" }):match "%d+" == "0" and "user root;" or "",
   }
   local ports = add_ports(values, { "own", unpack(given.ports or {}) })
   values.port = values.own_port
   for name, value in pairs(given.values or {}) do
      values[name] = value
   end
   local self = setmetatable({ scratch = folder, port = values.port, ports = ports }, Server)
   self.url = "http://127.0.0.1:" .. self.port
   for _, part in ipairs { "main", "http", "server" } do
      values[part] = fill(given[part] or "", values)
   end
   local path = folder:write("nginx.conf", fill(CONFIGURATION, values))
   -- A preloaded sanitizer would check nginx as well, and nginx's memory would grow.
   self.process = assert(wire.spawn({ "nginx", "-p", folder.path, "-c", path, "-e", folder:file "error.log" },
      { stderr = "stdout", env = { LD_PRELOAD = "" } }))
   wait_until(self, function()
      local socket = wire.connect(self.port, 1)
      if socket then
         socket:close()
      end
      return socket ~= nil
   end, "does not listen")
   return self
end

--- The text of its error log.
---@return string
function Server:log()
   local ok, text = pcall(self.scratch.read, self.scratch, "error.log")
   return ok and text or ""
end

--- Send a signal to its master process.
---@param number integer 3 QUIT, 15 TERM, 1 HUP
function Server:signal(number)
   self.process:kill(number)
end

--- Wait until it has exited.
---@return integer status
function Server:wait()
   return assert(self.process:wait(15))
end

local function exchange(socket, request)
   assert(socket:send(request))
   local received = {}
   while true do
      local bytes, message = socket:receive(65536, 20)
      if not bytes then
         assert(message == "closed", message)
         return table.concat(received)
      end
      received[#received + 1] = bytes
   end
end

--- Send a request and wait for the body of the response.
---@param path string
---@param body? string
---@param headers? string lines of them, each with its end
---@return string body, integer status, string head
function Server:ask(path, body, headers)
   local socket = assert(wire.connect(self.port))
   body = body or ""
   local ok, answer = pcall(exchange, socket,
      ("POST %s HTTP/1.0\r\n%sContent-Length: %d\r\n\r\n%s"):format(path, headers or "", #body, body))
   socket:close()
   assert(ok, answer)
   local head, rest = answer:match "^(.-\r\n)\r\n(.*)$"
   return rest, tonumber(answer:match "^HTTP/1%.%d (%d+)"), head
end

--- End it and remove its folder.
function Server:stop()
   self.process:kill(15)
   self.process:wait(10)
   self.process:close()
   self.scratch:remove()
end

return nginx
