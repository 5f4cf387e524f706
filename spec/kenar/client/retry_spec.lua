local client = require "kenar.client"
local errors = require "kenar.error"
local hosts = require "kenar.host"
local kenar = require "kenar"
local retry = require "kenar.client.retry"
local testing = require "kenar.testing"
local virtual = require "kenar.host.virtual"

local ok = { status = 200, headers = {}, body = "{}" }
local busy = { status = 429, headers = {}, body = "{}" }
local refused = errors.new { kind = "network", message = "connection refused", sent = "no" }

local function busy_for(retry_after)
   return { status = 429, headers = { ["retry-after"] = retry_after }, body = "{}" }
end

local function lost(kind)
   return errors.new { kind = kind or "network", message = "connection reset", sent = "maybe" }
end

describe("a call that fails", function()
   local host, at

   -- A client before a Divar that gives these answers, the last one again and again; `at` is when it was asked.
   local function client_before(answers, options)
      at = {}
      local function answer()
         at[#at + 1] = host.clock()
         local given = answers[#at] or answers[#answers]
         if errors.is(given) then
            local copy = {}
            for name, value in pairs(given) do
               copy[name] = value
            end
            return nil, errors.new(copy)
         end
         return given
      end
      host = virtual.new {
         serves = { ["https://open-api.divar.ir"] = answer, ["https://chat.divar.ir"] = answer },
         now = 784111770, -- seven seconds before the date of RFC 9110's example
      }
      local values = { host = host, api_key = "key-1", access_token = "ory_at_1" }
      for name, value in pairs(options or {}) do
         values[name] = value
      end
      return client.new(values)
   end

   after_each(function()
      assert.equal(0, host:count())
   end)

   describe("is made again by itself if Divar has not acted:", function()
      it("after a refusal because of too many calls", function()
         local c = client_before { busy, ok }
         assert.same({}, c:send_bot_message("c", "t"))
         assert.same({ 0, 0.5 }, at)
      end)

      it("after a connection that was refused", function()
         assert.same({}, client_before({ refused, ok }):send_bot_message("c", "t"))
         assert.equal(2, #at)
      end)

      it("after a 503 of a proxy that passed nothing on", function()
         local overloaded = { status = 503, headers = { ["x-envoy-overloaded"] = "true" }, body = "" }
         assert.same({}, client_before({ overloaded, ok }):send_bot_message("c", "t"))
         assert.equal(2, #at)
      end)

      it("after any failure, if it only reads", function()
         for _, failure in ipairs { lost(), lost "timeout", { status = 502, headers = {}, body = "" } } do
            assert.truthy(client_before({ failure, ok }):get_user())
            assert.equal(2, #at)
         end
      end)
   end)

   describe("is not made again", function()
      local function fails_at_once(answer, options)
         local _, err = client_before({ answer, ok }):send_bot_message("c", "t", options)
         assert.equal(1, err.attempts)
         assert.equal(1, #at)
         return err
      end

      it("if Divar may have acted", function()
         for _, failure in ipairs { lost(), lost "timeout", { status = 502, headers = {}, body = "" } } do
            assert.equal("maybe", fails_at_once(failure).sent)
         end
      end)

      it("if the cause does not pass, asked to or not", function()
         for _, options in ipairs { {}, { retry_maybe = true } } do
            fails_at_once({ status = 412, headers = {}, body = '{"code":9}' }, options)
            fails_at_once({ status = 302, headers = {}, body = "" }, options)
            fails_at_once({ status = 200, headers = {}, body = "no JSON" }, options)
            fails_at_once(errors.new { kind = "tls", message = "expired", sent = "no" }, options)
         end
      end)

      it("if Divar has acted and the answer broke off, asked to or not", function()
         for _, options in ipairs { {}, { retry_maybe = true } } do
            fails_at_once(errors.new { kind = "network", message = "half an answer", sent = "yes" }, options)
         end
      end)
   end)

   describe("because an idle connection had died before anything left", function()
      local died = errors.new { kind = "network", message = "it had died", sent = "no", stale = true }

      it("goes out once more at once, on a new connection, and that is no further attempt", function()
         local fresh = {}
         local c = client_before({ died, ok }, { attempts = 1 })
         local request = host.request
         function host.request(req)
            fresh[#fresh + 1] = req.fresh or false
            return request(req)
         end
         assert.same({}, c:send_bot_message("c", "t"))
         assert.same({ 0, 0 }, at)
         assert.same({ false, true }, fresh)
      end)

      it("goes out once more and not twice", function()
         local _, err = client_before({ died, died, ok }, { attempts = 1 }):send_bot_message("c", "t")
         assert.same({ "network", "no", 1 }, { err.kind, err.sent, err.attempts })
         assert.equal(2, #at)
      end)

      it("fails with the error of the new connection", function()
         local _, err = client_before({ died, lost(), ok }):send_bot_message("c", "t")
         assert.same({ "network", "maybe", 1 }, { err.kind, err.sent, err.attempts })
         assert.equal(2, #at)
      end)

      it("does not go out once more after the deadline", function()
         local c = client_before({ died, ok }, { attempts = 1 })
         local request = host.request
         function host.request(req)
            host.sleep(2)
            return request(req)
         end
         local _, err = c:send_bot_message("c", "t", { deadline = 1 })
         assert.same({ "network", "no", 1 }, { err.kind, err.sent, err.attempts })
         assert.equal(1, #at)
      end)
   end)

   describe("is made again if the caller asks for it", function()
      it("although Divar may have acted", function()
         for _, failure in ipairs { lost(), lost "timeout", { status = 502, headers = {}, body = "" } } do
            assert.same({}, client_before({ failure, ok }):send_bot_message("c", "t", { retry_maybe = true }))
            assert.equal(2, #at)
         end
      end)

      it("and a later refusal does not hide that", function()
         local _, err = client_before({ lost(), busy }):send_bot_message("c", "t", { retry_maybe = true })
         assert.equal("rate_limited", err.kind)
         assert.equal(3, err.attempts)
         assert.equal("maybe", err.sent)
         assert.is_false(err.retryable)
      end)
   end)

   describe("waits", function()
      it("twice as long each time, and up to half a minute", function()
         local c = client_before({ busy }, { attempts = 9, deadline = 1000 })
         local _, err = c:send_bot_message("c", "t")
         assert.equal(9, err.attempts)
         assert.same({ 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5 }, at)
      end)

      it("for any part of that, so that clients which failed together do not come back together", function()
         local c = client_before { busy }
         local draws = { 0.25, 0, 0 }
         function host.random()
            return table.remove(draws, 1)
         end
         c:send_bot_message("c", "t")
         assert.same({ 0, 0.125, 0.125 }, at)
      end)

      it("at random, if the host has no randomness of its own", function()
         local c = client_before({ busy }, { attempts = 5 })
         host.random = nil
         hosts.complete(host)
         c:send_bot_message("c", "t")
         for number = 2, 5 do
            local waited = at[number] - at[number - 1]
            assert.is_true(waited >= 0 and waited < 2 ^ (number - 3))
         end
         assert.not_equal(0, at[5])
      end)

      it("the seconds of a Retry-After at least", function()
         assert.truthy(client_before({ busy_for "7", ok }):send_bot_message("c", "t"))
         assert.same({ 0, 7.5 }, at)
         assert.equal(7, retry.delay(1, 7, function() return 0 end))
      end)

      it("until the date of a Retry-After at least", function()
         assert.truthy(client_before({ busy_for "Sun, 06 Nov 1994 08:49:37 GMT", ok }):send_bot_message("c", "t"))
         assert.same({ 0, 7.5 }, at)
      end)
   end)

   describe("ends", function()
      it("after three attempts", function()
         local _, err = client_before({ busy }):send_bot_message("c", "t")
         assert.equal(3, err.attempts)
         assert.equal(3, #at)
         assert.is_true(err.retryable)
      end)

      it("after as many attempts as the client was told", function()
         client_before({ busy }, { attempts = 1 }):send_bot_message("c", "t")
         assert.equal(1, #at)
      end)

      it("before an attempt that would begin after the deadline", function()
         client_before({ busy }, { attempts = 100, deadline = 3.4 }):send_bot_message("c", "t")
         assert.same({ 0, 0.5, 1.5 }, at)
         client_before({ busy }, { attempts = 100 }):send_bot_message("c", "t", { deadline = 1.5 })
         assert.same({ 0, 0.5, 1.5 }, at)
      end)

      it("at once if Divar asks for a longer delay than the deadline allows", function()
         local _, err = client_before({ busy_for "30" }):send_bot_message("c", "t")
         assert.equal(1, err.attempts)
         assert.equal(30, err.retry_after)
         assert.equal(0, host.clock())
      end)

      it("with its last error when the host stops while it waits", function()
         local c, err = client_before { busy_for "20" }, nil
         host.spawn(function()
            err = select(2, c:send_bot_message("c", "t"))
         end)
         host:advance(5)
         host:stop()
         assert.equal("rate_limited", err.kind)
         assert.equal(5, host.clock())
      end)
   end)

   describe("as a step of an upload", function()
      local token = { status = 200, headers = {}, body = '{"token":"upload-1"}' }
      local picture = { bytes = "\137PNG\r\n\26\n", name = "a.png" }

      it("is made again if Divar has not acted", function()
         local uploaded = { status = 200, headers = {}, body = '{"id":"media-1"}' }
         local c = client_before { busy, token, refused, uploaded }
         assert.equal("media-1", c:upload_media("image", picture).media_token)
         assert.same({ 0, 0.5, 0.5, 1 }, at)
      end)

      it("is not made again if Divar may have acted", function()
         local _, err = client_before({ token, lost(), ok }):upload_media("image", picture)
         assert.equal("maybe", err.sent)
         assert.equal(2, #at)
      end)

      it("is bounded by the deadline of the message", function()
         local c = client_before { token, busy_for "3" }
         local _, err = c:send_message("c", { image = picture }, { deadline = 2 })
         assert.equal("upload_media", err.endpoint)
         assert.equal(1, err.attempts)
      end)
   end)
end)

describe("ctx:reply", function()
   it("takes the deadline of its attempts, so that an answer is not late", function()
      local bot = kenar.bot {}
      bot:on("chatbot", function(ctx)
         ctx:reply("سلام", { deadline = 1.5 })
      end)
      local divar = testing.divar(bot)
      divar:fail { at = "send_bot_message", status = 429, headers = { ["retry-after"] = "2" } }
      local chat = divar:chatbot {}
      assert.error_matches(function() chat:say "سلام" end, "rate_limited")
      assert.equal(1, #divar.requests)
      assert.equal(0, divar.host.clock())
   end)
end)
