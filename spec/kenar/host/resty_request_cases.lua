--- What requests of the host inside nginx promise: on the wire, in parts, over TLS. Part of resty_cases.

local assert = require "luassert"
local fault_server = require "spec.support.fault_server"
local wire = require "spec_wire"

---@param runner table what specs are defined with
---@param current table `host()` under test, `server()` that it talks to, `told()` the errors that it reported, and the
---   `environment` of resty_cases
return function(runner, current)
   local describe, it, before_each, after_each = runner.describe, runner.it, runner.before_each, runner.after_each
   local environment = current.environment
   local host, server

   before_each(function()
      host, server = current.host(), current.server()
   end)

   local function post(path, options)
      local req = { method = "POST", url = server.url .. path, body = "the message" }
      for name, value in pairs(options or {}) do
         req[name] = value
      end
      return host.request(req)
   end

   -- The requests that the server read since `f` began.
   local function seen_during(f)
      local before = #server:requests()
      f()
      local seen = server:requests()
      return { unpack(seen, before + 1) } -- luacheck: ignore 143
   end

   describe("a request", function()
      it("joins repeated headers of the answer, trims them and keeps empty ones", function()
         local headers = assert(post "/repeated-headers").headers
         assert.equal("one, two", headers["x-twice"])
         assert.equal("", headers["x-empty"])
      end)

      it("gives the body of an answer in chunks, byte by byte or after an interim one", function()
         assert.equal("the parts", assert(post "/chunked").body)
         assert.equal("slow", assert(post "/slow").body)
         assert.equal("after", assert(post "/continue").body)
      end)

      it("arrives with its method, path, query, host and headers", function()
         local seen = seen_during(function()
            assert(post("/answer?a=b#fragment", { headers = { ["X-Api-Key"] = "secret" } }))
            assert(host.request { url = server.url .. "/answer" })
            assert(host.request { method = "POST", url = server.url .. "/answer" })
         end)
         assert.same({ "POST", "/answer?a=b", "secret", "11", "127.0.0.1:" .. server.port }, {
            seen[1].method, seen[1].target, seen[1].headers["x-api-key"], seen[1].headers["content-length"],
            seen[1].headers.host,
         })
         assert.same({ "GET" }, { seen[2].method, seen[2].headers["content-length"] })
         assert.same({ "POST", "0" }, { seen[3].method, seen[3].headers["content-length"] })
      end)

      it("uses a connection again, and a name's only for that name", function()
         local seen = seen_during(function()
            assert(post "/answer")
            assert(post "/echo")
            assert(host.request { url = ("http://localhost:%d/answer"):format(server.port) })
         end)
         assert.equal(seen[1].connection, seen[2].connection)
         assert.not_equal(seen[1].connection, seen[3].connection)
      end)

      for _, path in ipairs { "/more-than-an-answer", "/says-close" } do
         it(("does not use the connection again after %s"):format(path), function()
            local seen = seen_during(function()
               assert.equal("a", assert(post(path)).body)
               assert(post "/answer")
            end)
            assert.not_equal(seen[1].connection, seen[2].connection)
         end)
      end

      it("is one of so many at a time, and waits its turn", function()
         local narrow = require("kenar.host.resty").new { max_transfers = 2 }
         local tasks, connections = {}, {}
         local seen = seen_during(function()
            for i = 1, 20 do
               tasks[i] = narrow.spawn(function()
                  return assert(narrow.request {
                     method = "POST", url = ("http://localhost:%d/slow"):format(server.port), connect_timeout = 0.05,
                  }).body
               end)
            end
            for _, task in ipairs(tasks) do
               assert.same({ true, "slow" }, { task:wait() })
            end
         end)
         assert.equal(20, #seen)
         for _, request in ipairs(seen) do
            connections[request.connection] = true
         end
         local first = next(connections)
         assert.is_true(next(connections, next(connections, first)) == nil)
         narrow:stop()
         narrow:run()
      end)

      it("finds the place of one that nginx has ended", function()
         local narrow = require("kenar.host.resty").new { max_transfers = 1 }
         local thread = ngx.thread.spawn(function()
            narrow.request { url = server.url .. "/silent" }
         end)
         assert(ngx.thread.kill(thread))
         thread = nil -- luacheck: ignore 311
         collectgarbage()
         collectgarbage()
         local task = narrow.spawn(function()
            return assert(narrow.request { url = server.url .. "/answer" }).status
         end)
         assert.same({ true, 200 }, { task:wait(5) })
         narrow:stop()
         narrow:run()
      end)

      local failures = {
         { "a connection closed instead of an answer", "maybe", "network", path = "/close" },
         { "a connection reset instead of an answer", "maybe", "network", path = "/reset" },
         { "no answer in time", "maybe", "timeout", path = "/silent", timeout = 0.05 },
         { "an answer that is not HTTP", "maybe", "network", path = "/garbage" },
         { "a 2xx that stops within its headers", "yes", "network", path = "/half-headers" },
         { "a 2xx that stops within its body", "yes", "network", path = "/half" },
         { "a 2xx whose body does not go on in time", "yes", "timeout", path = "/half-and-silent", timeout = 0.1 },
         { "a 4xx that stops within its body", "no", "network", path = "/half-of-an-error" },
         { "an answer of 10 MiB", "yes", "too_large", path = "/huge" },
         { "an answer of 10 MiB in chunks", "yes", "too_large", path = "/huge-chunked" },
         { "headers of 800 KiB", "yes", "too_large", path = "/huge-headers" },
      }
      for _, case in ipairs(failures) do
         local name, sent, kind = case[1], case[2], case[3]
         it(("is %s, sent: %s, for %s"):format(kind, sent, name), function()
            local res, err = post(case.path, { timeout = case.timeout })
            assert.is_nil(res)
            assert.same({ kind, sent, "POST" }, { err.kind, err.sent, err.method })
         end)
      end

      it("of a refused port is a network error, and was not sent", function()
         local _, err = host.request { url = ("http://127.0.0.1:%d/"):format(environment.free_port) }
         assert.same({ "network", "no", "GET" }, { err.kind, err.sent, err.method })
      end)

      it("to a name needs nginx's resolver, and says so", function()
         local _, err = host.request { url = "https://divar.invalid/" }
         assert.same({ "network", "no" }, { err.kind, err.sent })
         assert.is_truthy(err.message:find("`resolver`", 1, true))
      end)

      for _, path in ipairs { "/close", "/reset" } do
         it(("is never repeated when a kept connection answers with %s"):format(path), function()
            local seen = seen_during(function()
               assert(post "/answer")
               local _, err = post(path)
               assert.same({ "network", "maybe" }, { err.kind, err.sent })
            end)
            assert.equal(2, #seen)
            assert.equal(seen[1].connection, seen[2].connection)
         end)
      end

      describe("on a kept connection that has died", function()
         local deaf

         before_each(function()
            deaf = fault_server.at(environment.deaf_port, environment.deaf_control_port)
         end)

         local function send(body, fresh, timeout)
            return host.request {
               method = "POST", url = deaf.url .. "/answer", body = body, fresh = fresh, timeout = timeout,
            }
         end

         local function break_kept_connection()
            assert(host.request { url = deaf.url .. "/answer-once" })
            assert.is_true(wire.end_sending(deaf.port) > 0)
         end

         for _, how in ipairs { "close", "reset" } do
            it(("with a %s while the worker was busy is answered on a new one"):format(how), function()
               for i = 1, 20 do
                  local body = ("message %d after a %s"):format(i, how)
                  assert(host.request { url = deaf.url .. "/answer-then-" .. how })
                  local last = deaf:requests("/answer-then-" .. how)
                  deaf:wait_until(function(report) -- the worker does not look at its events meanwhile
                     return report.ended[last[#last].connection]
                  end)
                  local res = assert(host.request { method = "POST", url = deaf.url .. "/read", body = body })
                  assert.equal(body, res.body)
               end
               local count = 0
               for _, request in ipairs(deaf:requests "/read") do
                  count = count + (request.body:find(how, 1, true) and 1 or 0)
               end
               assert.equal(20, count)
            end)
         end

         it("and takes no byte has not been sent, and can be on a new one", function()
            for _, body in ipairs { "text", { "a ", "list" } } do
               local before = #deaf:requests "/answer"
               break_kept_connection()
               local res, err = send(body)
               assert.is_nil(res)
               assert.same({ "network", "no", true }, { err.kind, err.sent, err.stale })
               assert.equal(before, #deaf:requests "/answer")
               assert.equal(200, assert(send(body, true)).status)
               assert.equal(before + 1, #deaf:requests "/answer")
            end
         end)

         it("and takes no byte may have been sent in part when it is long", function()
            break_kept_connection()
            local _, err = send(("x"):rep(60000), false, 0.1)
            assert.same({ "network", "maybe" }, { err.kind, err.sent, err.stale })
         end)
      end)

      it("that cannot be sent is refused, and nothing leaves", function()
         local seen = seen_during(function()
            for _, req in ipairs {
               { url = server.url .. "/answer", headers = { ["x-api-key"] = "a\r\nb" } },
               { url = server.url .. "/answer", headers = { ["Content-Length"] = "1" } },
               { url = server.url .. "/answer", headers = { ["a b"] = "1" } },
               { url = "http://divar.ir/" }, { url = "ftp://127.0.0.1/" }, { url = "https://" },
               { url = "https://user@divar.ir/" }, { url = "https://divar.ir:0/" }, { url = "https://divar.ir:70000/" },
               { url = server.url .. "/a b" }, { url = "https://di\nvar.ir/" },
               { method = "POST", url = server.url .. "/answer", body = { { path = "/nowhere" } } },
               { method = "POST", url = server.url .. "/answer", body = { { path = "/tmp" } } },
            } do
               local _, err = host.request(req)
               assert.same({ "invalid", "no" }, { err.kind, err.sent })
            end
         end)
         assert.equal(0, #seen)
      end)

      it("raises for a mistake in it", function()
         for message, req in pairs {
            ["method is a word in upper case"] = { method = "post", url = server.url },
            ["url is a string"] = {},
            ["GET takes no body"] = { url = server.url, body = "" },
            ["timeout is a number above 0"] = { url = server.url, timeout = 0 },
            ["body is a string or a list of strings and files, not a number"] =
               { method = "POST", url = server.url, body = 1 },
            ["headers are a map of strings to strings"] = { url = server.url, headers = { "a" } },
         } do
            local ok, err = pcall(host.request, req)
            assert.is_false(ok)
            assert.is_truthy(err:find(message, 1, true), err)
         end
      end)
   end)

   describe("a body in parts", function()
      local path

      before_each(function()
         path = os.tmpname()
         local file = assert(io.open(path, "wb"))
         file:write(("0123456789"):rep(50000))
         file:close()
      end)

      after_each(function()
         os.remove(path)
      end)

      it("arrives as one, with its length, files streamed, and tells how far it is", function()
         local calls = {}
         local seen = seen_during(function()
            assert(post("/answer", {
               body = { "before ", { path = path, size = 500000 }, "", " after" },
               on_progress = function(sent, total)
                  calls[#calls + 1] = sent
                  assert(total == 500013)
                  error "on purpose"
               end,
            }))
         end)
         assert.equal("500013", seen[1].headers["content-length"])
         assert.is_true(seen[1].body == "before " .. ("0123456789"):rep(50000) .. " after")
         assert.equal(500013, calls[#calls])
         assert.is_true(#calls > 5)
         assert.equal(#calls, #current.told())
      end)

      it("that a server refuses without reading it is answered, when no more of it can be sent", function()
         local res = assert(host.request {
            method = "POST", url = ("http://127.0.0.1:%d/early"):format(environment.deaf_port), timeout = 0.3,
            body = ("x"):rep(20000000),
         })
         assert.same({ 413, "too much" }, { res.status, res.body })
      end)

      it("is refused for a file of another size than was said", function()
         local _, err = post("/answer", { body = { { path = path, size = 1 } } })
         assert.same({ "invalid", "no" }, { err.kind, err.sent })
      end)

      it("is broken off when a file grows while it is sent", function()
         local file = assert(io.open(path, "ab"))
         local _, err = post("/answer", {
            body = { { path = path } },
            on_progress = function()
               file:write(("x"):rep(100))
               file:flush()
            end,
         })
         file:close()
         assert.same({ "invalid", "maybe", "a file changed while it was sent" }, { err.kind, err.sent, err.message })
      end)
   end)

   describe("over TLS", function()
      local function get(which)
         return host.request { url = ("https://localhost:%d/"):format(environment.secure[which]) }
      end

      it("a certificate of a known authority is good, and the connection is used again", function()
         local res = assert(get "good")
         assert.equal("1", res.headers["x-requests"])
         res = assert(get "good")
         assert.equal("2", res.headers["x-requests"])
      end)

      for _, which in ipairs { "unknown", "other", "expired" } do
         it(("a certificate that is %s is refused, and nothing was sent"):format(which), function()
            local _, err = get(which)
            assert.same({ "tls", "no" }, { err.kind, err.sent })
            assert.is_truthy(err.message:find("lua_ssl_trusted_certificate", 1, true))
         end)
      end

      it("a server that does not speak it is no answer, and nothing was sent", function()
         local _, err = host.request { url = ("https://localhost:%d/"):format(server.port), timeout = 1 }
         assert.equal("no", err.sent)
         assert.is_truthy(err.kind == "network" or err.kind == "timeout")
      end)
   end)
end
