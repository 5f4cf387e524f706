local listeners = require "kenar.host.loop.listener"
local loop = require "kenar.host.loop"

local EARLY, LATE = { body = "early" }, { body = "late" }

describe("kenar.host.loop.listener with request.early", function()
   local host, listener, errors

   before_each(function()
      errors = {}
      host = loop.new { on_error = function(err) errors[#errors + 1] = err end }
   end)

   after_each(function()
      listener:close(0)
      host:stop(0)
      host:run()
      assert.equal(0, host:count())
   end)

   -- The answer to a request, and how long it took.
   local function ask(handle)
      listener = assert(listeners.open(host, {}, handle))
      local began = host.clock()
      local res = assert(host.request {
         method = "GET", url = ("http://127.0.0.1:%d/"):format(listener:port()), timeout = 5,
      })
      return res, host.clock() - began
   end

   it("sends the early response after 0.4 s, and the handler goes on", function()
      local finished = false
      local res, seconds = ask(function(request)
         request.early = EARLY
         host.sleep(0.6)
         finished = true
         return LATE
      end)
      assert.equal("early", res.body)
      assert.is_true(seconds >= 0.4)
      assert.is_false(finished)
      host:run(function() return finished end)
      assert.same({}, errors)
   end)

   it("sends the handler's response if the handler is faster", function()
      local res = ask(function(request)
         request.early = EARLY
         host.sleep(0.1)
         return LATE
      end)
      assert.equal("late", res.body)
   end)

   it("waits for the handler if there is no early response", function()
      local res = ask(function()
         host.sleep(0.6)
         return LATE
      end)
      assert.equal("late", res.body)
   end)

   it("reports a later error of the handler, and sends no second response", function()
      local res = ask(function(request)
         request.early = EARLY
         host.sleep(0.5)
         error "too late"
      end)
      assert.equal("early", res.body)
      host:run(function() return errors[1] ~= nil end)
      assert.error_matches(function() error(errors[1], 0) end, "too late")
   end)

   it("closes only after these handlers have ended", function()
      local finished = false
      ask(function(request)
         request.early = EARLY
         host.sleep(0.6)
         finished = true
         return LATE
      end)
      listener:close(5)
      assert.is_true(finished)
   end)
end)
