--- The rules of the source tree, as functions over sources: each takes { [path] = text } and returns a sorted list of
--- problems. `spec/kenar/house_spec.lua` applies them to the tree and proves each one by a counter-example.

local house_rules = {}

-- Wings and doors by layer: a module requires modules of its own wing and of wings named before it.
local LAYERS = [[
base error json version
persian event message button grid template rows scope telemetry host
db
store inbox
settings
client
oauth
grants send
webhook
bot
serve resty sandbox testing
cli
]]

-- Public modules. Everything else below lua/kenar is private.
local DOORS = {
   bot = true, button = true, client = true, error = true, event = true, grid = true, init = true, json = true,
   message = true, oauth = true, persian = true, resty = true, rows = true, scope = true, serve = true,
   template = true, testing = true, version = true,
}

-- Wings without a door, and those whose door is their init.lua.
local WINGS = {
   base = true, cli = true, db = true, grants = true, host = true, inbox = true, sandbox = true, send = true,
   settings = true, store = true, telemetry = true, webhook = true,
}

-- The C modules; only these wings may load the ones that do I/O.
local NATIVE = { core = false, curl = "host", httpd = "host", sqlite = "db" }

local VAGUE = { common = true, helper = true, helpers = true, misc = true, util = true, utils = true }

local MOST_PARAMETERS = 5

local ranks = {}
do
   local rank = 0
   for name in LAYERS:gmatch "%S+" do
      rank = rank + 1
      ranks[name] = rank
   end
end

local function problems_of(found)
   table.sort(found)
   return found
end

local function each_line(text)
   local number = 0
   return text:gmatch "([^\n]*)\n?", function()
      number = number + 1
      return number
   end
end

-- Calls `visit(line, number)` for each line of code; comments are left out.
local function each_code_line(text, visit)
   local lines, count = each_line(text)
   local in_comment = false
   for line in lines do
      local number = count()
      if line:find("^%s*%-%-%[%[") then
         in_comment = true
      end
      if not in_comment then
         visit((line:gsub("%-%-.*$", "")), number)
      end
      if in_comment and line:find("]]", 1, true) then
         in_comment = false
      end
   end
end

