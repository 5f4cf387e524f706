local metrics = require "kenar.telemetry.metrics"
local families_of = require "kenar.telemetry.families"
local prometheus = require "spec.support.prometheus"

describe("the Prometheus text", function()
   it("is, byte for byte, what the format asks for", function()
      local m = metrics.new()
      m:add("kenar_events_total", "message", "ok")
      m:add("kenar_events_total", "dynamic_action", "failed")
      assert.equal([[
# HELP kenar_events_total Events that were handled, by what became of them.
# TYPE kenar_events_total counter
kenar_events_total{kind="dynamic_action",outcome="failed"} 1
kenar_events_total{kind="message",outcome="ok"} 1
# HELP kenar_duplicates_total Events that Divar sent again and that were not handled again.
# TYPE kenar_duplicates_total counter
kenar_duplicates_total 0
# HELP kenar_log_lines_lost_total Log lines that could not be written: stderr has no reader, or its disk is full.
# TYPE kenar_log_lines_lost_total counter
kenar_log_lines_lost_total 0
]], m:render())
   end)

   it("escapes a backslash, a quote and a line break in a label, and nothing else", function()
      local m = metrics.new()
      m:add("kenar_retries_total", 'a\\b"c\nd\te قیمت')
      local text = m:render()
      assert.truthy(text:find([[kenar_retries_total{endpoint="a\\b\"c\nd]] .. '\te قیمت"} 1\n', 1, true))
      assert.equal('a\\b"c\nd\te قیمت', select(2, prometheus.read(text)).kenar_retries_total.samples[1].labels.endpoint)
   end)

   it("has valid UTF-8 even where a label is not", function()
      local m = metrics.new { labels = { bot = "/\255shop" } }
      local _, families = prometheus.read(m:render())
      assert.equal("/\239\191\189shop", families.kenar_duplicates_total.samples[1].labels.bot)
   end)

   it("writes numbers that are whole, broken, large, and none", function()
      local written = {}
      for _, value in ipairs { 0, 0.1, 1e15, 1787044500.25, 1 / 0, -1 / 0, 0 / 0 } do
         local m = metrics.new { of = "process" }
         m:gauge("kenar_start_time_seconds", function()
            return value
         end)
         written[#written + 1] = m:render():match "\nkenar_start_time_seconds (%S+)\n"
      end
      assert.same({ "0", "0.1", "1000000000000000", "1787044500.25", "+Inf", "-Inf", "NaN" }, written)
   end)

   it("tells the bots of one process apart, each family in one place", function()
      local shop, help = metrics.new { labels = { bot = "/shop" } }, metrics.new { labels = { bot = "/help" } }
      for _, m in ipairs { shop, help, help } do
         m:add("kenar_events_total", "message", "ok")
         m:observe("kenar_call_seconds", "send_message", 0.02)
      end
      local values = prometheus.read(metrics.render { metrics.new { of = "process" }, shop, help })
      assert.equal(1, values['kenar_events_total{bot="/shop",kind="message",outcome="ok"}'])
      assert.equal(2, values['kenar_events_total{bot="/help",kind="message",outcome="ok"}'])
      assert.equal(2, values['kenar_call_seconds_bucket{bot="/help",endpoint="send_message",le="0.025"}'])
      assert.equal(0, values['kenar_call_seconds_bucket{bot="/help",endpoint="send_message",le="0.01"}'])
   end)

   it("describes every family by a name, a type and a sentence", function()
      local registries = { bot = metrics.new(), process = metrics.new { of = "process" } }
      for _, family in ipairs(families_of) do
         local m = registries[family.of]
         if family.type == "counter" then
            m:add(family.name, "a", "b")
         elseif family.type == "gauge" then
            m:gauge(family.name, function()
               return family.labels[1] and { a = 1 } or 1
            end)
         else
            m:observe(family.name, "a", 1)
         end
      end
      local _, families = prometheus.read(metrics.render { registries.bot, registries.process })
      for _, family in ipairs(families_of) do
         assert.equal(family.type, families[family.name].type)
         assert.matches("^%u.*%.$", families[family.name].help)
      end
   end)
end)
