local client = require "kenar.client"
local edge = require "spec.support.edge"
local errors = require "kenar.error"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"

local function client_with(answer, options)
   local host, requests = edge.host { answer }
   local values = { host = host, api_key = "key-1", access_token = "ory_at_1" }
   for name, value in pairs(options or {}) do
      values[name] = value
   end
   return client.new(values), requests
end

local ok = { status = 200, body = '{"status":200,"message":"success"}' }

describe("kenar.client: requests", function()
   it("sends a message in a post's chat with the key and the user's token", function()
      local c, requests = client_with(ok)
      assert.same({ status = 200, message = "success" }, c:send_message("conv-1", { text = "سلام" }))
      local request = requests[1]
      assert.equal("POST", request.method)
      assert.equal("https://open-api.divar.ir/v2/open-platform/conversations/conv-1/messages", request.url)
      assert.equal("key-1", request.headers["x-api-key"])
      assert.equal("Bearer ory_at_1", request.headers.authorization)
      assert.equal("application/json", request.headers["content-type"])
      assert.same({ type = "TEXT", message = "سلام" }, json.decode(request.body))
   end)

   it("sends a message in the bot's chat, with the key alone", function()
      local c, requests = client_with({ status = 200, body = '{"conversation_id":"conv-1"}' }, { access_token = "" })
      assert.same({ conversation_id = "conv-1" }, c:send_bot_message("conv-1", "سلام"))
      assert.equal("https://open-api.divar.ir/v1/open-platform/chat/bot/conversations/conv-1/messages",
         requests[1].url)
      assert.is_nil(requests[1].headers.authorization)
      assert.same({ type = "TEXT", text_message = "سلام" }, json.decode(requests[1].body))
   end)

   it("sends a message of the bot's to a user, whose id goes into the path encoded", function()
      local c, requests = client_with { status = 200, body = "{}" }
      assert.same({}, c:send_bot_message_to_user("6GqmD76dle5NpJySqnBX8seTpt6uVtzqaNTNJU1ettI=", { text = "x" }))
      assert.equal("https://open-api.divar.ir/v1/open-platform/chat/bot/users/"
         .. "6GqmD76dle5NpJySqnBX8seTpt6uVtzqaNTNJU1ettI%3D/messages", requests[1].url)
   end)

   it("says in its buttons which chat they stand in", function()
      local c, requests = client_with { status = 200, body = "{}" }
      c:send_bot_message("c", { text = "x", buttons = { { "بله", dynamic_action = "vote" } } })
      local button = json.decode(requests[1].body).buttons.rows[1].buttons[1]
      assert.same({ kenar_action = "vote", kenar_via = "bot" }, button.action.get_dynamic_action.data)
   end)

   it("keeps ids with reserved characters and line breaks inside their part of the path", function()
      local c, requests = client_with(ok)
      c:send_message("a/b?c#d%e\r\nx: y", "t")
      assert.equal("https://open-api.divar.ir/v2/open-platform/conversations/"
         .. "a%2Fb%3Fc%23d%25e%0D%0Ax%3A%20y/messages", requests[1].url)
   end)

   it("puts the token into the old header if told so", function()
      local c, requests = client_with(ok, { token_header = "x_access_token" })
      c:send_message("c", "t")
      assert.equal("ory_at_1", requests[1].headers["x-access-token"])
      assert.is_nil(requests[1].headers.authorization)
   end)

   it("talks to another base URL when told so", function()
      local c, requests = client_with(ok, { base_url = "https://api.divar.ir/" })
      c:send_message("c", "t")
      assert.equal("https://api.divar.ir/v2/open-platform/conversations/c/messages", requests[1].url)
   end)

   it("acts for another user through a copy, or for one call", function()
      local c, requests = client_with(ok)
      c:as({ access_token = "ory_at_2" }):send_message("c", "t")
      c:send_message("c", "t", { access_token = "ory_at_3" })
      c:send_message("c", "t")
      assert.equal("Bearer ory_at_2", requests[1].headers.authorization)
      assert.equal("Bearer ory_at_3", requests[2].headers.authorization)
      assert.equal("Bearer ory_at_1", requests[3].headers.authorization)
   end)

   it("gives the host its time-outs", function()
      local c, requests = client_with(ok, { timeout = 3, connect_timeout = 1 })
      c:send_message("c", "t")
      c:send_message("c", "t", { timeout = 0.5 })
      assert.equal(3, requests[1].timeout)
      assert.equal(1, requests[1].connect_timeout)
      assert.equal(0.5, requests[2].timeout)
   end)
end)

