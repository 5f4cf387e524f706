--- How calls to Divar are counted.

local errors = require "kenar.error"
local kenar = require "kenar"
local prometheus = require "spec.support.prometheus"
local virtual = require "kenar.host.virtual"

local ok = { status = 200, headers = {}, body = "{}" }
local busy = { status = 429, headers = {}, body = "{}" }
local token = { status = 200, headers = {}, body = '{"token":"upload-1"}' }
local stored = { status = 200, headers = {}, body = '{"id":"media-1"}' }

describe("a bot's metrics", function()
   local host, bot

   -- A bot before a Divar that takes 0.03 s for each of these answers.
   local function bot_before(answers)
      local count = 0
      local function answer()
         count = count + 1
         host.sleep(0.03)
         local given = answers[count]
         if errors.is(given) then
            return nil, given
         end
         return given
      end
      host = virtual.new {
         serves = { ["https://open-api.divar.ir"] = answer, ["https://chat.divar.ir"] = answer },
      }
      bot = kenar.bot { api_key = "key-1", identification_key = "k", access_token = "ory_at_1" }
      bot:attach(host)
      return bot.client
   end

   local function counted()
      local values = {}
      for key, value in pairs(prometheus.read(bot.metrics:render())) do
         if key:find "^kenar_calls_total" or key:find "^kenar_retries_total" then
            values[key] = value
         end
      end
      return values
   end

   it("count a request by its endpoint and its outcome", function()
      local client = bot_before { ok, { status = 412, headers = {}, body = '{"code":9}' },
         errors.new { kind = "timeout", message = "no answer", sent = "maybe" } }
      for _ = 1, 3 do
         client:send_bot_message("c", "t")
      end
      assert.same({
         ['kenar_calls_total{endpoint="send_bot_message",outcome="ok"}'] = 1,
         ['kenar_calls_total{endpoint="send_bot_message",outcome="api"}'] = 1,
         ['kenar_calls_total{endpoint="send_bot_message",outcome="timeout"}'] = 1,
      }, counted())
   end)

   it("count a request that is sent again after a dead idle connection, as a request and a repetition", function()
      local died = errors.new { kind = "network", message = "it had died", sent = "no", stale = true }
      assert(bot_before({ died, ok }):send_bot_message("c", "t"))
      assert.same({
         ['kenar_calls_total{endpoint="send_bot_message",outcome="network"}'] = 1,
         ['kenar_calls_total{endpoint="send_bot_message",outcome="ok"}'] = 1,
         ['kenar_retries_total{endpoint="send_bot_message"}'] = 1,
      }, counted())
   end)

   it("count every repetition, as a request and as a repetition", function()
      local client = bot_before { busy, busy, ok }
      assert.truthy(client:send_bot_message("c", "t"))
      assert.same({
         ['kenar_calls_total{endpoint="send_bot_message",outcome="rate_limited"}'] = 2,
         ['kenar_calls_total{endpoint="send_bot_message",outcome="ok"}'] = 1,
         ['kenar_retries_total{endpoint="send_bot_message"}'] = 2,
      }, counted())
   end)

   it("measure the request alone, not the time between two", function()
      local client = bot_before { busy, ok }
      client:send_bot_message("c", "t")
      local values = prometheus.read(bot.metrics:render())
      assert.equal(0, values['kenar_call_seconds_bucket{endpoint="send_bot_message",le="0.025"}'])
      assert.equal(2, values['kenar_call_seconds_bucket{endpoint="send_bot_message",le="0.05"}'])
      assert.near(0.06, values['kenar_call_seconds_sum{endpoint="send_bot_message"}'], 1e-9)
   end)

   it("count calls for another user and uploads, and the old API apart from the current one", function()
      local client = bot_before { ok, token, stored, ok }
      assert.truthy(client:as({ access_token = "ory_at_2" }):send_message("c", "t"))
      assert.truthy(client:upload_media("image", { bytes = "\255\216\255\224....", name = "a.jpg" }))
      assert.truthy(client.legacy:send_message({ user_id = "u", peer_id = "p", post_token = "t", text = "t" }))
      local values = counted()
      assert.equal(1, values['kenar_calls_total{endpoint="send_message",outcome="ok"}'])
      assert.equal(1, values['kenar_calls_total{endpoint="create_upload_token",outcome="ok"}'])
      assert.equal(1, values['kenar_calls_total{endpoint="legacy.send_message",outcome="ok"}'])
   end)

   it("do not count a call that was refused before it was sent", function()
      local client = bot_before {}
      assert.is_nil(client:send_bot_message("c", ("\255")))
      assert.is_nil(client:send_bot_message("", "t"))
      assert.same({}, counted())
   end)
end)
