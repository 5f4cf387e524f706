--- The setting `quota`: how many calls an app may make, which stands in Divar's panel and nowhere else.

local checks = require "kenar.base.options"

local quota_setting = {}

---@class kenar.Quota
---@field minute? integer calls a minute
---@field day? integer calls a day
---@field on_warning? fun(info: { used: integer, day: integer, left: integer, ends_in: number }) called as a task when
---   80 % of the day's calls have been made, once a day; `ends_in` are the seconds until the day ends

-- The numbers, and where the environment has them.
local numbers = { minute = "KENAR_QUOTA_MINUTE", day = "KENAR_QUOTA_DAY" }

local function is_count(value)
   return type(value) == "number" and value >= 1 and value % 1 == 0
end

local function count_problem(value)
   return not is_count(value) and "expected a whole number of at least 1" or nil
end

local fields = { on_warning = "function", minute = count_problem, day = count_problem }

--- The setting as it is kept, or nil and what was expected.
---@param value any
---@return kenar.Quota? quota, string? message
function quota_setting.check(value)
   if type(value) ~= "table" then
      return nil, "expected a table with minute, day or both, got " .. type(value)
   end
   local problem = checks.problem(value, fields, "unknown field %q")
   if problem then
      return nil, problem
   end
   return value
end

--- The setting with the numbers that the environment adds to it.
---@param value? kenar.Quota
---@param environment fun(name: string): string?
---@return kenar.Quota? quota nil where there is no number
function quota_setting.complete(value, environment)
   local quota = { on_warning = value and value.on_warning }
   for name, variable in pairs(numbers) do
      local number = value and value[name]
      if number == nil then
         local text = environment(variable)
         if text and text ~= "" then
            number = tonumber(text)
            if not is_count(number) then
               error(variable .. ": expected a whole number of at least 1", 0)
            end
         end
      end
      quota[name] = number
   end
   return (quota.minute or quota.day) and quota or nil
end

return quota_setting
