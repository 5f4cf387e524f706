local each_store = require "spec.support.each_store"
local edges = require "spec.support.oauth_edge"
local token_bucket = require "kenar.client.limits.token_bucket"
local virtual = require "kenar.host.virtual"

describe("kenar.client.limits.token_bucket", function()
   each_store(function(open)
      local host, store

      before_each(function()
         host = virtual.new()
         store = open(host)
      end)

      local function bucket_of(minute, now)
         return token_bucket.new { store = store, key = "quota:minute", minute = minute, now = now or host.now }
      end

      -- Takes as soon as it may, for so many seconds; when that was.
      local function take_for(bucket, seconds, priority)
         local taken, began = {}, host.clock()
         while host.clock() - began < seconds do
            local wait = assert(bucket:take(priority or "reply"))
            if wait == 0 then
               taken[#taken + 1] = host.clock() - began
            else
               host:advance(wait)
            end
         end
         return taken
      end

      local function most_within_a_minute(taken)
         local most, first = 0, 1
         for last, at in ipairs(taken) do
            while at - taken[first] >= 60 do
               first = first + 1
            end
            most = math.max(most, last - first + 1)
         end
         return most
      end

      it("lets a fifth of a minute's calls pass at once, and the others evenly", function()
         local taken = take_for(bucket_of(75), 60)
         assert.equal(75, #taken)
         assert.equal(0, taken[15])
         for index = 16, 75 do
            assert.is_near((index - 15) * 60 / 61, taken[index], 0.01)
         end
      end)

      it("never lets more calls pass in any 60 seconds than the quota allows", function()
         for _, minute in ipairs { 1, 2, 4, 5, 9, 60, 1000 } do
            store:del "quota:minute"
            local bucket = bucket_of(minute)
            local taken = take_for(bucket, 130)
            assert.is_true(most_within_a_minute(taken) <= minute)
            -- After a while without calls.
            host:advance(300)
            assert.is_true(most_within_a_minute(take_for(bucket, 70)) <= minute)
            assert.is_true(#taken >= 1 + minute)
         end
      end)

      it("is one for all processes with the store", function()
         local one, other = bucket_of(10), bucket_of(10)
         assert.equal(0, one:take "reply")
         assert.equal(0, other:take "reply")
         assert.is_near(60 / 9, one:take "reply", 0.01)
         assert.is_near(60 / 9, other:take "reply", 0.01)
      end)

      it("keeps a quarter of the calls that may pass at once for replies", function()
         local bucket = bucket_of(60)
         for _ = 1, 9 do
            assert.equal(0, bucket:take "bulk")
         end
         assert.is_near(60 / 49, bucket:take "bulk", 0.01)
         for _ = 1, 3 do
            assert.equal(0, bucket:take "reply")
         end
         assert.is_near(60 / 49, bucket:take "reply", 0.01)
         assert.is_near(4 * 60 / 49, bucket:take "bulk", 0.01)
      end)

      it("lets bulk sends pass if there is too little to keep anything", function()
         assert.equal(0, bucket_of(1):take "bulk")
      end)

      it("that is drained gives nothing for so long, and then one at a time", function()
         local bucket = bucket_of(60)
         assert.is_true(bucket:drain(30))
         assert.is_near(30, bucket:take "reply", 0.01)
         host:advance(30)
         assert.equal(0, bucket:take "reply")
         assert.is_near(60 / 49, bucket:take "reply", 0.01)
      end)

      it("that is drained for longer stays so when it is drained for less", function()
         local bucket = bucket_of(60)
         bucket:drain(30)
         bucket:drain(5)
         assert.is_near(30, bucket:take "reply", 0.01)
      end)

      it("goes on as before if the wall clock is set back by an hour", function()
         local offset = 0
         local bucket = bucket_of(6, function() return host.now() + offset end)
         assert.equal(0, bucket:take "reply")
         offset = -3600
         assert.is_near(10, bucket:take "reply", 0.01)
         host:advance(10.01)
         assert.equal(0, bucket:take "reply")
         assert.is_near(10, bucket:take "reply", 0.01)
      end)

      it("is at most full if the wall clock is set forward by a year", function()
         local offset = 0
         local bucket = bucket_of(10, function() return host.now() + offset end)
         bucket:take "reply"
         offset = 365 * 86400
         assert.equal(0, bucket:take "reply")
         assert.equal(0, bucket:take "reply")
         assert.is_true(bucket:take "reply" > 0)
      end)

      it("begins anew if the store holds something else", function()
         store:set("quota:minute", "not a bucket")
         assert.equal(0, bucket_of(6):take "reply")
         assert.is_near(10, bucket_of(6):take "reply", 0.01)
      end)

      it("returns the error if the store fails", function()
         store = edges.breakable(store)
         for _, call in ipairs { "get", "add" } do
            store.broken = { [call] = true }
            local wait, err = bucket_of(6):take "reply"
            assert.is_nil(wait)
            assert.equal("store", err.kind)
         end
      end)
   end)
end)
