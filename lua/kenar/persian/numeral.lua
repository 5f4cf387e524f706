--- Numbers as Persian writes them.
--
-- Symbols are those of the Unicode CLDR, locale `fa` (numbers.json): digits U+06F0 to U+06F9, U+066C between
-- thousands, U+066B before decimals, U+2212 for minus behind a left-to-right mark, `#,##0.###`. ISIRI 6219, the
-- Iranian standard for Persian in information exchange, names the same characters.

local numeral = {}

local THOUSANDS = "\217\172"
local DECIMAL = "\217\171"
local MINUS = "\226\136\146"
local LEFT_TO_RIGHT_MARK = "\226\128\142"

-- The Arabic-Indic (U+0660) and Persian (U+06F0) digits.
local latin_digits, persian_digits = {}, {}
for digit = 0, 9 do
   local latin, arabic_indic = tostring(digit), "\217" .. string.char(0xA0 + digit)
   local persian = "\219" .. string.char(0xB0 + digit)
   latin_digits[arabic_indic], latin_digits[persian] = latin, latin
   persian_digits[latin], persian_digits[arabic_indic] = persian, persian
end

--- Persian and Arabic digits to 0-9.
---@param text string UTF-8
---@return string
function numeral.digits_to_latin(text)
   return (text:gsub("[\217\219][\160-\185]", latin_digits))
end

--- A number in 0-9 without an exponent where it is whole, on both VMs: 12.0 is 12.
---@param number number
---@return string
function numeral.plain(number)
   if math.type and math.type(number) == "integer" then
      return tostring(number)
   elseif number % 1 == 0 then
      return (("%.0f"):format(number):gsub("^%-0$", "0"))
   end
   return tostring(number)
end

--- 0-9 and Arabic digits to Persian ones.
---@param value string|number
---@return string
function numeral.digits(value)
   local text = type(value) == "number" and numeral.plain(value) or value
   return (text:gsub("%d", persian_digits):gsub("\217[\160-\169]", persian_digits))
end

-- Thousands are in threes or not separated at all: 1,234 and 1234, not 12,34.
local function without_separators(whole)
   if not whole:find(",", 1, true) then
      return whole
   end
   local first, rest = whole:match "^(%d%d?%d?)(,[%d,]+)$"
   if first and rest:gsub(",%d%d%d", "") == "" then
      return (whole:gsub(",", ""))
   end
end

--- The number that a person typed: digits of any of the three kinds, thousands with U+066C or a comma, decimals with
--- U+066B or a point, a sign before it.
---@param text string
---@return number? number nil when the text is anything else
function numeral.to_number(text)
   text = numeral.digits_to_latin(text):gsub(LEFT_TO_RIGHT_MARK, ""):gsub(MINUS, "-")
   text = text:gsub(THOUSANDS, ","):gsub(DECIMAL, ".")
   local sign, figures = text:match "^%s*([+-]?)([%d,.]+)%s*$"
   local whole, fraction = (figures or ""):match "^([%d,]+)(.*)$"
   whole = whole and without_separators(whole)
   if not whole or fraction ~= "" and not fraction:find "^%.%d+$" then
      return nil
   end
   local number = tonumber(whole .. fraction)
   return sign == "-" and -number or number
end

-- nil when the value is not a finite number, nor the text of one.
local function finite(value)
   local number = type(value) == "string" and numeral.to_number(value) or value
   if type(number) == "number" and number == number and number ~= math.huge and number ~= -math.huge then
      return number
   end
end

-- Raises in the name of the public function that was called.
local function format(value)
   local number = finite(value)
   if not number then
      local got = type(value) == "string" and ("%q"):format(value) or type(value)
      error("expected a finite number, got " .. (type(value) == "number" and tostring(value) or got), 3)
   end
   local text = number % 1 == 0 and numeral.plain(number) or ("%.3f"):format(number)
   -- A process may have set a locale whose decimal point is a comma.
   local sign, whole, fraction = text:match "^(%-?)(%d+)(.*)$"
   fraction = fraction:gsub("^[.,]", ""):gsub("0?0?0?$", "")
   whole = whole:reverse():gsub("%d%d%d", "%0,"):reverse():gsub("^,", ""):gsub(",", THOUSANDS)
   if whole == "0" and fraction == "" then
      sign = ""
   end
   return numeral.digits((sign == "-" and LEFT_TO_RIGHT_MARK .. MINUS or "") .. whole
      .. (fraction ~= "" and DECIMAL .. fraction or ""))
end

--- A number with Persian digits and separators, rounded to at most three decimals.
---@param number number|string anything but a finite number, or the text of one, raises
---@return string
function numeral.number(number)
   return (format(number))
end

--- An amount of toman, the unit in which Iranians name prices: 1250 is "۱٬۲۵۰ تومان".
---@param toman number|string
---@return string
function numeral.toman(toman)
   local text = format(toman)
   return text .. " تومان"
end

--- An amount of rial, the unit of Divar's payments (`cost_rials`). Ten rial are a toman.
---@param rial number|string
---@return string
function numeral.rial(rial)
   local text = format(rial)
   return text .. " ریال"
end

return numeral
