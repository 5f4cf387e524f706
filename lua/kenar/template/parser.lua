--- Reads one string of a template: lines of texts and placeholders.

local core = require "kenar.core"

local parser = {}

---@class kenar.Placeholder
---@field path string               as written: `user.name`
---@field keys (string|integer)[]   the path, key by key
---@field is_optional boolean
---@field filters { name: string, apply: fun(value: any, ...: string): any, arguments: string[] }[]

---@alias kenar.TemplateLine (string|kenar.Placeholder)[]

-- Raises with the place: a template that cannot be read is a mistake in the program. `input` is the string, where it
-- stands and the filters there are.
local function fail(input, position, problem)
   local before = input.source:sub(1, position - 1)
   local line = select(2, before:gsub("\n", "")) + 1
   local column = #before:gsub("^.*\n", ""):gsub("[\128-\191]", "") + 1
   error(("%s: line %d, column %d: %s"):format(input.where, line, column, problem), 0)
end

-- The pieces between the separators, and where each begins.
local function split(text, separator)
   local pieces, position = {}, 1
   repeat
      local stop = text:find(separator, position, true)
      pieces[#pieces + 1] = { text = text:sub(position, (stop or 0) - 1), offset = position - 1 }
      position = stop and stop + 1
   until not stop
   return pieces
end

local function known_names(filters)
   local names = {}
   for name in pairs(filters) do
      names[#names + 1] = name
   end
   table.sort(names)
   return table.concat(names, ", ")
end

local function read_filter(input, position, text)
   local pieces = split(text, ":")
   local name = core.trim(pieces[1].text)
   local filter = input.filters[name]
   if not filter then
      fail(input, position, ("unknown filter %q: filters are %s"):format(name, known_names(input.filters)))
   end
   local arguments = {}
   for index = 2, #pieces do
      arguments[index - 1] = core.trim(pieces[index].text)
   end
   local problem = filter.check and filter.check(arguments)
   if problem then
      fail(input, position, ("filter %s: %s"):format(name, problem))
   end
   return { name = name, apply = filter.apply, arguments = arguments }
end

-- A name may be in any script; the numbers of a dotted one are places in a list.
local function read_path(text)
   local path, mark = text:match "^%s*([%w_.\128-\255]+)(%??)%s*$"
   if not path or path:find "^[%d.]" or path:find("..", 1, true) or path:find "%.$" then
      return nil
   end
   local keys = {}
   for key in path:gmatch "[^.]+" do
      keys[#keys + 1] = key:find "^%d+$" and tonumber(key) or key
   end
   return { path = path, keys = keys, is_optional = mark == "?", filters = {} }
end

local function read_placeholder(input, position, text)
   local pieces = split(text, "|")
   local placeholder = read_path(pieces[1].text)
   if not placeholder then
      fail(input, position, ("expected a name in the braces, got %q"):format(pieces[1].text))
   end
   for index = 2, #pieces do
      local piece = pieces[index]
      placeholder.filters[index - 1] = read_filter(input, position + piece.offset, piece.text)
   end
   return placeholder
end

--- The keys of a dotted name, or nil when it is none.
---@param name string
---@return (string|integer)[]?
function parser.keys(name)
   local placeholder = read_path(name)
   if placeholder and not placeholder.is_optional then
      return placeholder.keys
   end
end

--- Read a string. What cannot be read raises, with line and column (in characters).
---@param source string
---@param where string its path in the template
---@param filters table<string, { apply: function, check: (fun(arguments: string[]): string?)? }>
---@return kenar.TemplateLine[]? lines nil when no brace is in it
function parser.parse(source, where, filters)
   if not source:find "[{}]" then
      return nil
   end
   local input = { source = source, where = where, filters = filters }
   local lines, line, position = {}, {}, 1
   local function add(text)
      if text ~= "" then
         line[#line + 1] = text
      end
   end
   while true do
      local stop = source:find("[{}\n]", position)
      if not stop then
         add(source:sub(position))
         lines[#lines + 1] = line
         return lines
      end
      add(source:sub(position, stop - 1))
      local mark, following = source:sub(stop, stop), source:sub(stop + 1, stop + 1)
      if mark == "\n" then
         lines[#lines + 1] = line
         line, position = {}, stop + 1
      elseif mark == following then
         add(mark)
         position = stop + 2
      elseif mark == "}" then
         fail(input, stop, "a } without its {: write }} for a brace")
      else
         local finish = source:find("[{}\n]", stop + 1)
         if not finish or source:sub(finish, finish) ~= "}" then
            fail(input, stop, "a { that is not closed: write {{ for a brace")
         end
         line[#line + 1] = read_placeholder(input, stop + 1, source:sub(stop + 1, finish - 1))
         position = finish + 1
      end
   end
end

return parser
