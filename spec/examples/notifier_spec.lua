local loop = require "kenar.host.loop"
local scratch = require "spec.support.scratch"
local servers = require "kenar.sandbox.server"
local testing = require "kenar.testing"
local wire = require "spec_wire"

describe("examples/notifier.lua", function()
   local folder, divar, bot

   before_each(function()
      folder = scratch.new()
      bot = dofile "examples/notifier.lua"
      divar = testing.divar(bot)
   end)

   after_each(function()
      assert.equal(0, divar.host:count())
      folder:remove()
   end)

   -- A file with a row for each of these: key, conversation, name, price, note.
   local function ads(...)
      local lines = { "key,bot_conversation_id,name,ad,price,note" }
      for index, row in ipairs { ... } do
         lines[index + 1] = ("%s,%s,%s,gZd7omnS,%s,%s"):format(row[1], row[2].id, row[3], row[4], row[5] or "")
      end
      return folder:write("ads.csv", table.concat(lines, "\r\n") .. "\r\n")
   end

   local function plain(text)
      return (text:gsub("\226\129[\166-\169]", ""))
   end

   it("writes to the owner of each ad, and leaves a note out that is not there", function()
      local sara, ali = divar:chatbot { user = "sara" }, divar:chatbot { user = "ali" }
      local report = bot.notify(ads({ "ad-1", sara, "سارا", "1500000" }, { "ad-2", ali, "علی", "200000", "فوری" }))
      assert.same({ 2, 0, 0 }, { report.sent, report.failed, report.left })
      assert.equal("سلام سارا\nبرای آگهی شما قیمت ۱٬۵۰۰٬۰۰۰ تومان پیشنهاد شده است.", plain(sara:last().text))
      assert.equal("سلام علی\nبرای آگهی شما قیمت ۲۰۰٬۰۰۰ تومان پیشنهاد شده است.\nیادداشت: فوری", plain(ali:last().text))
      assert.same({ url = "https://notify.example.ir/ads/gZd7omnS" }, ali:press "پیشنهادها")
   end)

   it("writes to nobody twice when the file is exported anew, in another order", function()
      local sara, ali = divar:chatbot { user = "sara" }, divar:chatbot { user = "ali" }
      bot.notify(ads({ "ad-1", sara, "سارا", "1" }))
      local report = bot.notify(ads({ "ad-2", ali, "علی", "2" }, { "ad-1", sara, "سارا", "1" }))
      assert.same({ 1, 1 }, { report.sent, report.skipped })
      assert.equal(2, #divar.requests)
   end)

   it("goes on where one customer wants nothing of the app", function()
      local sara, ali = divar:chatbot { user = "sara" }, divar:chatbot { user = "ali" }
      divar:fail { at = "send_bot_message", status = 412, conversation_id = sara.id }
      local failures = {}
      local report = bot.notify(ads({ "ad-1", sara, "سارا", "1" }, { "ad-2", ali, "علی", "2" }), {
         on_result = function(row, _, err) failures[#failures + 1] = err and row.key .. " " .. err.status or nil end,
      })
      assert.same({ 1, 1, { "ad-1 412" } }, { report.sent, report.failed, failures })
   end)

   it("keeps to its quota of a minute", function()
      local rows = {}
      for number = 1, 70 do
         rows[number] = { "ad-" .. number, divar:chatbot { user = "user " .. number }, "x", "1" }
      end
      local began = divar.host.clock()
      assert.equal(70, bot.notify(ads((table.unpack or unpack)(rows))).sent)
      assert.is_true(divar.host.clock() - began > 60)
   end)

   it("asks for the rows when it is run without", function()
      local process = assert(wire.spawn({ wire.executable(), "examples/notifier.lua" }, { stderr = "stdout" }))
      assert.equal("which rows? lua5.4 examples/notifier.lua ads.csv\n", process:read())
      assert.equal(64, process:wait())
      process:close()
   end)

   it("runs by itself", function()
      local host = loop.new {}
      host.log = function() end
      local sandbox = assert(servers.open(host))
      local state = sandbox.judge.state
      local sara = state:chatbot(state:user("sara").id)
      local path = ads({ "ad-1", sara, "سارا", "1" }, { "ad-2", { id = "nobody" }, "x", "1" })
      local process = assert(wire.spawn({ wire.executable(), "examples/notifier.lua", path }, {
         env = { KENAR_BASE_URL = sandbox:url(), KENAR_API_KEY = servers.settings.api_key }, stderr = "null",
      }))
      local output, deadline = "", host.clock() + 20
      while not output:find "in doubt\n" do
         host:step(0.02)
         output = output .. (process:read(0) or "")
         assert.is_true(host.clock() < deadline, output)
      end
      assert.equal(1, process:wait(), "a row failed")
      process:close()
      assert.truthy(output:find("ad-2: api send_bot_message: ", 1, true), output)
      assert.truthy(output:find("1 sent, 1 failed, 0 in doubt\n", 1, true), output)
      sandbox:close(0)
      host:stop()
      host:run()
   end)
end)
