--- The Iranian calendar (Solar Hijri, Jalali) and Iran's clock.
--
-- Leap years follow K. M. Borkowski's table of the breaks in the 33-year cycle ("The Persian calendar for 3000
-- years", Earth, Moon, and Planets 74, 1996), which agrees with the astronomical calendar in the years -61 to 3177.
-- Names of months and days are those of the Unicode CLDR, locale `fa`.
--
-- Iran's clock is UTC+3:30. Summer time, an hour more from 24:00 on 1 Farvardin to 24:00 on 30 Shahrivar, was kept
-- in 1371 to 1384 and 1387 to 1401, and given up then (IANA time zone database, Asia/Tehran). Earlier clocks are not
-- known here: before 1371 every time is given in UTC+3:30.

local jalali = {}

local floor = math.floor

-- Towards zero, as Borkowski's formulas have it.
local function quotient(a, b)
   local result = a / b
   return result < 0 and -floor(-result) or floor(result)
end

local function remainder(a, b)
   return a - quotient(a, b) * b
end

local breaks = {
   -61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635, 2060, 2097, 2192, 2262, 2324, 2394, 2456, 3178,
}

-- Whether a year is a leap year, the Gregorian year in which it begins, and the day of March it begins on.
local function year_facts(year)
   local gregorian_year = year + 621
   local leap_count, first = -14, breaks[1]
   local jump
   for index = 2, #breaks do
      local following = breaks[index]
      jump = following - first
      if year < following then
         break
      end
      leap_count = leap_count + quotient(jump, 33) * 8 + quotient(remainder(jump, 33), 4)
      first = following
   end
   local since = year - first
   leap_count = leap_count + quotient(since, 33) * 8 + quotient(remainder(since, 33) + 3, 4)
   if remainder(jump, 33) == 4 and jump - since == 4 then
      leap_count = leap_count + 1
   end
   local gregorian_leaps = quotient(gregorian_year, 4)
      - quotient((quotient(gregorian_year, 100) + 1) * 3, 4) - 150
   local march = 20 + leap_count - gregorian_leaps
   if jump - since < 6 then
      since = since - jump + quotient(jump + 4, 33) * 33
   end
   local cycle = remainder(remainder(since + 1, 33) - 1, 4)
   return cycle == 0, gregorian_year, march
end

-- Days since 1970-01-01 of a day of March in the Gregorian calendar, and the Gregorian year of such a day. Years
-- begin in March here, so that the leap day comes last.
local function days_of_march(year, day)
   local era = floor(year / 400)
   local year_of_era = year - era * 400
   return era * 146097 + year_of_era * 365 + floor(year_of_era / 4) - floor(year_of_era / 100) + day - 1 - 719468
end

local function gregorian_year_of(days)
   local shifted = days + 719468
   local era = floor(shifted / 146097)
   local day_of_era = shifted - era * 146097
   local year_of_era = floor((day_of_era - floor(day_of_era / 1460) + floor(day_of_era / 36524)
      - floor(day_of_era / 146096)) / 365)
   local day_of_year = day_of_era - (365 * year_of_era + floor(year_of_era / 4) - floor(year_of_era / 100))
   return year_of_era + era * 400 + (day_of_year >= 306 and 1 or 0)
end

-- The year in which a day lies, how many days of it went before, and whether it is a leap year.
local function year_of(days)
   local year = gregorian_year_of(days) - 621
   local is_leap, gregorian_year, march = year_facts(year)
   local day_of_year = days - days_of_march(gregorian_year, march)
   if day_of_year < 0 then
      year = year - 1
      is_leap, gregorian_year, march = year_facts(year)
      day_of_year = days - days_of_march(gregorian_year, march)
   end
   return year, day_of_year, is_leap
end

local HOUR, DAY = 3600, 86400
local STANDARD_TIME = 3.5 * HOUR
local FIRST_DAY_OF_SHAHRIVAR = 5 * 31

-- Seconds that the clock in Iran is ahead of UTC.
local function offset_at(seconds)
   local there = seconds + STANDARD_TIME
   local days = floor(there / DAY)
   local year, day_of_year = year_of(days)
   local is_kept = year >= 1371 and year <= 1384 or year >= 1387 and year <= 1401
   local since_new_year = day_of_year * DAY + there - days * DAY
   if is_kept and since_new_year >= DAY and since_new_year < (FIRST_DAY_OF_SHAHRIVAR + 30) * DAY - HOUR then
      return STANDARD_TIME + HOUR
   end
   return STANDARD_TIME
end

---@class kenar.JalaliDate
---@field year integer
---@field month integer 1 is Farvardin
---@field day integer
---@field weekday integer 1 is Saturday
---@field hour integer
---@field minute integer
---@field second integer
---@field is_leap boolean whether the year has 366 days

--- The date and the time of day in Iran.
---@param seconds number since 1970, UTC
---@param offset? number seconds ahead of UTC; default: Iran's at that time
---@return kenar.JalaliDate
function jalali.date(seconds, offset)
   local there = floor(seconds + (offset or offset_at(seconds)))
   local days = floor(there / DAY)
   local of_day = there - days * DAY
   local year, day_of_year, is_leap = year_of(days)
   local month, day
   if day_of_year < 6 * 31 then
      month, day = floor(day_of_year / 31) + 1, day_of_year % 31 + 1
   else
      month, day = floor((day_of_year - 6 * 31) / 30) + 7, (day_of_year - 6 * 31) % 30 + 1
   end
   return {
      year = year, month = month, day = day, is_leap = is_leap,
      -- 1970-01-01 was a Thursday, the sixth day of Iran's week.
      weekday = (days + 5) % 7 + 1,
      hour = floor(of_day / HOUR), minute = floor(of_day % HOUR / 60), second = of_day % 60,
   }
end

local MONTHS = {
   "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
}

local WEEKDAYS = { "شنبه", "یکشنبه", "دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه" }

-- One row a style, in 0-9.
local styles = {
   date = function(date)
      return ("%d %s %d"):format(date.day, MONTHS[date.month], date.year)
   end,
   numeric = function(date)
      return ("%d/%02d/%02d"):format(date.year, date.month, date.day)
   end,
   time = function(date)
      return ("%02d:%02d"):format(date.hour, date.minute)
   end,
   full = function(date)
      return ("%s %d %s %d ساعت %02d:%02d"):format(WEEKDAYS[date.weekday], date.day, MONTHS[date.month], date.year,
         date.hour, date.minute)
   end,
}

---@alias kenar.JalaliStyle
---| "date"     ۲۹ مهر ۱۴۰۳
---| "numeric"  ۱۴۰۳/۰۷/۲۹
---| "time"     ۱۶:۴۲
---| "full"     یکشنبه ۲۹ مهر ۱۴۰۳ ساعت ۱۶:۴۲

--- The text of a date, in 0-9.
---@param date kenar.JalaliDate
---@param style kenar.JalaliStyle
---@return string? text nil when there is no such style
function jalali.format(date, style)
   local format = styles[style]
   return format and format(date)
end

return jalali
