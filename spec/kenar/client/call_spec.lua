local calls = require "kenar.client.call"
local client = require "kenar.client"
local edge = require "spec.support.edge"
local virtual = require "kenar.host.virtual"

local READ = { name = "read", method = "GET", token = "required", reads = true }
local PUBLIC = { name = "public", method = "GET", token = "none", reads = true }

local function transport_of(host, settings)
   local all = {
      api_key = "key-1", access_token = "user-1", base_url = "https://open-api.divar.ir", timeout = 10,
      connect_timeout = 5, attempts = 3, deadline = 30,
   }
   for name, value in pairs(settings or {}) do
      all[name] = value or nil
   end
   return calls.transport { settings = all, host = host, bot_encoding = {} }
end

describe("kenar.client.call", function()
   it("gives the host the record itself, once for each attempt", function()
      local host, requests = edge.host { { status = 503 }, { status = 200, body = "{}" } }
      local transport = transport_of(host)
      local call = transport:call(READ, "/path")
      assert(transport:send(call))
      assert.equal(2, #requests)
      assert.equal(call, requests[1])
      assert.equal(call, requests[2])
   end)

   it("makes a record of eight fields for a message, so that its table has the size of eight", function()
      local host, requests = edge.host { { status = 200, body = "{}" } }
      local c = client.new { host = host, api_key = "key-1", access_token = "user-1" }
      assert(c:send_message("c", "text", { priority = "bulk" }))
      local names = {}
      for name in pairs(requests[1]) do
         names[#names + 1] = name
      end
      table.sort(names)
      assert.same({ "body", "connect_timeout", "endpoint", "headers", "method", "options", "timeout", "url" }, names)
   end)

   it("gives all calls of a client the same table of headers, and another token a table of its own", function()
      local transport = transport_of((edge.host {}))
      local own = transport:call(READ, "/path").headers
      assert.equal(own, transport:call(READ, "/path", nil, { access_token = "user-1" }).headers)
      assert.equal("Bearer user-1", own.authorization)
      local other = transport:call(READ, "/path", nil, { access_token = "user-2" }).headers
      assert.equal("Bearer user-2", other.authorization)
      local public = transport:call(PUBLIC, "/path", nil, { access_token = "user-2" }).headers
      assert.equal("key-1", public["x-api-key"])
      assert.is_nil(public.authorization)
   end)

   it("refuses a call whose key or token is missing, and tells which", function()
      local host = edge.host {}
      for _, case in ipairs {
         { { api_key = false }, PUBLIC, "NO_API_KEY" }, { { access_token = false }, READ, "NO_ACCESS_TOKEN" },
      } do
         local ok, err = transport_of(host, case[1]):authorize(case[2])
         assert.is_nil(ok)
         assert.same({ "auth", case[3], "no", false, case[2].name },
            { err.kind, err.code_name, err.sent, err.retryable, err.endpoint })
      end
      assert.is_true(transport_of(host, { access_token = false }):authorize(READ, { access_token = "user-2" }))
      assert.is_true(transport_of(host, { access_token = false }):authorize(PUBLIC))
   end)

   it("repeats a call with a renewed token after a 401, in the same turn", function()
      local tokens = {}
      local host
      host = virtual.new { serves = {
         ["https://open-api.divar.ir"] = function(request)
            host.sleep(1)
            tokens[#tokens + 1] = request.headers.authorization .. request.url:match "[^/]*$"
            return { status = request.headers.authorization == "Bearer user-1" and 401 or 200, body = "{}" }
         end,
      } }
      local transport = transport_of(host)
      local function send(path)
         host.spawn(function()
            assert(transport:send(transport:call(READ, path, nil, { renew = function() return "user-2" end }), "c"))
         end)
      end
      send "/first"
      send "/second"
      host:run()
      assert.same({ "Bearer user-1first", "Bearer user-2first", "Bearer user-1second", "Bearer user-2second" }, tokens)
   end)

   it("prepares a call in its turn, and sends nothing if that fails", function()
      local host, requests = edge.host { { status = 200, body = "{}" } }
      local transport = transport_of(host)
      local call = transport:call(READ, "/path")
      function call.prepare(given, prepared)
         assert.equal(transport, given)
         prepared.body = "made late"
         return true
      end
      assert(transport:send(call, "c"))
      assert.equal("made late", requests[1].body)
      local refused = transport:call(READ, "/path")
      function refused.prepare()
         return nil, "a reason"
      end
      assert.same({ nil, "a reason" }, { transport:send(refused, "c") })
      assert.equal(1, #requests)
   end)

   it("of an endpoint without limits passes while the app is held up by a 429", function()
      local answers = { { status = 429, headers = { ["retry-after"] = "60" } }, { status = 200, body = "{}" } }
      local host, requests = edge.host(answers)
      local transport = transport_of(host, { attempts = 1 })
      local _, err = transport:send(transport:call(READ, "/path"))
      assert.equal(429, err.status)
      _, err = transport:send(transport:call(READ, "/path"))
      assert.equal("PAUSED", err.code_name)
      local upload = { name = "upload", method = "POST", token = "none", is_unlimited = true }
      assert(transport:send(transport:call(upload, "/")))
      assert.equal(2, #requests)
   end)
end)
