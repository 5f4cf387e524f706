--- A peer that has gone: an outcome, never a SIGPIPE. The program is a plain script, which leaves SIGPIPE as it was.

local certificates = require "spec.support.certificates"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

-- What every script begins with. `outcome` steps until a transfer has ended; `mask` is what is blocked.
local preamble = [[
   local curl = require "kenar.curl"
   local wire = require "spec_wire"
   local PIPE = 13
   local function outcome(pool)
      local id, status, kind = pool:completed()
      while not id do
         pool:step()
         id, status, kind = pool:completed()
      end
      return status or kind
   end
   local function mask()
      local file = assert(io.open "/proc/self/status")
      local text = file:read "*a"
      file:close()
      return text:match "\nSigBlk:%s*(%x+)", text:match "\nSigIgn:%s*(%x+)", text:match "\nSigCgt:%s*(%x+)"
   end
   local function say(...) io.write(table.concat({ ... }, " "), "\n") io.flush() end
]]

describe("kenar.curl without kenar run", function()
   local process, listener, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      listener = assert(wire.listen())
   end)

   after_each(function()
      if process then
         process:close()
         process = nil
      end
      listener:close()
      assert.equal(descriptors, wire.count_fds())
   end)

   local function start(script, ...)
      script = preamble .. script:format(...)
      process = assert(wire.spawn({ wire.executable(), "-e", script }, { stderr = "stdout" }))
   end

   local function expect(text)
      local output = ""
      while not output:find(text, 1, true) do
         local bytes, message = process:read()
         if not bytes then
            error(("%s before %q, status %d:\n%s"):format(message, text, process:wait(), output), 2)
         end
         output = output .. bytes
      end
   end

   it("is not ended by a SIGPIPE of its transport, while it steps", function()
      start([[
         local pool = curl.pool()
         pool:add { url = "http://127.0.0.1:%d/" }
         pool:step(0)
         say "ready"
         say(outcome(pool))
         pool:close()
         say "went on"
      ]], listener:port())
      local socket = assert(listener:accept())
      expect "ready"
      -- What libcurl's OpenSSL raises before 7.87, raised from outside: it is held back while the pool steps.
      local status
      repeat
         local file = assert(io.open(("/proc/%d/status"):format(process:pid())))
         status = file:read "*a"
         file:close()
      until status:find "\nState:%s*S"
      process:kill(13)
      socket:send "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
      expect "went on"
      assert.equal(0, process:wait())
      socket:close()
   end)

   it("leaves the process's signals as they were, and a SIGPIPE that the program itself holds back", function()
      start([[
         local before = { mask() }
         local pool = curl.pool()
         pool:add { url = "http://127.0.0.1:%d/" }
         say(outcome(pool))
         pool:close()
         for i, text in ipairs { mask() } do assert(text == before[i]) end
         say "as before"
         wire.raise(PIPE)
         say "not reached"
      ]], wire.free_port())
      expect "as before"
      assert.equal(128 + 13, process:wait())
   end)

   -- A body that the peer does not take whole, and a peer that closes with bytes unread: the next send has no reader.
   local upload = [[
      local pool = curl.pool(%s)
      pool:add { method = "POST", url = "%s", body = ("x"):rep(16 * 1024 * 1024) }
      say(outcome(pool))
      pool:close()
      say "went on"
   ]]

   it("gets an outcome when a peer closes in the middle of a body", function()
      start(upload, "", "http://127.0.0.1:" .. listener:port() .. "/")
      local socket = assert(listener:accept())
      assert(socket:receive())
      socket:reset()
      expect "network\nwent on"
      assert.equal(0, process:wait())
   end)

   it("gets an outcome when a proxy closes in the middle of a body", function()
      start(upload, ('{ proxy = "http://127.0.0.1:%d", insecure_http = true }'):format(listener:port()),
         "http://divar.example/")
      local socket = assert(listener:accept())
      assert(socket:receive())
      socket:reset()
      expect "network\nwent on"
      assert.equal(0, process:wait())
   end)

   it("gets an outcome when a peer over TLS dies in the middle of a body", function()
      local folder = scratch.new()
      local authority = certificates.authority(folder.path, "authority")
      local good = certificates.signed(folder.path, "good", authority, { names = "IP:127.0.0.1", days = 2 })
      local server = assert(wire.spawn({
         "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", good.certificate, "-key", good.key, "-www",
      }, { stderr = "stdout" }))
      local output, port = "", nil -- luacheck: ignore 311
      repeat
         output = output .. assert(server:read(10), output)
         port = output:match "ACCEPT 127%.0%.0%.1:(%d+)"
      until port
      start([[
         local pool = curl.pool { ca_file = "%s" }
         local id = pool:add { method = "POST", url = "https://127.0.0.1:%d/", body = ("x"):rep(16 * 1024 * 1024) }
         repeat pool:step() until (pool:progress(id) or 1) > 0
         say "sending"
         say(outcome(pool))
         pool:close()
         say "went on"
      ]], authority.certificate, port)
      expect "sending"
      server:kill(9)
      server:wait()
      expect "network\nwent on"
      assert.equal(0, process:wait())
      server:close()
      folder:remove()
   end)
end)
