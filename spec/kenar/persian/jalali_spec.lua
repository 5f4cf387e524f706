local jalali = require "kenar.persian.jalali"

local DAY = 86400

local function text_of(seconds, offset)
   local date = jalali.date(seconds, offset)
   return ("%d-%02d-%02d %02d:%02d:%02d"):format(date.year, date.month, date.day, date.hour, date.minute, date.second)
end

describe("kenar.persian.jalali", function()
   it("gives the date and the time of day in Iran", function()
      assert.same({
         year = 1403, month = 7, day = 29, weekday = 2, hour = 16, minute = 42, second = 6, is_leap = true,
      }, jalali.date(1729429926))
   end)

   -- The moment of midnight UTC of 1 January 1970, and the first days of years by the official calendar.
   local known = {
      { 0, "1348-10-11 03:30:00" },
      { -1, "1348-10-11 03:29:59" },
      { 1710880200, "1403-01-01 00:00:00" },
      { 1710880199, "1402-12-29 23:59:59" },
      { 1742502600, "1404-01-01 00:00:00" }, -- 1403 has a thirtieth of Esfand
      { 1742502599, "1403-12-30 23:59:59" },
      { 1774038600, "1405-01-01 00:00:00" },
      { 1774038599, "1404-12-29 23:59:59" },
      { 1726864200, "1403-06-31 00:00:00" },
      { 1726950600, "1403-07-01 00:00:00" },
   }
   for _, row in ipairs(known) do
      it("reads " .. row[2], function()
         assert.equal(row[2], text_of(row[1]))
      end)
   end

   it("knows the leap years of our time", function()
      local leap = {}
      for days = 0, 40 * 365, 365 do
         local date = jalali.date((9000 + days) * DAY)
         if date.is_leap then
            leap[#leap + 1] = date.year
         end
      end
      assert.same({ 1375, 1379, 1383, 1387, 1391, 1395, 1399, 1403, 1408, 1412 }, leap)
   end)

   it("leaves out no day and repeats none in a hundred and thirty years", function()
      local before = jalali.date(-10000 * DAY, 0)
      for days = -9999, 38000 do
         local date = jalali.date(days * DAY, 0)
         assert(date.weekday == before.weekday % 7 + 1, days)
         if date.day == 1 then
            local length = before.month <= 6 and 31 or before.month < 12 and 30 or before.is_leap and 30 or 29
            assert(before.day == length, days)
            assert(date.month == before.month % 12 + 1, days)
            assert(date.year == before.year + (before.month == 12 and 1 or 0), days)
         else
            assert(date.day == before.day + 1 and date.month == before.month and date.year == before.year, days)
         end
         before = date
      end
   end)

   it("keeps the summer time of the years that had it", function()
      -- 1401 was the last: from the end of 1 Farvardin to the end of 30 Shahrivar.
      assert.equal("1401-01-01 23:59:59", text_of(1647894599))
      assert.equal("1401-01-02 01:00:00", text_of(1647894600))
      assert.equal("1401-06-30 23:59:59", text_of(1663788599))
      assert.equal("1401-06-30 23:00:00", text_of(1663788600))
      assert.equal("1402-04-01 00:00:00", text_of(1687379400))
      assert.equal("1385-04-01 00:00:00", text_of(1150921800)) -- 1385 and 1386 had none
   end)

   it("takes another clock than Iran's", function()
      assert.equal("1403-07-29 13:12:06", text_of(1729429926, 0))
   end)

   it("writes dates in four styles", function()
      local date = jalali.date(1729429926)
      assert.equal("29 مهر 1403", jalali.format(date, "date"))
      assert.equal("1403/07/29", jalali.format(date, "numeric"))
      assert.equal("16:42", jalali.format(date, "time"))
      assert.equal("یکشنبه 29 مهر 1403 ساعت 16:42", jalali.format(date, "full"))
      assert.is_nil(jalali.format(date, "roman"))
   end)
end)
