--- GET /healthz and GET /metrics of bots that are served, on real sockets.

local errors = require "kenar.error"
local fault_server = require "spec.support.fault_server"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local kenar = require "kenar"
local loop = require "kenar.host.loop"
local prometheus = require "spec.support.prometheus"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

local API_KEY, IDENTIFICATION_KEY = "the-api-key", "the-identification-key"

local function bot_at(prefix, options)
   local given = { prefix = prefix, api_key = API_KEY, identification_key = IDENTIFICATION_KEY }
   for name, value in pairs(options or {}) do
      given[name] = value
   end
   return kenar.bot(given)
end

describe("the address for whoever runs a bot", function()
   local host, port, asked_port, descriptors

   before_each(function()
      descriptors = wire.count_fds()
   end)

   after_each(function()
      host = nil
      collectgarbage()
      collectgarbage()
      assert.equal(descriptors, wire.count_fds())
   end)

   local function terminate()
      local file = assert(io.open "/proc/self/stat")
      os.execute("kill -TERM " .. file:read "*n")
      file:close()
   end

   -- Serves the bots, lets `visit` talk to them, and stops the server as a person would, unless it returns true.
   local function serve(bots, visit, options)
      local went_well, detail
      host = loop.new {}
      local given = { host = host, port = 0, metrics_port = 0, overrides = { log_level = "error" } }
      for name, value in pairs(options or {}) do
         given[name] = value
      end
      function given.on_listening(...)
         port, asked_port = ...
         host.spawn(function()
            went_well, detail = pcall(visit)
            if detail ~= true then
               terminate()
            end
         end)
      end
      assert(kenar.serve(bots, given))
      assert(went_well, detail)
   end

   local function ask(path, method)
      return assert(host.request {
         method = method or "GET", url = ("http://127.0.0.1:%d%s"):format(asked_port, path), timeout = 5,
      })
   end

   local function post(path, name)
      return assert(host.request {
         method = "POST", url = ("http://127.0.0.1:%d%s"):format(port, path), timeout = 5,
         headers = { authorization = IDENTIFICATION_KEY }, body = fixture.bytes(name or "in.new_chatbot_message.text"),
      })
   end

   it("says that all is well", function()
      serve({ bot_at "/kenar" }, function()
         local res = ask "/healthz"
         assert.equal(200, res.status)
         assert.equal('{"status":"ok"}', res.body)
         assert.equal("application/json", res.headers["content-type"])
         assert.equal("no-store", res.headers["cache-control"])
      end)
   end)

   it("has two pages, to be read and not written to", function()
      serve({ bot_at "/kenar" }, function()
         for _, path in ipairs { "/", "/kenar", "/healthz/", "/metrics.txt" } do
            assert.equal(404, ask(path).status)
         end
         for _, path in ipairs { "/healthz", "/metrics" } do
            for _, method in ipairs { "POST", "DELETE" } do
               local res = ask(path, method)
               assert.equal(405, res.status)
               assert.equal("GET, HEAD", res.headers.allow)
            end
         end
      end)
   end)

   it("is not the address that Divar posts to, and listens on loopback", function()
      serve({ bot_at "/kenar" }, function()
         assert.not_equal(port, asked_port)
         asked_port = port
         assert.equal(404, ask("/metrics").status)
         assert.equal(404, ask("/healthz").status)
      end)
   end)

   it("is not there unless it is asked for", function()
      host = loop.new {}
      local options = { host = host, port = 0 }
      function options.on_listening(_, metrics_port)
         assert.is_nil(metrics_port)
         host.spawn(terminate)
      end
      assert.is_true(kenar.serve({ bot_at "/kenar" }, options))
   end)

   it("says that the bot is stopping, as long as a handler still runs", function()
      local bot, entered, finish = bot_at "/kenar", nil, nil
      bot:on("chatbot", function()
         entered:post()
         finish:wait(5)
      end)
      local before, while_stopping, status
      serve({ bot }, function()
         entered, finish = host.semaphore(0), host.semaphore(0)
         local posted = host.spawn(function()
            status = post("/kenar").status
         end)
         assert.is_true(entered:wait(5))
         before = ask("/healthz").status
         terminate()
         repeat
            while_stopping = ask "/healthz"
         until while_stopping.status ~= 200
         finish:post()
         posted:wait(5)
         return true
      end)
      assert.equal(200, before)
      assert.equal(503, while_stopping.status)
      assert.same({ status = "unavailable", reasons = { "stopping" } }, json.decode(while_stopping.body))
      assert.equal(200, status)
   end)

   it("names the store that fails, and no more of it", function()
      local failing = {}
      local store = {}
      for _, name in ipairs { "get", "set", "del", "incr", "add", "cas" } do
         store[name] = function()
            if failing.message then
               return nil, errors.new { kind = "store", message = failing.message }
            end
            return true
         end
      end
      serve({ bot_at("/kenar", { store = store }) }, function()
         assert.equal(200, ask("/healthz").status)
         failing.message = "disk I/O error in /secret/path"
         local res = ask "/healthz"
         assert.equal(503, res.status)
         assert.same({ status = "unavailable", reasons = { "store" } }, json.decode(res.body))
         failing.message = nil
         assert.equal(200, ask("/healthz").status)
      end)
   end)

   it("counts what is in the inbox, and names it when it fails", function()
      local folder = scratch.new()
      finally(function() folder:remove() end)
      local bot = bot_at("/kenar", { inbox = "sqlite:" .. folder:file "inbox.db" })
      local began, finish, values
      bot:on("chatbot", function()
         began:post()
         finish:wait(5)
      end)
      serve({ bot }, function()
         began, finish = host.semaphore(0), host.semaphore(0)
         assert.equal(200, post("/kenar").status)
         assert.is_true(began:wait(5))
         values = prometheus.read(ask("/metrics").body)
         assert.equal(200, ask("/healthz").status)
         local stats = bot.inbox.stats
         function bot.inbox.stats()
            return { pending = 0, running = 1, delayed = 0, dead = 0, failure = "store: database or disk is full" }
         end
         local res = ask "/healthz"
         bot.inbox.stats = stats
         finish:post()
         assert.equal(503, res.status)
         assert.same({ status = "unavailable", reasons = { "inbox" } }, json.decode(res.body))
      end)
      for state, count in pairs { pending = 0, running = 1, delayed = 0, dead = 0 } do
         assert.equal(count, values[('kenar_inbox_events{state="%s"}'):format(state)])
      end
   end)

   it("names the metrics' address when its port is taken, and lets the other one go", function()
      local taken = assert(wire.listen())
      finally(function() taken:close() end)
      host = loop.new {}
      local ok, message = kenar.serve({ bot_at "/kenar" }, { host = host, port = 0, metrics_port = taken:port() })
      assert.is_nil(ok)
      assert.matches("^metrics: .*127%.0%.0%.1.*" .. taken:port(), message)
      host:stop(0)
   end)

   it("has what Prometheus reads: this process, its bots, and their calls", function()
      local divar = fault_server.start {
         ["/v1/open-platform/chat/bot/conversations/c1/messages"] = function(connection)
            connection:answer(200, { ["content-type"] = "application/json" }, "{}")
         end,
      }
      finally(function() divar:stop() end)
      local bot = bot_at("/kenar", { base_url = divar.url })
      bot:on("chatbot", function(ctx) assert(ctx.client:send_bot_message("c1", "سلام")) end)
      local before, values, res = os.time(), nil, nil
      serve({ bot }, function()
         assert.equal(200, post("/kenar").status)
         res = ask "/metrics"
         values = prometheus.read(res.body)
      end)
      assert.equal(200, res.status)
      assert.equal("text/plain; version=0.0.4; charset=utf-8", res.headers["content-type"])
      assert.equal(1, values['kenar_calls_total{endpoint="send_bot_message",outcome="ok"}'])
      assert.equal(1, values['kenar_call_seconds_bucket{endpoint="send_bot_message",le="+Inf"}'])
      assert.equal(0, values.kenar_duplicates_total)
      -- The one that asks is under way while it is answered.
      assert.equal(1, values['kenar_transfers{state="active"}'])
      assert.equal(0, values['kenar_transfers{state="queued"}'])
      local lua, resident = values['kenar_memory_bytes{area="lua"}'], values['kenar_memory_bytes{area="resident"}']
      assert.is_true(lua > 100000 and lua < resident)
      local started = values.kenar_start_time_seconds
      assert.is_true(started >= before and started <= os.time() + 1)
      assert.falsy(res.body:find(API_KEY, 1, true))
      assert.falsy(res.body:find(IDENTIFICATION_KEY, 1, true))
   end)

   it("tells several bots apart by their prefixes", function()
      local divar = fault_server.start {
         ["/v1/open-platform/chat/bot/conversations/c1/messages"] = function(connection)
            connection:answer(200, { ["content-type"] = "application/json" }, "{}")
         end,
      }
      finally(function() divar:stop() end)
      local bots, values = {}, nil
      for index, prefix in ipairs { "/shop", "/" } do
         bots[index] = bot_at(prefix, { base_url = divar.url })
         bots[index]:on("chatbot", function(ctx)
            for _ = 1, index do
               assert(ctx.client:send_bot_message("c1", "سلام"))
            end
         end)
      end
      serve(bots, function()
         post "/shop/events"
         post "/events"
         values = prometheus.read(ask("/metrics").body)
      end)
      assert.equal(1, values['kenar_calls_total{bot="/shop",endpoint="send_bot_message",outcome="ok"}'])
      assert.equal(2, values['kenar_calls_total{bot="/",endpoint="send_bot_message",outcome="ok"}'])
      assert.truthy(values['kenar_transfers{state="active"}'])
   end)

   it("answers while a client keeps its connection open, and closes it at the end", function()
      local socket
      serve({ bot_at "/kenar" }, function()
         socket = assert(wire.connect(asked_port))
         assert(socket:send "GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n")
         local received = ""
         repeat
            assert(host.sleep(0.001))
            received = received .. (socket:receive(65536, 0) or "")
         until received:find("}", 1, true)
         assert.same({ status = "ok" }, json.decode(received:match "\r\n\r\n(.*)$"))
      end)
      local bytes, message = socket:receive(1, 5)
      socket:close()
      assert.is_nil(bytes)
      assert.equal("closed", message)
   end)
end)
