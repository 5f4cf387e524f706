--- Messages with gaps: compiled once, filled for each customer.
--
-- A template is a message as plain data whose strings hold placeholders, so that it can live in a file:
--
--    return {
--       text = "سلام {name}\nقیمت: {price|toman}\n{note?}",
--       buttons = { { "دیدن {name|truncate:20}", direct_link = "https://shop.example.ir/{id}", when = "id" } },
--    }
--
-- {name}                    the value; {user.name} looks into a table, {items.1} into a list
-- {price|toman}             through filters, from left to right (kenar.template.filters)
-- {name|truncate:20}        an argument of a filter; no : | { } or line end in it, spaces around it are dropped
-- {n|plural:one:# items}    or zero:one:other; a # stands for the number
-- {note?}                   optional: without the value its whole line is left out; so is a string without lines
-- {{ and }}                 a brace
-- when = "name"             in a button or a row: it stands only where that value does and is not false
--
-- A value is missing when it is nil, null or "". Missing where it is needed it is an error, never the text "nil".
--
-- Escaping: a value is put in as it is and never read again, so that braces in it stay braces; Divar documents no
-- markup in chat texts. In a direct_link a value is percent-encoded, unless the placeholder is the whole link or
-- has the filter `raw`. In `data` and `answer` a placeholder alone, without filters, keeps a number or a boolean as
-- it is.

local checks = require "kenar.base.options"
local errors = require "kenar.error"
local filters = require "kenar.template.filters"
local parser = require "kenar.template.parser"
local template_string = require "kenar.template.string"

local template = {}

local MAX_DEPTH = 16

-- A compiled piece of a template is a function of the values; it returns what stands there, nil where nothing does,
-- or nil, a problem and the path of it.
local compile

local function constant(value)
   return function()
      return value
   end
end

local function compile_string(source, place)
   local render = template_string.compile(source, place.path, place.content, place.filters)
   if not render then
      return constant(source)
   end
   return function(values)
      local value, problem = render(values)
      return value, problem, problem and place.path
   end
end

local function compile_condition(name, place)
   if place.path == "" then
      error("when: a button or a row may have it, a message may not", 0)
   end
   local keys = type(name) == "string" and parser.keys(name)
   if not keys then
      error(("%s.when: expected the name of a value"):format(place.path), 0)
   end
   return function(values)
      return template_string.look_up(values, keys)
   end
end

-- What a string is, by the field that holds it; everything below `data` is data.
local contents = { data = "data", answer = "data", direct_link = "link", open_direct_link = "link" }

local function place_of(key, parent)
   local path
   if type(key) == "number" then
      path = ("%s[%s]"):format(parent.path, key)
   else
      path = parent.path == "" and tostring(key) or parent.path .. "." .. tostring(key)
   end
   return {
      path = path, depth = parent.depth + 1, filters = parent.filters,
      content = parent.content == "data" and "data" or contents[key],
   }
end

local function compile_table(source, place)
   if place.depth > MAX_DEPTH then
      error(("%s: nested more than %d deep"):format(place.path, MAX_DEPTH), 0)
   end
   local items, fields, names, condition = {}, {}, {}, nil
   for index = 1, #source do
      items[index] = compile(source[index], place_of(index, place))
   end
   for key, value in pairs(source) do
      if key == "when" and place.content ~= "data" then
         condition = compile_condition(value, place)
      elseif not items[key] then
         fields[key] = compile(value, place_of(key, place))
         names[#names + 1] = key
      end
   end
   -- Of several missing values it is always the same one that is told.
   table.sort(names, function(left, right)
      return tostring(left) < tostring(right)
   end)
   local had_something, metatable = next(source) ~= nil, getmetatable(source)
   return function(values)
      if condition and not condition(values) then
         return nil
      end
      local result, count = {}, 0
      for _, item in ipairs(items) do
         local value, problem, path = item(values)
         if problem then
            return nil, problem, path
         elseif value ~= nil then
            count = count + 1
            result[count] = value
         end
      end
      for _, key in ipairs(names) do
         local value, problem, path = fields[key](values)
         if problem then
            return nil, problem, path
         end
         result[key] = value
      end
      -- A row whose buttons are all left out is left out as well, and a grid without rows.
      if had_something and next(result) == nil then
         return nil
      end
      return setmetatable(result, metatable)
   end
end

function compile(source, place)
   if type(source) == "string" then
      return compile_string(source, place)
   elseif type(source) == "table" then
      return compile_table(source, place)
   end
   return constant(source)
end

---@class kenar.Template
---@field private _fill fun(values: table): table?, string?, string?
local Template = {}
Template.__index = Template
Template.__name = "kenar.template"

--- Fill the gaps. Every call makes a new message; what Divar allows is checked when that is encoded.
---@param values? table<string, any> strings, numbers, and tables for dotted names
---@return kenar.Message? message, kenar.Error? err kind `invalid`: `path` is the string's that lacks a value
function Template:render(values)
   if values ~= nil and type(values) ~= "table" then
      error("expected a table of values, got " .. type(values), 2)
   end
   local message, problem, path = self._fill(values or {})
   if problem then
      return nil, errors.new { kind = "invalid", path = path, message = problem }
   end
   return message or {}
end

local function filters_with(own)
   local known = {}
   for name, filter in pairs(filters) do
      known[name] = filter
   end
   for name, apply in pairs(own or {}) do
      if type(apply) ~= "function" then
         error(("filter %s: expected a function, got %s"):format(tostring(name), type(apply)), 3)
      end
      known[name] = { apply = apply }
   end
   return known
end

---@class kenar.TemplateOptions
---@field filters? table<string, fun(value: any, ...: string): any, string?> filters of one's own: each returns the new
---   value, or nil and what is wrong

local option_rows = { filters = true }

--- Compile a template. What cannot be read raises, with the path, the line and the column (in characters).
---@param source table|string a message with placeholders (see above), or its text alone
---@param options? kenar.TemplateOptions
---@return kenar.Template
function template.new(source, options)
   if type(source) == "string" then
      source = { text = source }
   elseif type(source) ~= "table" then
      error("expected a message or a text, got " .. type(source), 2)
   end
   checks.check(options or {}, option_rows, "unknown option %s: a template takes filters", 2)
   local known = filters_with(options and options.filters)
   local ok, fill = pcall(compile, source, { path = "", depth = 0, filters = known })
   if not ok then
      error(fill, 2)
   end
   return setmetatable({ _fill = fill }, Template)
end

return template
