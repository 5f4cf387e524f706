local dedup = require "kenar.bot.dedup"
local intake = require "kenar.bot.intake"
local kenar = require "kenar"

describe("kenar.bot.intake", function()
   local dispatch, steps, result, event, ctx

   before_each(function()
      steps, result = {}, true
      event = { kind = "message", dedup_key = "m1", order_key = "c1", raw = "{}" }
      ctx = { request = { path = "/kenar" } }
      dispatch = {
         host = { now = function() return 7 end },
         metrics = { add = function(_, name) steps[#steps + 1] = name end },
         run = function(_, given)
            assert.equal(event, given)
            steps[#steps + 1] = "run"
            return result, not result and "failed" or nil
         end,
         report = function(_, err) steps[#steps + 1] = "report " .. tostring(err) end,
         after = function() steps[#steps + 1] = "after" end,
      }
   end)

   local function accept(subject, inbox)
      local response, is_duplicate = subject:accept(event, ctx, inbox)
      return response.status, is_duplicate
   end

   describe("without an inbox", function()
      it("runs the handler, then the functions of ctx:after", function()
         assert.equal(200, accept(intake.new(dispatch)))
         assert.same({ "run", "after" }, steps)
      end)

      it("gives the host an early response before the handler runs", function()
         local early
         dispatch.run = function()
            early = ctx.request.early
            return true
         end
         accept(intake.new(dispatch))
         assert.equal(200, early.status)
      end)

      it("answers 200 and reports the error if the handler fails", function()
         result = false
         assert.equal(200, accept(intake.new(dispatch)))
         assert.same({ "run", "report failed", "after" }, steps)
      end)

      it("runs the handler of an id once, and again if it failed", function()
         local subject = intake.new(dispatch, dedup.in_memory())
         result = false
         accept(subject)
         result = true
         assert.same({ 200 }, { accept(subject) })
         assert.same({ 200, true }, { accept(subject) })
         assert.same({ "run", "report failed", "after", "run", "after", "kenar_duplicates_total" }, steps)
      end)

      it("runs the handler of an event without an id each time", function()
         local subject = intake.new(dispatch, dedup.in_memory())
         event.dedup_key = nil
         accept(subject)
         accept(subject)
         assert.same({ "run", "after", "run", "after" }, steps)
      end)
   end)

   describe("with an inbox", function()
      it("stores the event, and runs no handler", function()
         local got
         local inbox = { put = function(_, list)
            got = list[1]
            return { "new" }
         end }
         assert.same({ 200 }, { accept(intake.new(dispatch), inbox) })
         assert.same({
            id = "m1", order_key = "c1", kind = "message", path = "/kenar", body = "{}", received_at = 7, event = event,
         }, got)
         assert.same({}, steps)
         assert.is_nil(ctx.request.early)
      end)

      it("counts a duplicate", function()
         local inbox = { put = function() return { "duplicate" } end }
         assert.same({ 200, true }, { accept(intake.new(dispatch), inbox) })
         assert.same({ "kenar_duplicates_total" }, steps)
      end)

      it("answers 503 and reports the error if the inbox cannot store the event", function()
         local err = kenar.error.new { kind = "store", message = "the disk is full" }
         assert.same({ 503 }, { accept(intake.new(dispatch), { put = function() return nil, err end }) })
         assert.same({ "report " .. tostring(err) }, steps)
      end)
   end)
end)
