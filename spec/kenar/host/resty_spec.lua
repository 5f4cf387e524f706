--- The host inside nginx, in a real one: the contract of hosts, and what only nginx has.

local cases = require "spec.support.cases"
local certificates = require "spec.support.certificates"
local define = require "spec.kenar.host.resty_cases"
local fault_server = require "spec.support.fault_server"
local nginx = require "spec.support.nginx"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

local CASES = [[
   lua_ssl_trusted_certificate $authority;
   location = /case {
      content_by_lua_block {
         local cases = require("spec.support.cases").collect(function(runner)
            require "spec.kenar.host.resty_cases"(runner, {
               fault_port = $fault_port, control_port = $control_port, deaf_port = $deaf,
               deaf_control_port = $deaf_control,
               free_port = $nobody_port,
               secure = { good = $good_port, unknown = $unknown_port, other = $other_port, expired = $expired_port },
            })
         end)
         ngx.req.read_body()
         local ok, why = pcall(cases[ngx.req.get_body_data()])
         ngx.print(ok and "held" or why)
      }
   }
]]

local SECURE = [[
   server {
      listen 127.0.0.1:$%s_port ssl;
      ssl_certificate $%s_certificate;
      ssl_certificate_key $%s_key;
      add_header X-Requests $connection_requests;
      return 200 ok;
   }
]]

-- Keeps the connection for a moment after its answer.
local function dies_with(ending)
   return function(connection)
      connection:answer(200)
      connection:pause(0.01)
      return ending
   end
end

local function ask(server, path, body)
   local answer, status = server:ask(path, body)
   assert(status == 200, ("%s gave %s: %s\n%s"):format(path, tostring(status), answer, server:log()))
   return answer
end