describe("kenar.client: results and errors", function()
   local function failure(answer)
      local c = client_with(answer, { attempts = 1 })
      local result, err = c:send_message("c", "t")
      assert.is_nil(result)
      assert.is_true(errors.is(err))
      assert.equal("send_message", err.endpoint)
      assert.equal("POST", err.method)
      assert.equal(1, err.attempts)
      return err
   end

   it("treats an empty body of a 200 as an empty result", function()
      assert.same({}, (client_with { status = 200, body = "" }):send_message("c", "t"))
   end)

   it("is an api error when the recipient is restricted: 412 with code 9, not to be repeated", function()
      local err = failure { status = 412, body = fixture.bytes "resp.send_message.412" }
      assert.equal("api", err.kind)
      assert.equal(412, err.status)
      assert.equal(9, err.code)
      assert.equal("FAILED_PRECONDITION", err.code_name)
      assert.equal("message delivery failed due to recipient's restriction", err.message)
      assert.equal("no", err.sent)
      assert.is_false(err.retryable)
   end)

   it("is rate_limited on 429, with the seconds of Retry-After", function()
      local err = failure {
         status = 429, body = fixture.bytes "resp.error.rate_limit", headers = { ["retry-after"] = "30" },
      }
      assert.equal("rate_limited", err.kind)
      assert.equal("RESOURCE_EXHAUSTED", err.code_name)
      assert.equal("rate limit exceeded", err.message)
      assert.equal(30, err.retry_after)
      assert.equal("no", err.sent)
      assert.is_true(err.retryable)
   end)

   it("reads a gRPC status with its details", function()
      local err = failure { status = 403, body = fixture.bytes "resp.error.grpc_status" }
      assert.equal("auth", err.kind)
      assert.equal("PERMISSION_DENIED", err.code_name)
      assert.equal("type.googleapis.com/google.rpc.ErrorInfo", err.details[1]["@type"])
   end)

   it("never derives the code from the status, or the other way round", function()
      local err = failure { status = 400, body = '{"message":"no code here"}' }
      assert.is_nil(err.code)
      assert.is_nil(err.code_name)
      assert.equal("api", err.kind)
      assert.equal(400, err.status)
   end)

   it("is an http error when a proxy answers with a page", function()
      local err = failure { status = 502, body = "<html>Bad Gateway</html>" }
      assert.equal("http", err.kind)
      assert.equal("maybe", err.sent)
      assert.is_false(err.retryable)
      assert.equal("<html>Bad Gateway</html>", err.body)
   end)

   it("is an http error when a 200 cannot be read: Divar has acted", function()
      for _, body in ipairs { "<html>", "7", '{"a":' } do
         local err = failure { status = 200, body = body }
         assert.equal("http", err.kind)
         assert.equal("yes", err.sent)
         assert.is_false(err.retryable)
      end
   end)

   it("knows a 503 that never reached Divar from one that may have", function()
      assert.equal("maybe", failure({ status = 503, body = "" }).sent)
      local err = failure { status = 503, body = "", headers = { ["retry-after"] = "2" } }
      assert.equal("no", err.sent)
      assert.is_true(err.retryable)
      assert.equal("no", failure({ status = 503, body = "", headers = { ["x-envoy-overloaded"] = "true" } }).sent)
   end)

   it("does not follow a redirect", function()
      local err = failure { status = 302, body = "", headers = { location = "https://example.com/" } }
      assert.equal("http", err.kind)
      assert.equal(302, err.status)
   end)

   it("passes on the host's error of a connection that failed", function()
      local err = failure {
         err = errors.new { kind = "network", message = "connection refused", sent = "no" },
      }
      assert.equal("network", err.kind)
      assert.is_true(err.retryable)
      err = failure { err = errors.new { kind = "network", message = "connection reset", sent = "maybe" } }
      assert.is_false(err.retryable)
      err = failure { err = errors.new { kind = "tls", message = "certificate has expired", sent = "no" } }
      assert.is_false(err.retryable)
   end)

   it("keeps at most 4 KiB of an error's body", function()
      assert.equal(4096, #failure({ status = 500, body = ("x"):rep(100000) }).body)
   end)
end)

describe("kenar.client: wrong arguments", function()
   it("sends nothing without a conversation id", function()
      local c, requests = client_with(ok)
      for _, id in ipairs { "", ".", "..", 7, true } do
         local _, err = c:send_message(id, "t")
         assert.equal("invalid", err.kind)
         assert.equal("conversation_id", err.path)
         assert.equal("no", err.sent)
      end
      local _, err = c:send_bot_message_to_user(nil, "t")
      assert.equal("user_id", err.path)
      assert.same({}, requests)
   end)

   it("sends nothing if the message is not valid, and tells where", function()
      local c, requests = client_with(ok)
      local row = { { "a", post_page = "t" } }
      local _, err = c:send_message("c", { text = "t", sender_buttons = { rows = { row, row, row, row } } })
      assert.equal("invalid", err.kind)
      assert.equal("sender_buttons.rows[4]", err.path)
      assert.equal("send_message", err.endpoint)
      assert.same({}, requests)
   end)

   it("sends nothing for a user without a token", function()
      local c, requests = client_with(ok, { access_token = "" })
      local _, err = c:send_message("c", "t")
      assert.equal("auth", err.kind)
      assert.equal("NO_ACCESS_TOKEN", err.code_name)
      assert.same({}, requests)
   end)

   it("raises for an option it does not know, and for a message that is none", function()
      local c = client_with(ok)
      assert.error_matches(function() client.new { api_kye = "x" } end, 'unknown option "api_kye"')
      assert.error_matches(function() c:send_message("c", "t", { token = "x" }) end, 'unknown option "token"')
      assert.error_matches(function() c:send_message("c", "t", { deadline = 0 }) end, "deadline: expected a number")
      assert.error_matches(function() client.new { attempts = 1.5 } end, "attempts: expected a whole number")
      assert.error_matches(function() c:send_message("c", 7) end, "expected a table or a string, got number")
      assert.error_matches(function() client.new { base_url = "divar.ir" } end, "base_url: expected a URL")
      assert.error_matches(function() client.new { timeout = 0 } end, "timeout: expected a number of seconds")
      assert.error_matches(function() client.new { api_key = "a\r\nb" } end, "api_key: has a line break")
   end)

   it("shows no secret when printed, nor in its errors", function()
      local c = client_with({ status = 500, body = "{}" })
      local _, err = c:send_message("c", "t")
      for _, shown in ipairs { tostring(c), tostring(err), tostring(c:as { access_token = "ory_at_2" }) } do
         assert.is_nil(shown:find("key-1", 1, true))
         assert.is_nil(shown:find("ory_at", 1, true))
      end
   end)
end)
