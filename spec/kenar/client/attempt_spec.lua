--- On real sockets: how often a server gets a call whose connection it closes without an answer.

local client = require "kenar.client"
local edge = require "spec.support.edge"
local errors = require "kenar.error"
local fault_server = require "spec.support.fault_server"
local loop = require "kenar.host.loop"
local scratch = require "spec.support.scratch"

local MESSAGE = "/v2/open-platform/conversations/c/messages"
local TOKEN = "/experimental/open-platform/chat/upload"

describe("the option on_response of a call", function()
   it("is called with each attempt's HTTP response, whatever its status", function()
      local host = edge.host {
         { status = 503, headers = { ["retry-after"] = "1", date = "Sun, 06 Nov 1994 08:49:37 GMT" }, body = "busy" },
         { err = errors.new { kind = "network", message = "refused", sent = "no" } },
         { status = 200, body = "{}" },
      }
      local c = client.new { host = host, api_key = "key-1", attempts = 3 }
      local seen = {}
      assert(c:permissions { on_response = function(response)
         seen[#seen + 1] = { response.status, response.headers.date, response.body }
      end })
      assert.same({ { 503, "Sun, 06 Nov 1994 08:49:37 GMT", "busy" }, { 200, nil, "{}" } }, seen)
   end)

   it("is a function", function()
      local c = client.new { host = edge.host {}, api_key = "key-1" }
      assert.error_matches(function() c:permissions { on_response = 7 } end, "on_response: expected a function")
   end)
end)

describe("a server that resets idle connections", function()
   it("has seen each message and each upload once, and no call has failed", function()
      local function resets(body)
         return function(connection)
            connection:answer(200, { ["Content-Type"] = "application/json" }, body)
            connection:pause(0.01)
            return "reset"
         end
      end
      local server = fault_server.start {
         [MESSAGE] = resets "{}",
         [TOKEN] = function(connection)
            connection:answer(200, { ["Content-Type"] = "application/json", Connection = "close" },
               '{"token":"upload-1"}')
            return "close"
         end,
         ["/upload/image"] = resets '{"id":"media-1"}',
      }
      local host = loop.new { proxy = false }
      local c = client.new {
         host = host, api_key = "key-1", access_token = "t", base_url = server.url, upload_url = server.url,
         attempts = 1,
      }
      local folder, bytes = scratch.new(), "\137PNG\r\n\26\n" .. ("x"):rep(100000)
      local picture = { path = folder:write("a.png", bytes) }
      local function wait_for_reset()
         server:wait_until(function(report)
            return report.open == 0
         end)
      end
      for _ = 1, 5 do
         assert(c:send_message("c", "text"))
         wait_for_reset()
         assert(c:upload_media("image", picture))
         wait_for_reset()
      end
      local uploads = server:requests "/upload/image"
      assert.same({ 5, 5 }, { #server:requests(MESSAGE), #uploads })
      for _, upload in ipairs(uploads) do
         assert.is_truthy(upload.body:find(bytes, 1, true))
      end
      host:stop()
      host:run()
      server:stop()
      folder:remove()
   end)
end)

describe("a server that reads a POST on a reused connection and closes without answering", function()
   local server, host, c

   -- Answers the first request to a path, and hangs up on those after it.
   local function once(body)
      local count = 0
      return function(connection)
         count = count + 1
         if count > 1 then
            return "close"
         end
         connection:answer(200, { ["Content-Type"] = "application/json" }, body)
      end
   end

   before_each(function()
      server = fault_server.start {
         [MESSAGE] = once "{}",
         ["/upload/image"] = once '{"id":"media-1"}',
         [TOKEN] = function(connection)
            connection:answer(200, { ["Content-Type"] = "application/json" }, '{"token":"upload-1"}')
         end,
         ["/v1/open-platform/users"] = once '{"user_id":"u"}',
      }
      host = loop.new { proxy = false }
      function host.random()
         return 0
      end
      c = client.new {
         host = host, api_key = "key-1", access_token = "t", base_url = server.url, upload_url = server.url,
         attempts = 3, deadline = 30,
      }
   end)

   after_each(function()
      host:stop()
      host:run()
      server:stop()
   end)

   it("has seen a message once", function()
      assert(c:send_message("c", "first"))
      local result, err = c:send_message("c", "second")
      assert.is_nil(result)
      assert.same({ "network", "maybe", 1 }, { err.kind, err.sent, err.attempts })
      local requests = server:requests(MESSAGE)
      assert.equal(2, #requests)
      assert.equal(requests[1].connection, requests[2].connection)
   end)

   it("has seen an upload once", function()
      local picture = { bytes = "\137PNG\r\n\26\n" .. ("x"):rep(1000), name = "a.png" }
      assert(c:upload_media("image", picture))
      local result, err = c:upload_media("image", picture)
      assert.is_nil(result)
      assert.same({ "upload_media", "network", "maybe", 1 }, { err.endpoint, err.kind, err.sent, err.attempts })
      local requests = server:requests "/upload/image"
      assert.equal(2, #requests)
      assert.equal(requests[1].connection, requests[2].connection)
   end)

   it("has seen a message as often as the caller asked for", function()
      assert(c:send_message("c", "first"))
      local _, err = c:send_message("c", "second", { retry_maybe = true })
      assert.equal(3, err.attempts)
      assert.equal(1 + 3, #server:requests(MESSAGE))
   end)

   it("has seen a call that only reads as often as there are attempts", function()
      assert(c:get_user())
      local _, err = c:get_user()
      assert.equal(3, err.attempts)
      assert.equal(1 + 3, #server:requests "/v1/open-platform/users")
   end)
end)