describe("the host inside nginx", function()
   if not nginx.is_installed() then
      pending "needs nginx and its Lua module"
      return
   end

   describe("", function()
      local folder, server, faults, deaf

      setup(function()
         folder = scratch.new()
         local authority = certificates.authority(folder.path, "authority")
         local made = {
            good = certificates.signed(folder.path, "good", authority, { names = "DNS:localhost", days = 2 }),
            other = certificates.signed(folder.path, "other", authority, { names = "DNS:divar.ir", days = 2 }),
            expired = certificates.signed(folder.path, "expired", authority, { names = "DNS:localhost", days = -1 }),
            unknown = certificates.authority(folder.path, "localhost"),
         }
         faults = fault_server.start {
            ["/more-than-an-answer"] = function(connection)
               connection:send "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n"
            end,
            ["/says-close"] = function(connection)
               connection:answer(200, { Connection = "close" }, "a")
            end,
         }
         deaf = fault_server.start {
            without_body = true,
            ["/early"] = function(connection)
               connection:answer(413, nil, "too much")
               connection:pause(10)
            end,
            ["/answer-then-close"] = dies_with "close",
            ["/answer-then-reset"] = dies_with "reset",
            ["/read"] = function(connection, request)
               connection:read_body(request)
               connection:answer(200, nil, request.body)
            end,
            ["/answer-once"] = function(connection)
               connection:answer(200)
               connection:pause(60)
            end,
         }
         local values = {
            fault_port = faults.port, control_port = faults.control_port, deaf = deaf.port,
            deaf_control = deaf.control_port,
            authority = authority.certificate,
         }
         local secure, ports = {}, { "nobody" }
         for name, files in pairs(made) do
            values[name .. "_key"], values[name .. "_certificate"] = files.key, files.certificate
            secure[#secure + 1], ports[#ports + 1] = SECURE:format(name, name, name), name
         end
         server = nginx.start { server = CASES, http = table.concat(secure), values = values, ports = ports }
      end)

      teardown(function()
         server:stop()
         faults:stop()
         deaf:stop()
         folder:remove()
      end)

      cases.report(function(runner)
         define(runner, {})
      end, { describe = describe, it = it }, function(name)
         local answer = ask(server, "/case", name)
         return answer == "held", answer
      end)
   end)

   local HOST = "init_worker_by_lua_block { host = require('kenar.host.resty').new {} }\n"

   local function with_nginx(given, f)
      local server = nginx.start(given)
      local ok, err = pcall(f, server)
      server:stop()
      assert(ok, err)
   end

   describe("in the phases of nginx that cannot wait", function()
      it("raises, naming host.spawn", function()
         with_nginx({
            http = [[
               lua_shared_dict told 1m;
               init_by_lua_block {
                  local early = require("kenar.host.resty").new {}
                  function try(phase, host)
                     for name, arguments in pairs {
                        request = { { url = "http://127.0.0.1:$port/" } }, sleep = { 1 }, spawn = { print },
                     } do
                        local ok, why = pcall(host[name], unpack(arguments))
                        ngx.shared.told:set(phase .. " " .. name, ok and "worked" or why)
                     end
                  end
                  try("init", early)
               }
               init_worker_by_lua_block {
                  host = require("kenar.host.resty").new {}
                  try("init_worker", host)
               }
            ]],
            server = [[
               location = /told {
                  content_by_lua_block {
                     ngx.req.read_body()
                     ngx.print(ngx.shared.told:get(ngx.req.get_body_data()))
                  }
               }
               location = /log {
                  return 200;
                  log_by_lua_block { try("log", host) }
                  header_filter_by_lua_block { try("header_filter", host) }
               }
            ]],
         }, function(server)
            ask(server, "/log")
            for _, phase in ipairs { "init", "init_worker", "log", "header_filter" } do
               for _, verb in ipairs { "request", "sleep" } do
                  local why = ask(server, "/told", phase .. " " .. verb)
                  local expected = ("host.%s cannot wait in nginx's phase %s"):format(verb, phase)
                  assert.is_truthy(why:find(expected, 1, true), why)
                  assert.is_truthy(why:find("host.spawn(function() ... end)", 1, true), why)
               end
               assert.equal(phase ~= "init", ask(server, "/told", phase .. " spawn") == "worked")
            end
            assert.is_truthy(ask(server, "/told", "init spawn"):find("needs a worker", 1, true))
         end)
      end)

      it("spawn runs what waits, from the log phase and from init_worker, past the request's end", function()
         with_nginx({
            http = HOST .. "lua_shared_dict told 1m;",
            server = [[
               location = / { return 200 hello; }
               location = /log {
                  return 200;
                  log_by_lua_block {
                     host.spawn(function()
                        host.sleep(0.01)
                        local res = assert(host.request { url = "http://127.0.0.1:$port/" })
                        ngx.shared.told:rpush("bodies", res.body)
                     end)
                  }
               }
               location = /told {
                  content_by_lua_block {
                     while ngx.shared.told:llen("bodies") == 0 do host.sleep(0.005) end
                     ngx.print(ngx.shared.told:lpop("bodies"))
                  }
               }
            ]],
         }, function(server)
            ask(server, "/log")
            assert.equal("hello", ask(server, "/told"))
         end)
      end)
   end)

   it("says which directive is missing where nginx was given no authorities", function()
      local folder = scratch.new()
      local made = certificates.authority(folder.path, "localhost")
      with_nginx({
         ports = { "x" }, values = { x_certificate = made.certificate, x_key = made.key },
         http = HOST .. SECURE:format("x", "x", "x"),
         server = [[
            location = / {
               content_by_lua_block {
                  local _, err = host.request { url = "https://localhost:$x_port/" }
                  ngx.print(err.kind, " ", err.sent, " ", err.message)
               }
            }
         ]],
      }, function(server)
         local told = ask(server, "/")
         assert.is_truthy(told:find "^tls no ", told)
         assert.is_truthy(told:find("`lua_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;`", 1, true), told)
      end)
      folder:remove()
   end)

   describe("of a worker that is to end", function()
      it("lets what runs come to its end, and ends what would take longer than it may", function()
         local faults = fault_server.start()
         with_nginx({
            values = { faults = faults.port },
            http = HOST .. "lua_shared_dict told 1m;",
            server = [[
               location = /begin {
                  content_by_lua_block {
                     host.spawn(function()
                        local _, why = host.sleep(1000)
                        ngx.log(ngx.NOTICE, "the long sleep: ", why, ", closing: ", tostring(host.closing()))
                     end)
                     ngx.shared.told:set("begun", true)
                     while not host.closing() do host.sleep(0.005) end
                     host.sleep(0.05)
                     assert(host.request { url = "http://127.0.0.1:$faults/answer" })
                     local semaphore = host.semaphore(0)
                     local task = host.spawn(function()
                        host.sleep(0.01)
                        semaphore:post()
                        return "done"
                     end)
                     local posted = semaphore:wait()
                     local _, value = task:wait()
                     ngx.print(tostring(posted), " ", value)
                  }
               }
               location = /begun {
                  content_by_lua_block {
                     while not ngx.shared.told:get("begun") do host.sleep(0.005) end
                  }
               }
            ]],
         }, function(server)
            local socket = assert(wire.connect(server.port))
            assert(socket:send "GET /begin HTTP/1.0\r\n\r\n")
            ask(server, "/begun")
            server:signal(3)
            local bytes = {}
            repeat
               local more = socket:receive(65536, 10)
               bytes[#bytes + 1] = more
            until not more
            socket:close()
            assert.equal("true done", table.concat(bytes):match "\r\n\r\n(.*)$")
            assert.equal(0, server:wait())
            assert.is_truthy(server:log():find("the long sleep: closed, closing: true", 1, true), server:log())
         end)
         faults:stop()
      end)
   end)
end)
