local day_quota = require "kenar.client.limits.day_quota"
local each_store = require "spec.support.each_store"
local virtual = require "kenar.host.virtual"

-- 2025-01-01T00:00:00Z is 03:30 in Iran.
local LEFT_OF_DAY = 20.5 * 3600

describe("kenar.client.limits.day_quota", function()
   each_store(function(open)
      local host, store, warnings

      before_each(function()
         host = virtual.new()
         store, warnings = open(host), {}
      end)

      after_each(function()
         assert.equal(0, host:count())
      end)

      local function quota_of(day, on_warning)
         return day_quota.new { store = store, prefix = "quota:day", day = day, host = host, on_warning = on_warning }
      end

      local function note(info)
         warnings[#warnings + 1] = info
      end

      local function take(quota, count, priority)
         for _ = 1, count do
            assert(quota:take(priority or "reply"))
         end
         host:advance(0)
      end

      it("allows so many calls a day, for all processes with the store together", function()
         local one, other = quota_of(5), quota_of(5)
         take(one, 3)
         take(other, 2)
         for _, quota in ipairs { one, other } do
            local day, err = quota:take "reply"
            assert.is_nil(day)
            assert.same({ "quota", "DAY_QUOTA", "no", false, LEFT_OF_DAY },
               { err.kind, err.code_name, err.sent, err.retryable, err.retry_after })
            assert.equal("5 of today's 5 calls have been made", err.message)
         end
      end)

      it("begins anew at midnight in Iran", function()
         local quota = quota_of(1)
         take(quota, 1)
         host:advance(LEFT_OF_DAY - 1)
         assert.is_near(1, select(2, quota:take "reply").retry_after, 0.001)
         host:advance(1)
         take(quota, 1)
         assert.equal(86400, select(2, quota:take "reply").retry_after)
      end)

      it("keeps the last tenth for replies", function()
         local quota = quota_of(20)
         take(quota, 18, "bulk")
         local day, err = quota:take "bulk"
         assert.is_nil(day)
         assert.equal("DAY_QUOTA", err.code_name)
         assert.equal("18 of today's 20 calls have been made; what is left (2) is kept for replies", err.message)
         take(quota, 2, "reply")
         assert.is_nil(quota:take "reply")
      end)

      it("counts no call that was given back", function()
         local quota = quota_of(2)
         local day = quota:take "reply"
         take(quota, 1)
         quota:give_back(day)
         take(quota, 1)
         assert.is_nil(quota:take "reply")
      end)

      it("gives no more back than was taken", function()
         local quota = quota_of(1)
         quota:give_back(quota:today())
         take(quota, 1)
         assert.is_nil(quota:take "reply")
      end)

      it("warns when four fifths have been made, once a day, and one of all", function()
         local one, other = quota_of(10, note), quota_of(10, note)
         take(one, 7)
         assert.equal(0, #warnings)
         take(other, 1)
         assert.same({ { used = 8, day = 10, left = 2, ends_in = LEFT_OF_DAY } }, warnings)
         take(one, 1)
         take(other, 1)
         assert.equal(1, #warnings)
         host:advance(LEFT_OF_DAY)
         take(one, 8)
         assert.equal(2, #warnings)
      end)

      it("warns later if the store could not tell whether it has", function()
         local quota, add = quota_of(10, note), store.add
         take(quota, 7)
         store.add = function() return nil, "not now" end
         take(quota, 1)
         store.add = add
         assert.same({}, warnings)
         take(quota, 1)
         assert.equal(9, warnings[1].used)
      end)

      it("warns in a task of its own, which may take of it itself", function()
         local quota
         quota = quota_of(5, function()
            assert(quota:take "reply")
            host.sleep(1)
            note "told"
         end)
         take(quota, 4)
         assert.is_nil(quota:take "reply")
         host:run()
         assert.same({ "told" }, warnings)
      end)
   end)
end)
