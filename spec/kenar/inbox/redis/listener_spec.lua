local errors = require "kenar.error"
local listeners = require "kenar.inbox.redis.listener"
local virtual = require "kenar.host.virtual"

describe("the task that listens at Redis", function()
   local host, bell, streams, calls, listener

   before_each(function()
      host, calls = virtual.new(), 0
      bell = host.semaphore(0)
      streams = {
         tidy = function() return streams.is_waiting or false, streams.failure end,
         listen = function(_, seconds)
            return (bell:wait(seconds)) == true, streams.failure
         end,
      }
      listener = listeners.new(host, streams, function() calls = calls + 1 end)
      host:advance(0.1)
   end)

   after_each(function()
      listener:stop()
      host:advance(2)
      assert.equal(0, host:count())
   end)

   it("tells when it begins, for what was left", function()
      assert.equal(1, calls)
   end)

   it("tells when the bell rings, and else not", function()
      host:advance(10)
      assert.equal(1, calls)
      bell:post()
      host:advance(0.1)
      assert.equal(2, calls)
   end)

   it("tells each second of what nobody has taken", function()
      streams.is_waiting = true
      host:advance(3.1)
      assert.equal(4, calls)
   end)

   it("tells when somebody has finished taking who may not have found it", function()
      host.spawn(function()
         listener:taking(function()
            host.sleep(0.5)
         end)
      end)
      host:advance(0.1)
      bell:post()
      host:advance(0.1)
      assert.equal(1, calls)
      host:advance(0.5)
      assert.equal(2, calls)
   end)

   it("tries again where Redis fails, and tells when it is there again", function()
      streams.failure = errors.new { kind = "store", message = "Redis is down" }
      host:advance(5)
      local before = calls
      host:advance(5)
      assert.equal(before, calls)
      streams.failure = nil
      host:advance(1)
      assert.equal(before + 1, calls)
   end)
end)
