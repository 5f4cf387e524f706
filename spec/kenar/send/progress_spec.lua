local bulk_edge = require "spec.support.bulk_edge"
local progress_display = require "kenar.send.progress_display"
local wire = require "spec_wire"

describe("the progress of a run", function()
   local function numbers(fields)
      local made = { sent = 0, failed = 0, skipped = 0, in_doubt = 0, done = 0, rate = 0, elapsed = 0 }
      for name, value in pairs(fields) do
         made[name] = value
      end
      return made
   end

   describe("in a line", function()
      -- The numbers, the columns of the terminal, and the line.
      local half = { sent = 450, done = 450, total = 1000, rate = 50, seconds_left = 11 }
      local cases = {
         { half, nil, " 45%  450 sent  50/s, 11 s left" },
         { half, 60, "[###########--------------]  45%  450 sent  50/s, 11 s left" },
         { half, 40, " 45%  450 sent  50/s, 11 s left" },
         { half, 20, " 45%  450 sent  50/" },
         { { sent = 5, done = 5, rate = 0.5 }, 60, "5 sent  0.5/s" },
         { { sent = 5, failed = 2, in_doubt = 1, skipped = 40, done = 48, rate = 2345.6 }, nil,
            "5 sent, 2 failed, 1 in doubt, 40 skipped  2346/s" },
         { { sent = 5, done = 5, wait = 3700 }, nil, "5 sent  the day's quota is spent, goes on in 1 h 1 min" },
         { { sent = 7, done = 7, total = 7, is_over = true, elapsed = 75.2 }, nil, "100%  7 sent  in 1 min 15 s" },
         { { total = 0, is_over = true }, 40, "0 sent  in 0 s" },
         { { done = 12, total = 10, rate = 1, seconds_left = 0 }, nil, "100%  0 sent  1/s, 0 s left" },
         { { rate = 1, seconds_left = 200000 }, nil, "0 sent  1/s, 2 d 7 h left" },
      }
      for _, case in ipairs(cases) do
         it(("is %q"):format(case[3]), function()
            assert.equal(case[3], progress_display.line(numbers(case[1]), case[2]))
         end)
      end
   end)

   describe("told to a function", function()
      local edge

      before_each(function()
         edge = bulk_edge.new()
         edge.answer = function() return nil, 1 end
      end)

      after_each(function()
         assert.equal(0, edge.host:count())
      end)

      local function rows_of(count)
         local list = {}
         for number = 1, count do
            list[number] = { key = number, bot_conversation_id = "c" .. number, message = "x" }
         end
         return list
      end

      it("has the rate, the time left, and what is under way", function()
         local told = {}
         edge.bot:send_many(rows_of(30), { concurrency = 1, progress = function(given) told[#told + 1] = given end })
         local middle
         for _, given in ipairs(told) do
            middle = given.done == 15 and middle == nil and given or middle
         end
         assert.same({ 15, 30, 1 }, { middle.sent, middle.total, middle.in_flight })
         assert.same({ 0, 0 }, { middle.failed, middle.in_doubt })
         assert.is_true(math.abs(middle.rate - 1) < 0.15, middle.rate)
         assert.is_true(math.abs(middle.seconds_left - 15) < 2, middle.seconds_left)
         local last = told[#told]
         assert.same({ 30, 30, true, 30 }, { last.sent, last.done, last.is_over, math.floor(last.elapsed + 0.5) })
      end)

      it("is told at most ten times a second, and of a standstill once a second", function()
         local at = {}
         edge.answer = function(_, to) return nil, to == "c200" and 5 or 0.01 end
         edge.bot:send_many(rows_of(200), {
            concurrency = 1, progress = function() at[#at + 1] = edge.host.clock() end,
         })
         for index = 2, #at - 1 do
            assert.is_true(at[index] - at[index - 1] > 0.099)
         end
         -- Two seconds of work, five of waiting, and the end.
         assert.is_true(#at > 20 and #at <= 27, #at .. " times")
      end)

      it("says how long it waits for a new day", function()
         -- A day ends at midnight in Iran: here half past nine in the evening there.
         edge = bulk_edge.new({ quota = { day = 10 } }, 1735689600 + 18 * 3600)
         local longest = 0
         edge.bot:send_many(rows_of(12), {
            on_day_quota = "wait", progress = function(given) longest = math.max(longest, given.wait or 0) end,
         })
         assert.equal(2.5, math.floor(longest / 360 + 0.5) / 10)
      end)

      it("knows the total of a function's rows where it is told", function()
         local rows, number, total = rows_of(3), 0, nil
         edge.bot:send_many(function()
            number = number + 1
            return rows[number]
         end, { total = 3, concurrency = 1, progress = function(given) total = total or given.total end })
         assert.equal(3, total)
      end)

      it("raises what that raises, when all that is under way has ended", function()
         assert.error_matches(function()
            edge.bot:send_many(rows_of(3), { progress = function() error "in progress" end })
         end, "in progress")
         assert.equal(0, edge.flying)
      end)
   end)

   describe("on stderr", function()
      -- Rows that take a tenth of a second each, by the virtual clock.
      local program = [[
         local edge = require("spec.support.bulk_edge").new()
         edge.answer = function() return nil, 0.1 end
         local rows = {}
         for number = 1, 300 do rows[number] = { bot_conversation_id = "c" .. number, message = "x" } end
         edge.bot:send_many(rows, { concurrency = 1, progress = true })
      ]]
      local process

      after_each(function()
         process:close()
      end)

      local function read_all()
         local output = {}
         repeat
            local bytes = process:read()
            output[#output + 1] = bytes
         until not bytes
         assert.equal(0, process:wait())
         return table.concat(output)
      end

      it("is a line every ten seconds where that is no terminal", function()
         process = assert(wire.spawn({ wire.executable(), "-e", program }, { stderr = "stdout" }))
         local output = read_all()
         local first, second = output:match(
            "^ 33%%  (%d+) sent  %S+/s, 20 s left\n 66%%  (%d+) sent  %S+/s, 10 s left\n")
         assert.is_true(tonumber(first) >= 99 and tonumber(second) >= 198, output)
         assert.truthy(output:find "100%%  300 sent  in 30 s\n$", output)
      end)

      it("is a bar as wide as the terminal, drawn in its place", function()
         local line = ("stty cols 60; exec %s -e '%s'"):format(wire.executable(), program)
         process = assert(wire.spawn({ "script", "-qefc", line, "/dev/null" }, {
            env = { ASAN_OPTIONS = "detect_leaks=0" },
         }))
         local output = read_all()
         assert.equal("\r\n", output:sub(-2))
         local frames, previous = 0, nil
         for frame in output:sub(1, -3):gmatch "\r([^\r\n]+)" do
            frames = frames + 1
            assert.is_true(#frame <= 59, frame)
            previous = frame
         end
         assert.is_true(frames > 100, frames .. " frames")
         assert.equal("[" .. ("#"):rep(33) .. "] 100%  300 sent  in 30 s", (previous:gsub(" +$", "")))
         assert.truthy(output:find("\r[#", 1, true))
      end)
   end)
end)
