local json = require "kenar.json"
local kenar = require "kenar"
local loop = require "kenar.host.loop"
local servers = require "kenar.sandbox.server"
local timestamp = require "kenar.base.timestamp"

describe("faults of calls, over HTTP", function()
   local host, sandbox, client, chat, written

   local function open(options)
      written = {}
      options.on_message = function(conversation, message)
         written[#written + 1] = { conversation.id, message.text }
      end
      sandbox = assert(servers.open(host, options))
      client = kenar.client {
         host = host, base_url = sandbox:url(), api_key = servers.settings.api_key,
         access_token = servers.settings.access_token, attempts = 1, timeout = 5,
      }
      chat = sandbox.judge.state:chatbot(sandbox.judge.state:user("customer").id)
   end

   before_each(function()
      host = loop.new {}
      host.log = function() end
      open { fault_seed = 7 }
   end)

   after_each(function()
      sandbox:close(0)
      host:stop()
      host:run()
      assert.equal(0, host:count())
   end)

   -- A call of the control API: status and decoded body.
   local function control(method, path, body)
      local res = assert(host.request {
         method = method, url = sandbox:url() .. path, headers = { ["content-type"] = "application/json" },
         body = body and json.encode(body), timeout = 5,
      })
      return res.status, json.decode(res.body)
   end

   local function fail(fault)
      local status, answer = control("POST", "/sandbox/faults", fault)
      assert.equal(200, status, answer.error)
      return answer.id
   end

   local function send(text, options)
      return client:send_bot_message(chat.id, text or "سلام", options)
   end

   -- What a call comes to under a fault, and how often it was carried out.
   local function outcome(fault, options)
      fail(fault)
      local result, err = send("سلام", options)
      return { result and "ok" or err.kind, err and err.sent, err and err.status, #written }
   end

   it("drop: the connection is closed without an answer", function()
      assert.same({ "network", "maybe", nil, 0 }, outcome { at = "send_bot_message", kind = "drop" })
      assert.same({ "network", "maybe", nil, 1 }, outcome { at = "*", kind = "drop", processed = true })
   end)

   it("reset_before: the connection breaks, and nothing was done", function()
      assert.same({ "network", "maybe", nil, 0 }, outcome { at = "send_bot_message", kind = "reset_before" })
   end)

   it("reset_after: the connection breaks, and the message is there", function()
      assert.same({ "network", "maybe", nil, 1 }, outcome { at = "send_bot_message", kind = "reset_after" })
      assert.same({ { chat.id, "سلام" } }, written)
   end)

   it("timeout: nothing comes until the client gives up", function()
      assert.same({ "timeout", "maybe", nil, 0 }, outcome({ at = "*", kind = "timeout" }, { timeout = 0.1 }))
   end)

   it("half: the status and a part of the body", function()
      assert.same({ "network", "yes", nil, 1 }, outcome { at = "send_bot_message", kind = "half" })
      assert.same({ "network", "yes", nil, 2 }, outcome { at = "send_bot_message", kind = "half", cut = 1000 })
   end)

   it("a status in place of the answer, and nothing is done", function()
      assert.same({ "api", "no", 412, 0 }, outcome { at = "send_bot_message", status = 412 })
      assert.same({ "api", "maybe", 500, 0 }, outcome { at = "send_bot_message", status = 500 })
      assert.same({ "api", "no", 503, 0 }, outcome { at = "send_bot_message", status = 503, retry_after = 0.5 })
   end)

   it("429 with Retry-After and without", function()
      for _, retry_after in ipairs { 3, false } do
         fail { at = "send_bot_message", status = 429, retry_after = retry_after or nil, conversation_id = chat.id }
         local res = assert(host.request {
            method = "POST", url = ("%s/v1/open-platform/chat/bot/conversations/%s/messages"):format(sandbox:url(),
               chat.id), headers = { ["x-api-key"] = servers.settings.api_key }, body = "{}", timeout = 5,
         })
         assert.equal(429, res.status)
         assert.equal(retry_after and "3" or nil, res.headers["retry-after"])
         assert.equal(8, json.decode(res.body).code)
      end
   end)

   it("expired_token: 401, and a token that has a lifetime is expired from then on", function()
      local judge = sandbox.judge
      judge.state:grant("short", judge.state:user("seller").id, { "USER_PHONE" }, 3600)
      fail { at = "get_user", kind = "expired_token", times = 2 }
      for _, token in ipairs { "short", servers.settings.access_token } do
         local _, err = client:get_user { access_token = token }
         assert.same({ "auth", 401, "access token is expired" }, { err.kind, err.status, err.message })
      end
      local _, err = client:get_user { access_token = "short" }
      assert.equal("access token is expired", err.message)
      assert(client:get_user { access_token = servers.settings.access_token })
   end)

   it("a clock that is wrong: what is sent, the Date header, the end of tokens", function()
      local state = sandbox.judge.state
      state:grant("one-hour", state:user("seller").id, { "USER_PHONE" }, 3600)
      local id = fail { at = "clock", skew = 7200 }
      assert(send())
      local ahead = chat.messages[1].sent_at / 1000000 - host.now()
      assert.is_true(ahead > 7190 and ahead < 7210)
      local _, err = client:get_user { access_token = "one-hour" }
      assert.equal("access token is expired", err.message)

      local function seconds_ahead()
         local url = sandbox:url() .. "/none"
         local res = assert(host.request { method = "GET", url = url, headers = {}, timeout = 5 })
         return timestamp.retry_after(res.headers.date, host.now())
      end
      assert.is_true(seconds_ahead() > 7190)
      assert.equal(200, (control("DELETE", "/sandbox/faults?id=" .. id)))
      assert.is_true(seconds_ahead() < 10)
      assert(client:get_user { access_token = "one-hour" })
   end)

   it("are listed with their seed, and with how often each kind struck", function()
      fail { at = "send_bot_message", status = 412, times = 2 }
      fail { at = "webhook", kinds = { "drop", "duplicate" }, rate = 0.5 }
      send()
      local status, answer = control("GET", "/sandbox/faults")
      assert.equal(200, status)
      assert.same({
         seed = 7, skew = 0, struck = { ["412"] = 1 }, faults = {
            { id = 1, at = "send_bot_message", status = 412, times = 1, struck = 1 },
            { id = 2, at = "webhook", kinds = { "drop", "duplicate" }, rate = 0.5, times = "forever", struck = 0 },
         },
      }, answer)
      assert.equal(200, (control("DELETE", "/sandbox/faults")))
      local _, cleared = control("GET", "/sandbox/faults")
      assert.same({}, cleared.faults)
      assert(send())
   end)

   it("stand in the log", function()
      fail { at = "send_bot_message", kind = "drop" }
      fail { at = "send_bot_message", status = 503, retry_after = 0 }
      send()
      send()
      send()
      local _, log = control("GET", "/sandbox/log")
      local seen = {}
      for i, exchange in ipairs(log.exchanges) do
         seen[i] = { exchange.fault or "-", exchange.response and exchange.response.status or 0 }
      end
      assert.same({ { "drop", 0 }, { "503, Retry-After 0", 503 }, { "-", 200 } }, seen)
   end)

   it("by a rate and a seed are the same in each run", function()
      local function run()
         fail { at = "send_bot_message", kinds = { "drop", "reset_after", "half", 412 }, rate = 0.4 }
         local seen = {}
         for i = 1, 40 do
            local _, err = send(tostring(i))
            seen[i] = err and (err.status or err.sent) or "ok"
         end
         return seen
      end
      local first = run()
      sandbox:close(0)
      open { fault_seed = 7 }
      assert.same(first, run())
   end)

   it("are told apart by what was carried out: ok and yes once, no never, maybe at most once", function()
      fail { at = "send_bot_message", kinds = { "drop", "reset_before", "reset_after", "half", 412, 500 }, rate = 0.5 }
      local outcomes, counts = {}, {}
      for i = 1, 100 do
         local _, err = send(tostring(i))
         outcomes[i] = err and err.sent or "ok"
      end
      for _, each in ipairs(written) do
         counts[each[2]] = (counts[each[2]] or 0) + 1
      end
      local least, most = { ok = 1, yes = 1, no = 0, maybe = 0 }, { ok = 1, yes = 1, no = 0, maybe = 1 }
      local met = {}
      for i, outcome_of in ipairs(outcomes) do
         local count = counts[tostring(i)] or 0
         assert.is_true(count >= least[outcome_of] and count <= most[outcome_of], outcome_of)
         met[outcome_of] = true
      end
      assert.same({ ok = true, yes = true, no = true, maybe = true }, met)
   end)

   it("are refused with what is wrong", function()
      local function wrong(fault)
         local status, answer = control("POST", "/sandbox/faults", fault)
         return status .. " " .. answer.error
      end
      assert.equal("400 a fault needs a status, a kind or a delay", wrong { at = "*" })
      assert.equal("400 half does not happen at NEW_MESSAGE", wrong { at = "NEW_MESSAGE", kind = "half" })
      for _, fault in ipairs { { at = "*", kind = "tls" }, { at = "*", kind = "network", sent = "no" } } do
         assert.equal("400 kind = tls and sent = no are for kenar.testing: here there is no TLS, and what fails has "
            .. "been sent", wrong(fault))
      end
      local status, answer = control("DELETE", "/sandbox/faults?id=9")
      assert.same({ 400, "there is no fault with id=9" }, { status, answer.error })
   end)
end)
