local journals = require "kenar.send.journal"
local loop = require "kenar.host.loop"
local scratch = require "spec.support.scratch"
local servers = require "kenar.sandbox.server"
local wire = require "spec_wire"

describe("bot:send_many in a process that is killed", function()
   local ROWS, CHATS, KILLS = 600, 20, 8
   local folder, host, sandbox, seen, chats, processed, running

   before_each(function()
      folder = scratch.new()
      host = loop.new {}
      host.log = function() end
      seen, chats, processed = {}, {}, 0
      sandbox = assert(servers.open(host, {
         on_message = function(conversation, message)
            processed = processed + 1
            local list = seen[conversation.id] or {}
            seen[conversation.id] = list
            list[#list + 1] = tonumber(message.text)
         end,
      }))
      for number = 1, CHATS do
         local state = sandbox.judge.state
         chats[number] = state:chatbot(state:user("user " .. number).id).id
      end
   end)

   after_each(function()
      if running then
         running:close()
      end
      sandbox:close(0)
      host:stop()
      host:run()
      assert.equal(0, host:count())
      folder:remove()
   end)

   local function start()
      local lines = { "key,bot_conversation_id,message" }
      for number = 1, ROWS do
         lines[#lines + 1] = ("ad-%d,%s,%d"):format(number, chats[number % CHATS + 1], number)
      end
      folder:write("ads.csv", table.concat(lines, "\n") .. "\n")
      running = assert(wire.spawn({ wire.executable(), "-e", ([[
         local kenar = require "kenar"
         local report = assert(kenar.bot {}:send_many(kenar.rows.csv %q, { journal = %q, concurrency = 8 }))
         io.write(report.sent + report.skipped + report.in_doubt_count, " ", report.failed, " ", report.left, "\n")
      ]]):format(folder:file "ads.csv", folder:file "ads.journal") }, {
         env = { KENAR_BASE_URL = sandbox:url(), KENAR_API_KEY = servers.settings.api_key }, stderr = "stdout",
      }))
   end

   -- Let the child go on until the sandbox has had so many messages more, and kill it in the middle of its work.
   local function kill_after(count)
      start()
      local goal, deadline = processed + count, host.clock() + 20
      while processed < goal do
         host:step(0.05)
         assert.is_true(host.clock() < deadline, "the child does not send")
      end
      running:kill()
      assert.equal(137, running:wait())
      running:close()
      running = nil
   end

   local function finish()
      start()
      local output, deadline = "", host.clock() + 20
      while not output:find "\n" do
         host:step(0.05)
         local bytes, reason = running:read(0)
         output = output .. (bytes or "")
         assert.is_true(bytes ~= nil or reason == "timeout", output)
         assert.is_true(host.clock() < deadline, output)
      end
      assert.equal(0, running:wait())
      return output
   end

   it("sends each row once when it is begun again, in order; rows in doubt once at most, and lists them", function()
      for number = 1, KILLS do
         kill_after(5 + number * 11 % 37)
      end
      assert.equal(ROWS .. " 0 0\n", finish())

      local times = {}
      for _, chat in ipairs(chats) do
         local last = 0
         for _, number in ipairs(seen[chat]) do
            assert.is_true(number > last, ("%d came after %d"):format(number, last))
            last = number
            times[number] = (times[number] or 0) + 1
         end
      end
      local journal = assert(journals.open(folder:file "ads.journal"))
      local listed, total = journal:in_doubt()
      local in_doubt = {}
      for _, key in ipairs(listed) do
         in_doubt[key] = true
      end
      for number = 1, ROWS do
         local key = "ad-" .. number
         assert.equal(in_doubt[key] and "doubt" or "sent", journal:state(key))
         assert.is_true(times[number] == 1 or in_doubt[key] and times[number] == nil, key)
      end
      journal:close()
      -- Of those under way when a process was killed; 8 at a time.
      assert.is_true(total <= 8 * KILLS, total .. " in doubt")
   end)
end)
