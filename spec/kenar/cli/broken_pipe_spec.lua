--- Commands whose output nobody reads any more.

local bot_file = require "spec.support.bot_file"
local command = require "spec.support.command"
local json = require "kenar.json"
local prometheus = require "spec.support.prometheus"
local scratch = require "spec.support.scratch"
local servers = require "kenar.sandbox.server"
local wire = require "spec_wire"

local keys = { KENAR_API_KEY = "the-api-key", KENAR_IDENTIFICATION_KEY = "the-identification-key" }
local authorization = { authorization = "the-identification-key" }
local click = [[{"touchpoint": "CHAT", "conversation_id": "c1", "extra_data": {"kenar_action": "ask"}}]]

describe("a command whose reader has gone", function()
   local folder, started, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      folder = scratch.new()
   end)

   after_each(function()
      if started then
         started:close()
         started = nil
      end
      folder:remove()
      bot_file.clean()
      assert.equal(descriptors, wire.count_fds())
   end)

   -- What a shell does to give a descriptor a pipe that has no reader.
   local function broken(descriptor)
      local path = folder:file "pipe"
      return ("mkfifo %s; exec 3<>%s %d>%s 3<&-"):format(path, path, descriptor, path)
   end

   local function serve(shell)
      local path = bot_file.write [[
         local bot = require("kenar").bot {}
         bot:dynamic_action("ask", function(ctx)
            ctx.log:info "asked"
            return "yes"
         end)
         return bot]]
      started = command.start({ "run", "--port", "0", "--metrics-port", "0", path }, keys, { shell = shell })
      local port = tonumber((started:expect "serving [^\n]* on http://127%.0%.0%.1:(%d+)\n"))
      return port, tonumber((started:expect "health at http://127%.0%.0%.1:(%d+)/healthz"))
   end

   local function assert_lost(shell)
      local port, metrics_port = serve(shell)
      for _ = 1, 2 do
         local status, body = command.answer(command.post(port, "/kenar/action", authorization, click))
         assert.same({ 200, '{"text_message":"yes"}' }, { status, body })
      end
      local _, text = command.answer(command.get(metrics_port, "/metrics"))
      assert.equal(4, prometheus.read(text).kenar_log_lines_lost_total)
      started:signal "TERM"
      assert.equal(0, started:wait())
   end

   it("serves on when nobody reads its log, and counts the lines that are lost", function()
      assert_lost(broken(2))
   end)

   it("serves on when the disk of its log is full, and counts the lines that are lost", function()
      assert_lost "exec 2>/dev/full"
   end)

   it("counts no line that was written", function()
      local _, metrics_port = serve()
      local _, text = command.answer(command.get(metrics_port, "/metrics"))
      assert.equal(0, prometheus.read(text).kenar_log_lines_lost_total)
   end)

   it("gives SIGPIPE to the programs that its handlers start as it was", function()
      local path = bot_file.write [[
         local bot = require("kenar").bot {}
         bot:dynamic_action("ask", function()
            local pipe = io.popen "grep -E '^Sig(Ign|Cgt)' /proc/self/status"
            local text = pipe:read "*a"
            pipe:close()
            return text
         end)
         return bot]]
      started = command.start({ "run", "--port", "0", path }, keys)
      local port = tonumber((started:expect "serving [^\n]* on http://127%.0%.0%.1:(%d+)\n"))
      local _, body = command.answer(command.post(port, "/kenar/action", authorization, click))
      -- The fourth digit from the end: SIGPIPE is 13.
      local ignored, caught = json.decode(body).text_message:match "SigIgn:%s*(%x+)\nSigCgt:%s*(%x+)"
      assert.same({ 0, 0 }, { tonumber(ignored:sub(-4, -4), 16) % 2, tonumber(caught:sub(-4, -4), 16) % 2 })
   end)

   it("goes on as a sandbox", function()
      local port = wire.free_port()
      started = command.start({ "sandbox", "--port", tostring(port) }, nil, { shell = broken(1) })
      local deadline = wire.clock() + 20
      local socket
      repeat
         socket = wire.connect(port)
         assert.is_true(wire.clock() < deadline, "the sandbox does not listen")
      until socket
      socket:close()
      for _ = 1, 2 do
         local body = assert(json.encode { user = "ali" })
         assert.equal(200, (command.answer(command.post(port, "/sandbox/chatbots", {}, body))))
      end
      started:signal "TERM"
      assert.equal(0, started:wait())
   end)

   it("ends a send with its own status, when it was sent", function()
      local divar = assert(wire.listen())
      started = command.start({ "send", "--bot-conversation", "c1", "hello" }, {
         KENAR_API_KEY = servers.settings.api_key, KENAR_BASE_URL = ("http://127.0.0.1:%d"):format(divar:port()),
      }, { shell = broken(1) })
      local call = assert(divar:accept())
      assert(call:receive())
      assert(call:send 'HTTP/1.1 200 OK\r\ncontent-length: 24\r\n\r\n{"conversation_id":"c1"}')
      call:close()
      divar:close()
      assert.equal(0, started:wait())
   end)

   it("ends quietly, as filters do, when it only shows something", function()
      local inbox = require "kenar.inbox"
      local host = require("kenar.host.loop").new {}
      assert(inbox.open("sqlite:" .. folder:file "inbox.db", host)):close()
      host:stop()
      host:run()
      started = command.start({ "inbox", "--inbox", "sqlite:" .. folder:file "inbox.db" }, nil, { shell = broken(1) })
      assert.equal(128 + 13, started:wait())
      assert.equal("", started.output)
   end)
end)