local function module_of(path)
   return (path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
end

-- "kenar.client.limits.gate" -> "client"; nil for the top module.
local function wing_of(module)
   return module:match "^kenar%.([%w_]+)"
end

-- The modules of kenar that a file requires, each with its line.
local function requires_of(text)
   local found = {}
   each_code_line(text, function(line, number)
      for module in line:gmatch "require[%s,%(]*[\"'](kenar%.[%w_.]+)[\"']" do
         found[#found + 1] = { module = module, line = number }
      end
   end)
   return found
end

--- A module requires modules of its own wing and of wings to its left. `kenar` itself requires all doors.
function house_rules.layers(sources)
   local found = {}
   for path, text in pairs(sources) do
      local wing = wing_of(module_of(path))
      if wing and not ranks[wing] then
         found[#found + 1] = ("%s: wing %s has no layer"):format(path, wing)
      end
      for _, each in ipairs(wing and ranks[wing] and requires_of(text) or {}) do
         local other = wing_of(each.module)
         local owner = NATIVE[other]
         if owner == nil and ranks[other] and ranks[other] > ranks[wing] then
            found[#found + 1] = ("%s:%d: %s may not require %s"):format(path, each.line, wing, each.module)
         elseif owner and owner ~= wing and wing ~= "cli" then
            found[#found + 1] = ("%s:%d: only %s loads kenar.%s"):format(path, each.line, owner, other)
         end
      end
   end
   return problems_of(found)
end

-- The cycle that a walk from `module` closes, as text; nil if there is none.
local function cycle_from(module, graph, state, trail)
   state[module] = "open"
   trail[#trail + 1] = module
   for _, next_module in ipairs(graph[module] or {}) do
      if state[next_module] == "open" then
         local first = 1
         while trail[first] ~= next_module do
            first = first + 1
         end
         return table.concat(trail, " -> ", first) .. " -> " .. next_module
      elseif not state[next_module] and graph[next_module] then
         local cycle = cycle_from(next_module, graph, state, trail)
         if cycle then
            return cycle
         end
      end
   end
   trail[#trail] = nil
   state[module] = "closed"
end

--- Modules do not require each other in a circle, not even inside a function.
function house_rules.cycles(sources)
   local graph, names = {}, {}
   for path, text in pairs(sources) do
      local module = module_of(path)
      if module ~= "kenar" then
         local list = {}
         for _, each in ipairs(requires_of(text)) do
            list[#list + 1] = each.module
         end
         graph[module] = list
         names[#names + 1] = module
      end
   end
   table.sort(names)
   local state = {}
   for _, module in ipairs(names) do
      local cycle = not state[module] and cycle_from(module, graph, state, {})
      if cycle then
         return { cycle }
      end
   end
   return {}
end

--- A file at the top of lua/kenar is a door, a folder is the wing of a door or one of the wings without.
function house_rules.doors(sources)
   local found, seen = {}, {}
   for path in pairs(sources) do
      local file = path:match "^lua/kenar/([%w_]+)%.lua$"
      local folder = path:match "^lua/kenar/([%w_]+)/"
      if file and not DOORS[file] then
         found[#found + 1] = path .. ": is at the top and no public module"
      elseif folder and not DOORS[folder] and not WINGS[folder] and not seen[folder] then
         seen[folder] = true
         found[#found + 1] = ("lua/kenar/%s: is no wing"):format(folder)
      elseif folder and NATIVE[folder] ~= nil then
         found[#found + 1] = ("lua/kenar/%s: has the name of a shared object"):format(folder)
      end
   end
   return problems_of(found)
end

-- Strings of one line are taken out, so that their text is not read as code.
local function without_strings(line)
   return (line:gsub('\\.', ""):gsub('"[^"]*"', '""'):gsub("'[^']*'", "''"))
end

--- A field whose name begins with `_` is used only in the file that defines its class: there the field stands in a
--- constructor (`{ _field = ... }`) or is set on `self`.
function house_rules.private_fields(sources)
   local found = {}
   for path, text in pairs(sources) do
      local own, used = {}, {}
      each_code_line(text, function(raw, number)
         local line = without_strings(raw)
         for place, name in line:gmatch "()%f[%w_]_([a-z][%w_]*)%s*=%f[^=]" do
            local before = line:sub(1, place - 1)
            if before:find "^%s*$" or before:find "[{,;]%s*$" or before:find "%f[%w]self%.$" then
               own[name] = true
            end
         end
         for name in line:gmatch "[%w_%])]%._([a-z][%w_]*)" do
            used[#used + 1] = { name = name, line = number }
         end
         for name in raw:gmatch "raw[gs]et%([^,]+, [\"']_([a-z][%w_]*)[\"']" do
            used[#used + 1] = { name = name, line = number }
         end
      end)
      for _, each in ipairs(used) do
         if not own[each.name] then
            found[#found + 1] = ("%s:%d: _%s belongs to another file"):format(path, each.line, each.name)
         end
      end
   end
   return problems_of(found)
end

local function count_names(list)
   local count = 0
   for _ in list:gmatch "[^,]+" do
      count = count + 1
   end
   return count
end

--- A function takes at most five parameters.
function house_rules.parameters(sources)
   local found = {}
   for path, text in pairs(sources) do
      each_code_line(text, function(line, number)
         for name, list in without_strings(line):gmatch "function%s*([%w_.:]*)%s*%(([^()]*)%)" do
            if count_names(list) > MOST_PARAMETERS then
               found[#found + 1] = ("%s:%d: %s takes more than %d parameters"):format(path, number,
                  name == "" and "a function" or name, MOST_PARAMETERS)
            end
         end
      end)
   end
   return problems_of(found)
end

--- No folder and no file has a name that tells nothing.
function house_rules.names(sources)
   local found = {}
   for path in pairs(sources) do
      for part in path:gsub("%.%w+$", ""):gmatch "[^/]+" do
         if VAGUE[part] then
            found[#found + 1] = ("%s: %q tells nothing"):format(path, part)
         end
      end
   end
   return problems_of(found)
end

local ENTRY = { ["csrc/core/core.c"] = true, ["csrc/core/core.h"] = true, ["csrc/core/class.h"] = true }

local function is_binding(path)
   local module, file = path:match "^csrc/([%w_]+)/(.*)%.[ch]$"
   return ENTRY[path] or file == module or file == "compat" or file:find "_lua$" ~= nil
end

--- A C file uses Lua if and only if its name ends in `_lua`. The file of luaopen, compat.h, class.h and core.h are the
--- exceptions.
function house_rules.bindings(sources)
   local found = {}
   for path, text in pairs(sources) do
      local code = text:gsub("/%*.-%*/", "")
      local uses_lua = code:find "#include <lua%.h>" or code:find "#include <lauxlib%.h>"
         or code:find '#include "compat%.h"' or code:find '#include "[%w_/]*_lua%.h"'
         or code:find "%f[%w_]lua_State%f[^%w_]"
      if uses_lua and not is_binding(path) then
         found[#found + 1] = path .. ": uses Lua without the suffix _lua"
      elseif not uses_lua and path:find "_lua%.[ch]$" then
         found[#found + 1] = path .. ": has the suffix _lua and uses no Lua"
      end
   end
   return problems_of(found)
end

-- Static functions that libmicrohttpd calls and whose parameters it has set; each puts them into a record.
local LIBRARY_CALLBACKS = { ["csrc/httpd/exchange.c"] = "access_handler", ["csrc/httpd/request.c"] = "field_iterator" }

--- A C function takes at most five parameters.
function house_rules.c_parameters(sources)
   local found = {}
   for path, text in pairs(sources) do
      local code = text:gsub("/%*.-%*/", function(comment)
         return (comment:gsub("[^\n]", ""))
      end):gsub("__attribute__%b()", "")
      local from = 1
      while true do
         local first, last, name, list = code:find("\n[%a_][%w_ %*\n]-%f[%w_]([%w_]+)(%b())[;{%s]", from)
         if not first then
            break
         end
         local count = count_names((list:sub(2, -2):gsub("%b()", "")))
         if count > MOST_PARAMETERS and LIBRARY_CALLBACKS[path] ~= name then
            local _, newlines = code:sub(1, first):gsub("\n", "")
            found[#found + 1] = ("%s:%d: %s takes more than %d parameters"):format(path, newlines + 1, name,
               MOST_PARAMETERS)
         end
         from = last
      end
   end
   return problems_of(found)
end

return house_rules
