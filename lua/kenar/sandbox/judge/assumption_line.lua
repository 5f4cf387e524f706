--- An assumption in one line: `deliveries.session=legacy`.

local assumption_values = require "kenar.sandbox.judge.assumption_values"
local assumptions = require "kenar.sandbox.judge.assumptions"

local assumption_line = {}

local booleans = { ["true"] = true, ["false"] = false }

-- The text converted to the default's type; unchanged if it cannot be converted.
local function value_of(default, text)
   local value
   if type(default) == "number" then
      value = tonumber(text)
   elseif type(default) == "boolean" then
      value = booleans[text]
   end
   if value == nil then
      return text
   end
   return value
end

local function put(changes, name, value)
   local within, last = changes, nil
   for key in name:gmatch "[^.]+" do
      if last then
         within[last] = within[last] or {}
         within = within[last]
      end
      last = key
   end
   within[last] = value
end

--- Read lines into changes for kenar.sandbox.judge.assumptions. If two lines have the same name, the later line wins.
---@param lines string[]
---@return table<string, table>? changes, string? problem begins with the line
function assumption_line.read(lines)
   local changes, _, defaults = {}, assumptions.list()
   for _, line in ipairs(lines) do
      local name, text = line:match "^([%w_.]+)=(.*)$"
      local default, problem = defaults[name]
      if not name then
         problem = "expected name=value"
      elseif default == nil then
         problem = assumptions.unknown(name)
      else
         local value = value_of(default, text)
         problem = assumption_values.problem(name, default, value)
         put(changes, name, value)
      end
      if problem then
         return nil, line .. ": " .. problem
      end
   end
   return changes
end

local function written(value)
   return type(value) == "number" and ("%.14g"):format(value) or tostring(value)
end

--- Every assumption as a line: its default and its other values.
---@return string
function assumption_line.all()
   local names, defaults = assumptions.list()
   local lines = {}
   for i, name in ipairs(names) do
      local others = {}
      for _, each in ipairs(assumption_values.choices(name) or {}) do
         others[#others + 1] = each ~= defaults[name] and written(each) or nil
      end
      if type(defaults[name]) == "boolean" then
         others = { tostring(not defaults[name]) }
      end
      local line = name .. "=" .. written(defaults[name])
      lines[i] = #others == 0 and line or ("%-44s (or %s)"):format(line, table.concat(others, ", "))
   end
   return table.concat(lines, "\n") .. "\n"
end

return assumption_line
