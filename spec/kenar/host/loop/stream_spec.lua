local listeners = require "kenar.host.loop.listener"
local loop = require "kenar.host.loop"
local wire = require "spec_wire"

local PATIENCE = 5

describe("kenar.host.loop.stream", function()
   local host, listener, stream, socket, received

   local function await(condition, what)
      local deadline = wire.clock() + PATIENCE
      while not condition() do
         assert(wire.clock() < deadline, "waited for " .. what)
         host:step(0.05)
         local bytes = socket:receive(65536, 0)
         received = received .. (bytes or "")
      end
   end

   before_each(function()
      host, stream, received = loop.new {}, nil, ""
      listener = assert(listeners.open(host, { address = "127.0.0.1", port = 0 }, function()
         return { status = 200, headers = { ["content-type"] = "text/plain" }, stream = function(given)
            stream = given
         end }
      end))
      socket = assert(wire.connect(listener:port()))
      socket:send "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
      await(function() return stream end, "the stream")
   end)

   after_each(function()
      socket:close()
      listener:close(0)
      host:stop()
      host:run()
      assert.equal(0, host:count())
   end)

   it("sends bytes at any time", function()
      assert.is_true(stream:write "eins")
      await(function() return received:find "eins" end, "the first bytes")
      assert.is_true(stream:write "zwei")
      await(function() return received:find "zwei" end, "the next ones")
   end)

   it("tells its writer when the client goes away", function()
      local ends = 0
      stream.on_end = function() ends = ends + 1 end
      socket:close()
      local deadline = wire.clock() + PATIENCE
      while ends == 0 and wire.clock() < deadline do
         host:step(0.05)
      end
      assert.equal(1, ends)
      assert.same({ false, "ended" }, { stream:write "late" })
      socket = assert(wire.connect(listener:port()))
   end)

   it("is finished by its writer", function()
      local ends = 0
      stream.on_end = function() ends = ends + 1 end
      stream:write "last"
      stream:finish()
      await(function() return ends == 1 end, "the end")
      assert.truthy(received:find("last\r\n0\r\n\r\n", 1, true))
      stream:finish()
      assert.equal(1, ends)
   end)

   it("ends with its listener", function()
      local ends = 0
      stream.on_end = function() ends = ends + 1 end
      listener:close(0)
      assert.equal(1, ends)
   end)

   it("does not delay close of the listener", function()
      local task = host.spawn(function()
         listener:close(60)
      end)
      assert.is_true((task:wait(PATIENCE)))
   end)
end)
