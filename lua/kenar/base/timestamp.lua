--- Points in time, as Divar and HTTP write them.
--
-- Divar's documents call `sent_at` an integer and show microseconds; its OpenAPI file says RFC 3339, and captured
-- bot events hold that; the old hook wrote microseconds and seconds as strings. All become integer microseconds.

local timestamp = {}

local floor = math.floor
local to_integer = math.tointeger or function(number) return number end

local MICROSECONDS = 1000000

-- Days since 1970-01-01 of a date in the proleptic Gregorian calendar; years start in March so that
-- the leap day comes last.
local function days_from_civil(year, month, day)
   if month <= 2 then
      year = year - 1
   end
   local era = floor(year / 400)
   local year_of_era = year - era * 400
   local day_of_year = floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
   local day_of_era = year_of_era * 365 + floor(year_of_era / 4) - floor(year_of_era / 100) + day_of_year
   return era * 146097 + day_of_era - 719468
end

local function seconds_of(day, hour, minute, second)
   return day * 86400 + hour * 3600 + minute * 60 + second
end

local function from_rfc3339(text)
   local year, month, day, hour, minute, second, rest =
      text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt ](%d%d):(%d%d):(%d%d)(.*)$"
   if not year then
      return nil
   end
   local fraction, zone = rest:match "^%.(%d+)(.*)$"
   zone = zone or rest
   local offset = 0
   if zone ~= "Z" and zone ~= "z" then
      local sign, hours, minutes = zone:match "^([+-])(%d%d):(%d%d)$"
      if not sign then
         return nil
      end
      offset = (tonumber(hours) * 60 + tonumber(minutes)) * 60
      if sign == "-" then
         offset = -offset
      end
   end
   local seconds = seconds_of(days_from_civil(tonumber(year), tonumber(month), tonumber(day)), tonumber(hour),
      tonumber(minute), tonumber(second)) - offset
   local micros = fraction and tonumber((fraction .. "000000"):sub(1, 6)) or 0
   return seconds * MICROSECONDS + micros
end

-- Seconds, milliseconds and microseconds of our century differ by magnitude.
local function from_number(number)
   local size = number < 0 and -number or number
   if size < 1e11 then
      number = number * MICROSECONDS
   elseif size < 1e14 then
      number = number * 1000
   end
   return floor(number)
end

--- Microseconds since 1970 of any form that Divar has used.
---@param value any an integer or a numeric string of s, ms or us; RFC 3339 with 0 to 9 fraction digits
---@return integer? microseconds nil when it is none of these
function timestamp.microseconds(value)
   local found
   if type(value) == "number" and value == value and value > -1e18 and value < 1e18 then
      found = from_number(value)
   elseif type(value) == "string" then
      if value:find "^%-?%d+$" and #value <= 18 then
         found = from_number(tonumber(value))
      else
         found = from_rfc3339(value)
      end
   end
   return found and to_integer(found)
end

local months = {
   Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12,
}

--- Seconds since 1970 of a date as HTTP writes it (RFC 9110, section 5.6.7; the obsolete forms are not read).
---@param value string? `"Sun, 06 Nov 1994 08:49:37 GMT"`
---@return number? seconds nil when the header is absent or unreadable
function timestamp.http_date(value)
   local day, name, year, hour, minute, second =
      (value or ""):match "(%d%d?) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT"
   local month = months[name]
   return month and seconds_of(days_from_civil(tonumber(year), month, tonumber(day)), tonumber(hour), tonumber(minute),
      tonumber(second))
end

--- Seconds to wait, from a Retry-After header in either of its forms (RFC 9110, section 10.2.3).
---@param value string? `"120"` or `"Sun, 06 Nov 1994 08:49:37 GMT"`
---@param now number wall-clock seconds
---@return number? seconds never negative; nil when the header is absent or unreadable
function timestamp.retry_after(value, now)
   if not value then
      return nil
   end
   local delta = value:match "^%s*(%d+)%s*$"
   if delta then
      return tonumber(delta)
   end
   local seconds = timestamp.http_date(value)
   return seconds and math.max(0, seconds - now)
end

return timestamp
