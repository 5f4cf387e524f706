local metrics = require "kenar.telemetry.metrics"
local prometheus = require "spec.support.prometheus"

describe("metrics", function()
   local m, now

   before_each(function()
      now = 1000
      m = metrics.new {
         clock = function()
            return now
         end,
      }
   end)

   local function read()
      return (prometheus.read(m:render()))
   end

   it("count by two labels, by one and by none", function()
      m:add("kenar_events_total", "message", "ok")
      m:add("kenar_events_total", "message", "ok")
      m:add("kenar_events_total", "message", "failed")
      m:add("kenar_retries_total", "send_message")
      m:add "kenar_duplicates_total"
      m:add "kenar_duplicates_total"
      assert.same({
         ['kenar_events_total{kind="message",outcome="ok"}'] = 2,
         ['kenar_events_total{kind="message",outcome="failed"}'] = 1,
         ['kenar_retries_total{endpoint="send_message"}'] = 1,
         kenar_duplicates_total = 2, kenar_log_lines_lost_total = 0,
      }, read())
   end)

   it("begin at nothing: zero where no label is needed, and no series elsewhere", function()
      assert.same({ kenar_duplicates_total = 0, kenar_log_lines_lost_total = 0 }, read())
   end)

   it("put a time into the first bucket that it does not exceed, and into all those above it", function()
      for _, seconds in ipairs { 0.004, 0.005, 0.3, 2, 2.001, 31 } do
         m:observe("kenar_handler_seconds", "message", seconds)
      end
      local values = read()
      local function below(bound)
         return values[('kenar_handler_seconds_bucket{kind="message",le="%s"}'):format(bound)]
      end
      assert.same({ 2, 2, 2, 3, 3, 4, 5, 5, 6 }, {
         below "0.005", below "0.01", below "0.2", below "0.4", below "1", below "2", below "5", below "30",
         below "+Inf",
      })
      assert.equal(6, values['kenar_handler_seconds_count{kind="message"}'])
      assert.near(35.31, values['kenar_handler_seconds_sum{kind="message"}'], 1e-9)
   end)

   it("give the quantiles that the sorted samples have", function()
      -- 1 to 701 in an order that is none: 37 is prime to 701.
      local sorted = {}
      for index = 1, 701 do
         m:observe("kenar_callback_seconds", "server_link", (index * 37 % 701 + 1) / 1000)
         sorted[index] = index / 1000
      end
      for _, q in ipairs { 0.01, 0.5, 0.9, 0.99, 1 } do
         assert.equal(sorted[math.ceil(q * 701)], m:quantile("kenar_callback_seconds", "server_link", q))
      end
      assert.equal(0.001, m:quantile("kenar_callback_seconds", "server_link", 0))
      local values = read()
      assert.equal(0.351, values['kenar_callback_seconds{kind="server_link",quantile="0.5"}'])
      assert.equal(0.694, values['kenar_callback_seconds{kind="server_link",quantile="0.99"}'])
      assert.equal(701, values['kenar_callback_seconds_count{kind="server_link"}'])
   end)

   it("take quantiles of the last 1,000 only", function()
      for _ = 1, 1000 do
         m:observe("kenar_callback_seconds", "server_link", 5)
      end
      for _ = 1, 990 do
         m:observe("kenar_callback_seconds", "server_link", 0.25)
      end
      assert.equal(0.25, m:quantile("kenar_callback_seconds", "server_link", 0.99))
      assert.equal(5, m:quantile("kenar_callback_seconds", "server_link", 0.991))
   end)

   it("take quantiles of the last ten minutes only, and have none after them", function()
      m:observe("kenar_callback_seconds", "dynamic_action", 3)
      now = now + 300
      m:observe("kenar_callback_seconds", "dynamic_action", 0.25)
      assert.equal(3, m:quantile("kenar_callback_seconds", "dynamic_action", 0.99))
      now = now + 301
      assert.equal(0.25, m:quantile("kenar_callback_seconds", "dynamic_action", 0.99))
      now = now + 300
      assert.is_nil(m:quantile("kenar_callback_seconds", "dynamic_action", 0.99))
      local values = read()
      local median = values['kenar_callback_seconds{kind="dynamic_action",quantile="0.5"}']
      assert.is_true(median ~= median)
      assert.equal(2, values['kenar_callback_seconds_count{kind="dynamic_action"}'])
      assert.equal(3.25, values['kenar_callback_seconds_sum{kind="dynamic_action"}'])
   end)

   it("know no quantile of what was never observed", function()
      assert.is_nil(m:quantile("kenar_callback_seconds", "server_link", 0.5))
   end)

   it("ask for a gauge when somebody looks, and leave out one that cannot be told", function()
      local pending
      m:gauge("kenar_inbox_events", function()
         return pending and { pending = pending, dead = 0 }
      end)
      assert.same({ kenar_duplicates_total = 0, kenar_log_lines_lost_total = 0 }, read())
      pending = 4
      assert.same({
         ['kenar_inbox_events{state="pending"}'] = 4, ['kenar_inbox_events{state="dead"}'] = 0,
         kenar_duplicates_total = 0, kenar_log_lines_lost_total = 0,
      }, read())
      pending = 5
      assert.equal(5, read()['kenar_inbox_events{state="pending"}'])
   end)

   it("hold no more memory however much they observe", function()
      local function observe(times)
         for index = 1, times do
            m:observe("kenar_callback_seconds", "server_link", index % 7 / 8)
            m:observe("kenar_handler_seconds", "message", index % 7 / 8)
            m:add("kenar_events_total", "message", "ok")
         end
         collectgarbage()
         collectgarbage()
         return collectgarbage "count"
      end
      local before = observe(2000)
      assert.is_true(observe(100000) < before + 16)
   end)

   it("are a bot's or a process's", function()
      m = metrics.new { of = "process" }
      m:gauge("kenar_start_time_seconds", function()
         return 1787044500.25
      end)
      assert.same({ kenar_start_time_seconds = 1787044500.25 }, read())
      assert.error_matches(function() m:add "kenar_duplicates_total" end, "no such metric: kenar_duplicates_total")
   end)

   it("raise at a name that is not theirs, or of another type", function()
      assert.error_matches(function() m:add("kenar_event_total", "message", "ok") end,
         "no such metric: kenar_event_total")
      assert.error_matches(function() m:add("kenar_handler_seconds", "message") end, "no such metric")
      assert.error_matches(function() m:observe("kenar_events_total", "message", 1) end, "no such metric")
      assert.error_matches(function() m:quantile("kenar_handler_seconds", "message", 0.5) end, "no such metric")
      assert.error_matches(function() m:gauge("kenar_events_total", print) end, "no such metric")
   end)
end)
