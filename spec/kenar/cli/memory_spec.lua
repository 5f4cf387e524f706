--- Commands that run out of memory: a memory error does not pass through the handler of xpcall.

local bot_file = require "spec.support.bot_file"
local command = require "spec.support.command"
local wire = require "spec_wire"

-- The leak check at the end of a child takes more memory than the limit leaves.
local keys = {
   KENAR_API_KEY = "the-api-key", KENAR_IDENTIFICATION_KEY = "the-identification-key",
   ASAN_OPTIONS = (os.getenv "ASAN_OPTIONS" or "") .. ":allocator_may_return_null=1:detect_leaks=0",
}
local authorization = { authorization = "the-identification-key" }
local click = [[{"touchpoint": "CHAT", "conversation_id": "c1", "extra_data": {"kenar_action": "%s"}}]]

-- The limit is set late: a sanitizer reserves more address space than any machine has when the process starts.
local exhaust = [[
   local function exhaust()
      local statm, stat = assert(io.open "/proc/self/statm"), assert(io.open "/proc/self/stat")
      local bytes, pid = statm:read "*n" * 4096 + 2 ^ 27, stat:read "*n"
      statm:close()
      stat:close()
      assert(os.execute(("prlimit --pid %d --as=%.0f"):format(pid, bytes)))
      local text = ("x"):rep(1024)
      while true do
         text = text .. text
      end
   end
]]

describe("a command that runs out of memory", function()
   local started, descriptors

   before_each(function()
      descriptors = wire.count_fds()
   end)

   after_each(function()
      if started then
         started:close()
         started = nil
      end
      bot_file.clean()
      assert.equal(descriptors, wire.count_fds())
   end)

   local function start(source, ...)
      local path = bot_file.write(exhaust .. source)
      started = command.start({ "run", "--port", "0", path, ... }, keys)
   end

   it("says so, and ends with the status of a failure of kenar's own", function()
      start [[
         package.loaded["kenar.serve"] = exhaust
         return require("kenar").bot {}]]
      assert.equal(70, started:wait())
      local said = started.output:gsub("==%d+==[^\n]*\n", "")
      assert.truthy(said:find "^kenar: not enough memory\n", started.output)
      assert.falsy(started.output:find "bad argument")
   end)

   it("says so of a bot file", function()
      start "exhaust()"
      assert.equal(65, started:wait())
      assert.truthy(started.output:find "kenar: [^\n]*: not enough memory\n", started.output)
   end)

   it("answers and logs when a handler does, and serves on", function()
      start [[
         local bot = require("kenar").bot {}
         bot:dynamic_action("much", function() exhaust() end)
         bot:dynamic_action("little", function() return "yes" end)
         bot:catch(function(err, ctx) ctx.log:error("caught", { kind = err.kind, text = err.message }) end)
         return bot]]
      local port = tonumber((started:expect "serving [^\n]* on http://127%.0%.0%.1:(%d+)\n"))
      assert.equal(200, (command.answer(command.post(port, "/kenar/action", authorization, click:format "much"))))
      started:expect 'msg=caught [^\n]*kind=handler [^\n]*text="[^\n]*not enough memory"'
      local _, body = command.answer(command.post(port, "/kenar/action", authorization, click:format "little"))
      assert.equal('{"text_message":"yes"}', body)
      started:signal "TERM"
      assert.equal(0, started:wait())
   end)

   it("answers 500 and says so when a request does outside of a handler", function()
      start [[
         local bot = require("kenar").bot {}
         bot.handle = exhaust
         return bot]]
      local port = tonumber((started:expect "serving [^\n]* on http://127%.0%.0%.1:(%d+)\n"))
      assert.equal(500, (command.answer(command.post(port, "/kenar/action", authorization, click:format "much"))))
      started:expect "not enough memory\n"
      started:signal "TERM"
      assert.equal(0, started:wait())
      assert.falsy(started.output:find("on_error failed", 1, true))
   end)
end)
