local bulk_edge = require "spec.support.bulk_edge"
local journals = require "kenar.send.journal"
local scratch = require "spec.support.scratch"
local small_disk = require "spec.support.small_disk"
local wire = require "spec_wire"

describe("bot:send_many with a journal", function()
   local edge, folder, path, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      folder = scratch.new()
      path = folder:file "ads.journal"
      edge = bulk_edge.new()
   end)

   after_each(function()
      folder:remove()
      assert.equal(0, edge.host:count())
      collectgarbage()
      assert.equal(descriptors, wire.count_fds())
   end)

   local function rows_of(...)
      local list = {}
      for index, key in ipairs { ... } do
         list[index] = { key = key, bot_conversation_id = "c-" .. key, message = key }
      end
      return list
   end

   local function run(rows, options)
      options = options or {}
      options.journal = path
      edge.sent = {}
      return edge.bot:send_many(rows, options)
   end

   local function states(...)
      local journal, list = assert(journals.open(path)), {}
      for index, key in ipairs { ... } do
         list[index] = journal:state(key) or "none"
      end
      journal:close()
      return list
   end

   it("sends nothing twice, whatever the order of the next export, and what is new in it", function()
      run(rows_of("a", "b", "c"))
      local report = run(rows_of("d", "c", "a", "e", "b"))
      assert.same({ "d", "e" }, edge:texts())
      assert.same({ sent = 2, failed = 0, skipped = 3, in_doubt = {}, in_doubt_count = 0, left = 0 }, report)
   end)

   it("tries again what was not sent, but what Divar refuses for good", function()
      edge.answer = function(text)
         return text ~= "fine" and bulk_edge.refusal(tonumber(text)) or nil
      end
      local rows = rows_of("412", "404", "403", "400", "429", "fine")
      rows[#rows + 1] = { key = "wrong", message = "x" }
      assert.equal(6, run(rows).failed)
      assert.same({ "failed", "failed", "retry", "retry", "retry", "sent", "none" },
         states("412", "404", "403", "400", "429", "fine", "wrong"))
      edge.answer = nil
      rows[7].bot_conversation_id = "c"
      local report = run(rows)
      assert.same({ "403", "400", "429", "x" }, edge:texts())
      assert.same({ 4, 3 }, { report.sent, report.skipped })
   end)

   it("does not try again in the same run", function()
      edge.answer = function() return bulk_edge.refusal(403) end
      local report = run(rows_of("a", "a"), { concurrency = 1 })
      assert.same({ 1, 1, 1 }, { report.failed, report.skipped, #edge.sent })
   end)

   it("lists what is in doubt, of this run and of earlier ones, and does not send it", function()
      local journal = assert(journals.open(path))
      journal:begin "begun"
      journal:close()
      edge.answer = function(text) return text == "lost" and bulk_edge.refusal(500) or nil end
      local report = run(rows_of("begun", "lost", "fine"))
      assert.same({ "lost", "fine" }, edge:texts())
      assert.same({ { "begun", "lost" }, 2 }, { report.in_doubt, report.in_doubt_count })
      assert.same({ 1, 0, 0 }, { report.sent, report.failed, report.skipped })
      edge.answer = nil
      report = run(rows_of("lost", "begun", "fine", "lost"))
      assert.same({}, edge:texts())
      assert.same({ { "begun", "lost" }, 2 }, { report.in_doubt, report.in_doubt_count })
   end)

   it("begins a row when its message leaves, not while it waits for its quota", function()
      edge:new_bot { quota = { minute = 6 } }
      local begun
      edge.host.spawn(function()
         edge.host.sleep(15)
         begun = folder:read "ads.journal"
      end)
      run(rows_of("a", "b", "c"))
      assert.equal("kenar-journal 1\nbegun\ta\nsent\ta\nbegun\tb\nsent\tb\n", begun)
   end)

   it("goes on behind a last line that is only half there, and says so", function()
      run(rows_of("a", "b"))
      local text = folder:read "ads.journal"
      folder:write("ads.journal", text:sub(1, -3))
      local report = run(rows_of("a", "b", "c"))
      assert.is_true(report.torn)
      assert.same({ "c" }, edge:texts())
      assert.same({ "b" }, report.in_doubt)
   end)

   it("keeps what was sent before the rows raised", function()
      local rows, number = rows_of("a", "b"), 0
      local report = run(function()
         number = number + 1
         return rows[number] or error "gone"
      end)
      assert.same({ 2, "rows" }, { report.sent, report.stopped })
      assert.same({ "sent", "sent" }, states("a", "b"))
      assert.same({ 1, 2 }, { run(rows_of("a", "b", "c")).sent, 2 })
   end)

   it("refuses rows without a key, and keys that are too long", function()
      local told = {}
      local report = run({
         { bot_conversation_id = "c", message = "x" }, { key = "", bot_conversation_id = "c", message = "x" },
         { key = ("k"):rep(1025), bot_conversation_id = "c", message = "x" },
      }, { on_result = function(_, _, err) told[#told + 1] = err.kind .. " " .. (err.path or err.message) end })
      assert.same({ 3, 0 }, { report.failed, #edge.sent })
      assert.same({ "invalid row 1", "invalid row 2", "invalid a key of more than 1024 bytes" }, told)
   end)

   it("is refused while another run has it, and sends nothing", function()
      local journal = assert(journals.open(path))
      local report, err = run(rows_of("a"))
      assert.is_nil(report)
      assert.equal("store", err.kind)
      assert.truthy(err.message:find("another run has it", 1, true))
      assert.equal(0, #edge.sent)
      journal:close()
   end)

   describe("and a quota of a day", function()
      -- Of ten calls the last is kept for replies.
      before_each(function()
         edge:new_bot { quota = { day = 10 } }
      end)

      local many = rows_of("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")

      it("stops when that is spent, and counts who is left", function()
         local report = run(many, { concurrency = 2 })
         assert.same({ 9, 3, 0, "day_quota", "DAY_QUOTA" },
            { report.sent, report.left, report.failed, report.stopped, report.err.code_name })
         assert.is_true(report.err.retry_after > 0)
         assert.same({ "sent", "none", "none" }, states("9", "10", "11"))
      end)

      it("counts who is left of a function's rows too", function()
         local number = 0
         local report = run(function()
            number = number + 1
            return many[number]
         end)
         assert.same({ 9, 3 }, { report.sent, report.left })
      end)

      it("sends the rest on another day", function()
         run(many)
         edge.host:advance(86400)
         local report = run(many)
         assert.same({ "10", "11", "12" }, edge:texts())
         assert.same({ 3, 9, 0 }, { report.sent, report.skipped, report.left })
      end)

      it("waits for the next day where it is told to, and begins no row meanwhile", function()
         local began = edge.host.clock()
         local waiting
         edge.host.spawn(function()
            edge.host.sleep(60)
            waiting = folder:read "ads.journal"
         end)
         local report = run(many, { on_day_quota = "wait", concurrency = 3 })
         assert.same({ 12, 0 }, { report.sent, report.left })
         assert.is_nil(report.stopped)
         assert.is_true(edge.host.clock() - began > 3600)
         assert.is_nil(waiting:find "begun\t1[012]")
         assert.equal("12", edge:texts()[12])
      end)

      it("leaves what waits when the host stops", function()
         edge.host.spawn(function()
            edge.host.sleep(60)
            edge.host.scheduler:stop()
         end)
         local report = run(many, { on_day_quota = "wait" })
         assert.same({ 9, 3, "closed" }, { report.sent, report.left, report.stopped })
      end)
   end)

   it("stops at a full disk before it sends, and goes on where there is room again", function()
      local status, output = small_disk.run(folder.path, 64, [[
         local edge = require("spec.support.bulk_edge").new()
         local rows = {}
         for number = 1, 200 do
            rows[number] = { key = "ad-" .. number, bot_conversation_id = "c" .. number, message = "ad-" .. number }
         end
         local function fill()
            local file = io.open(disk .. "/other", "ab")
            file:setvbuf "no"
            while file:write(("x"):rep(4096)) do end
            file:close()
         end
         edge.answer = function() if #edge.sent == 20 then fill() end end
         local report = edge.bot:send_many(rows, { journal = disk .. "/ads.journal", concurrency = 4 })
         print(report.stopped, report.err.kind, report.sent == #edge.sent, report.sent < 200)
         print(report.sent + report.left, report.in_doubt_count, report.failed)
         os.remove(disk .. "/other")
         local second = edge.bot:send_many(rows, { journal = disk .. "/ads.journal" })
         print(second.stopped, second.skipped == report.sent, #edge.sent)
      ]])
      assert.equal(0, status, output)
      assert.equal("journal\tstore\ttrue\ttrue\n200\t0\t0\nnil\ttrue\t200\n", output)
   end)

   it("takes the same memory for many rows as for few", function()
      local COUNT = 20000
      local function generate()
         local number = 0
         return function()
            number = number + 1
            if number <= COUNT then
               return { key = number, bot_conversation_id = "c" .. number, message = "سلام " .. number }
            end
         end
      end
      local before, peak, count = nil, 0, 0
      edge.answer = function()
         count = count + 1
         edge.sent = {}
         if count % 2500 == 0 then
            collectgarbage()
            collectgarbage()
            local kibibytes = collectgarbage "count"
            before = before or kibibytes
            peak = math.max(peak, kibibytes)
         end
      end
      local report = edge.bot:send_many(generate(), { journal = path })
      assert.equal(COUNT, report.sent)
      print(("\n  send_many: %d rows with a journal, memory of Lua %.0f KiB after 2,500, at most %.0f KiB")
         :format(COUNT, before, peak))
      assert.is_true(peak - before < 512, ("it grew by %.0f KiB"):format(peak - before))
   end)
end)
