--- One string of a template, as a function of the values.

local core = require "kenar.core"
local json = require "kenar.json"
local numeral = require "kenar.persian.numeral"
local parser = require "kenar.template.parser"

local unpack = table.unpack or unpack

local template_string = {}

--- The value under a dotted name; nil where it is missing: nil, null or "".
---@param values table
---@param keys (string|integer)[]
---@return any
function template_string.look_up(values, keys)
   local value = values
   for index = 1, #keys do
      if type(value) ~= "table" then
         return nil
      end
      value = value[keys[index]]
   end
   if value ~= "" and value ~= json.null then
      return value
   end
end

-- nil alone: an optional value is missing. nil and a problem: it is needed, or a filter refused it.
local function resolve(placeholder, values)
   local value = template_string.look_up(values, placeholder.keys)
   if value == nil then
      return nil, not placeholder.is_optional and ("no value for {%s}"):format(placeholder.path) or nil
   end
   for _, filter in ipairs(placeholder.filters) do
      local result, problem = filter.apply(value, unpack(filter.arguments))
      if result == nil then
         return nil, ("{%s|%s}: %s"):format(placeholder.path, filter.name, problem or "no result")
      end
      value = result
   end
   return value
end

local function to_text(placeholder, value)
   if type(value) == "string" then
      return value
   elseif type(value) == "number" and value - value == 0 then
      return numeral.plain(value)
   end
   local got = type(value) == "number" and tostring(value) or type(value)
   return nil, ("{%s}: expected a string or a number, got %s"):format(placeholder.path, got)
end

local function has_filter(placeholder, name)
   for _, filter in ipairs(placeholder.filters) do
      if filter.name == name then
         return true
      end
   end
   return false
end

local function render_line(line, values, is_encoded)
   local pieces = {}
   for index, part in ipairs(line) do
      if type(part) == "string" then
         pieces[index] = part
      else
         local value, problem = resolve(part, values)
         if value == nil then
            return nil, problem
         end
         value, problem = to_text(part, value)
         if problem then
            return nil, problem
         end
         pieces[index] = is_encoded and not has_filter(part, "raw") and core.percent_encode(value) or value
      end
   end
   return table.concat(pieces)
end

local function whole_placeholder(lines)
   local line = lines[1]
   return not lines[2] and not line[2] and type(line[1]) == "table" and line[1] or nil
end

-- A placeholder that keeps the type of its value.
local function compile_datum(placeholder)
   return function(values)
      local value, problem = resolve(placeholder, values)
      if type(value) == "table" or type(value) == "function" then
         return to_text(placeholder, value)
      end
      return value, problem
   end
end

--- Compile a string; what cannot be read raises.
---@param source string
---@param where string its path in the template
---@param content "data"|"link"|nil what the string is, for the rules of escaping
---@param filters table<string, table>
---@return (fun(values: table): any, string?)? render the value or nil, and what is wrong; nil without placeholders
function template_string.compile(source, where, content, filters)
   local lines = parser.parse(source, where, filters)
   if not lines then
      return nil
   end
   local whole = whole_placeholder(lines)
   if whole and content == "data" and not whole.filters[1] then
      return compile_datum(whole)
   end
   local is_encoded = content == "link" and not whole
   return function(values)
      local rendered = {}
      for _, line in ipairs(lines) do
         local text, problem = render_line(line, values, is_encoded)
         if problem then
            return nil, problem
         end
         rendered[#rendered + 1] = text
      end
      return rendered[1] and table.concat(rendered, "\n")
   end
end

return template_string
