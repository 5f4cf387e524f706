--- The filters of templates, one row each.
--
-- `apply` takes a value and the filter's arguments, all strings, and returns the new value, or nil and what is wrong
-- with the old one. `check`, once, when the template is read, takes the list of arguments and returns what is wrong
-- with them. Most are functions of kenar.persian under the same names.

local jalali = require "kenar.persian.jalali"
local numeral = require "kenar.persian.numeral"
local persian = require "kenar.persian"
local timestamp = require "kenar.base.timestamp"

local function describe(value)
   if type(value) == "string" then
      return ("%q"):format(value)
   end
   return type(value) == "number" and tostring(value) or type(value)
end

local function takes_none(arguments)
   if #arguments > 0 then
      return "takes no argument"
   end
end

local function as_number(value)
   if type(value) == "string" then
      return persian.to_number(value)
   elseif type(value) == "number" and value - value == 0 then
      return value -- infinity and NaN are not zero less themselves
   end
end

local function of_number(format)
   return {
      check = takes_none,
      apply = function(value)
         local number = as_number(value)
         if not number then
            return nil, "expected a number, got " .. describe(value)
         end
         return format(number)
      end,
   }
end

local function of_text(format, check)
   return {
      check = check or takes_none,
      apply = function(value, ...)
         if type(value) == "number" then
            value = numeral.plain(value)
         elseif type(value) ~= "string" then
            return nil, "expected a text, got " .. type(value)
         end
         return format(value, ...)
      end,
   }
end

-- The one-form is for exactly 1, so that it can be written in words. (CLDR's category `one` for Persian holds 0 and
-- fractions below 1 too, because its forms always carry the number: "۰ کالا" would become "یک کالا".)
local function plural(value, ...)
   local number, count = as_number(value), select("#", ...)
   if not number then
      return nil, "expected a number, got " .. describe(value)
   end
   local form
   if number == 0 and count == 3 then
      form = (...)
   elseif number == 1 then
      form = (select(count - 1, ...))
   else
      form = (select(count, ...))
   end
   return (form:gsub("#", (persian.number(number))))
end

local function limit_of(arguments)
   local limit = #arguments == 1 and arguments[1]:match "^%d+$" and tonumber(arguments[1])
   return limit and limit >= 1 and limit or nil
end

return {
   digits = of_text(persian.digits),
   digits_to_latin = of_text(persian.digits_to_latin),
   isolate = of_text(persian.isolate),
   normalise = of_text(persian.normalise),
   number = of_number(persian.number),
   rial = of_number(persian.rial),
   toman = of_number(persian.toman),
   phone = of_text(function(value)
      local phone = persian.phone(value)
      if not phone then
         return nil, ("expected an Iranian mobile number, got %q"):format(value)
      end
      return phone
   end),
   jalali = {
      check = function(arguments)
         if #arguments > 1 or arguments[1] and not jalali.format(jalali.date(0), arguments[1]) then
            return "takes one of date, numeric, time, full"
         end
      end,
      apply = function(value, style)
         if not timestamp.microseconds(value) then
            return nil, "expected a time (microseconds, seconds or RFC 3339), got " .. describe(value)
         end
         return persian.jalali(value, style)
      end,
   },
   plural = {
      check = function(arguments)
         if #arguments ~= 2 and #arguments ~= 3 then
            return "takes one:other or zero:one:other"
         end
      end,
      apply = plural,
   },
   -- Put into a link as it is; kenar.template looks for the name.
   raw = of_text(function(value)
      return value
   end),
   truncate = of_text(function(value, limit)
      return persian.truncate(value, tonumber(limit))
   end, function(arguments)
      if not limit_of(arguments) then
         return "takes the number of characters, truncate:20"
      end
   end),
}
