local client = require "kenar.client"
local settings = require "kenar.settings"
local virtual = require "kenar.host.virtual"

describe("the setting quota", function()
   local function resolve(quota, environment)
      return settings.resolve({ quota = quota }, nil, function(name) return environment[name] end).quota
   end

   it("takes its numbers from the environment where the program gives none", function()
      local environment = { KENAR_QUOTA_MINUTE = "60", KENAR_QUOTA_DAY = "1000" }
      assert.same({ minute = 60, day = 1000 }, resolve(nil, environment))
      local given = { minute = 5, on_warning = print }
      assert.same({ minute = 5, day = 1000, on_warning = print }, resolve(given, environment))
   end)

   it("is none without a number", function()
      assert.is_nil(resolve(nil, {}))
      assert.is_nil(resolve({ on_warning = print }, { KENAR_QUOTA_DAY = "" }))
   end)

   it("raises for what it does not understand", function()
      local mistakes = {
         { 60, "quota: expected a table with minute, day or both, got number" },
         { { hour = 5 }, 'quota: unknown field "hour"' }, { { minute = 0 }, "quota: minute: expected a whole number" },
         { { day = 1.5 }, "quota: day: expected a whole number" }, { { day = "9" }, "quota: day: expected a whole" },
         { { day = 9, on_warning = "no" }, "quota: on_warning: expected a function, got string" },
      }
      for _, mistake in ipairs(mistakes) do
         assert.error_matches(function() client.new { quota = mistake[1] } end, mistake[2])
      end
      assert.error_matches(function() resolve(nil, { KENAR_QUOTA_DAY = "many" }) end,
         "KENAR_QUOTA_DAY: expected a whole number")
   end)

   it("that names a store which cannot be opened fails the call, unsent", function()
      local host = virtual.new()
      local c = client.new { host = host, api_key = "k", quota = { day = 9 }, store = "sqlite:/nonexistent/bot.db" }
      local result, err = c:send_bot_message("c", "t")
      assert.is_nil(result)
      assert.same({ "store", "no", "send_bot_message" }, { err.kind, err.sent, err.endpoint })
   end)

   it("of a call is priority, reply or bulk", function()
      local c = client.new { host = virtual.new(), api_key = "k" }
      assert.error_matches(function() c:send_bot_message("c", "t", { priority = "high" }) end,
         'priority: expected "reply" or "bulk", got high')
   end)
end)
