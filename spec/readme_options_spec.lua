-- README names every option that a program or a command line may give. The names come from the tables that check them.

local function read(path)
   local file = assert(io.open(path))
   local text = file:read "*a"
   file:close()
   return text
end

-- The names that README has in code: in blocks, and between backticks.
local function names_in(text)
   local names = {}
   local function note(code)
      for word in code:gmatch "[%w_-]+" do
         names[word] = true
      end
      for word in code:gmatch "[%w_]+" do
         names[word] = true
      end
   end
   text = text:gsub("\n```[^\n]*\n(.-)\n```", function(block)
      note(block)
      return ""
   end)
   for code in text:gmatch "`([^`]+)`" do
      note(code)
   end
   return names
end

local function path_of(module)
   local path = "lua/kenar/" .. module .. ".lua"
   local file = io.open(path)
   if not file then
      return "lua/kenar/" .. module .. "/init.lua"
   end
   file:close()
   return path
end

-- The table that a function of a module's file calls `name`, looked for from the module's table on.
local function table_of(value, name, path, seen)
   if seen[value] then
      return nil
   end
   seen[value] = true
   local found
   if type(value) == "table" then
      for _, member in pairs(value) do
         local is_worth = type(member) == "function" or type(member) == "table"
         found = found or is_worth and table_of(member, name, path, seen) or nil
      end
      return found
   elseif debug.getinfo(value, "S").source:sub(-#path) ~= path then
      return nil
   end
   local index = 1
   local label, upvalue = debug.getupvalue(value, index)
   while label and not found do
      if label == name and type(upvalue) == "table" then
         return upvalue
      elseif type(upvalue) == "function" or type(upvalue) == "table" then
         found = table_of(upvalue, name, path, seen)
      end
      index = index + 1
      label, upvalue = debug.getupvalue(value, index)
   end
   return found
end

-- One row a file that refuses what it does not know, with the tables of what it knows. `ours` are kenar's own to give.
local declared = {
   { "send/address", "send_fields", "targets" }, { "bot/options", "bot_options", "fallbacks" },
   { "client/options", "rows", ours = { via = true, state = true, names = true } }, { "client", "client_options" },
   { "webhook/consent", "options_known" }, { "bot/context", "reply_options", "ask_options" },
   { "grants", "about_fields", "target_fields" },
   { "client/media", "source_keys" }, { "oauth", "options_known", "url_options" }, { "settings/quota", "numbers" },
   { "send/many", "option_types" }, { "serve", "serve_options" }, { "bot/session", "options_known" },
   { "settings", "rows", "inbox_fields" }, { "testing", "divar_options" },
}
-- Files that have no such table that can be reached, by the names that they know; and hosts, which are not in README.
local stated = {
   button = { "icon" }, rows = { "path", "text", "separator" }, template = { "filters" },
   resty = { "ack", "zone", "workers", "lease", "overrides" }, ["host/loop"] = {}, ["host/resty"] = {},
}

describe("README.md names", function()
   local named = names_in(read "README.md")

   local function check(names, ours)
      local missing = {}
      for name in pairs(names) do
         if not named[name] and not (ours and ours[name]) then
            missing[#missing + 1] = name
         end
      end
      table.sort(missing)
      assert.same({}, missing)
   end

   local is_declared = {}
   for _, row in ipairs(declared) do
      is_declared[row[1]] = true
      it("every option that kenar." .. row[1] .. " knows", function()
         local module = require((("kenar." .. row[1]):gsub("/", ".")))
         for index = 2, #row do
            local known = table_of(module, row[index], path_of(row[1]), {})
            check(assert(known, ("no table %s in kenar.%s"):format(row[index], row[1])), row.ours)
         end
      end)
   end

   it("the options of which there is no table", function()
      for module, names in pairs(stated) do
         local text, set = read(path_of(module)), {}
         for _, name in ipairs(names) do
            assert.truthy(text:find("%f[%w_]" .. name .. "%f[^%w_]"), name)
            set[name] = true
         end
         check(set)
      end
   end)

   it("the options of every file that refuses what it does not know", function()
      local found = assert(io.popen "grep -rlE 'unknown (option|field)' lua/kenar --include=*.lua")
      for path in found:lines() do
         local module = path:match "^lua/kenar/(.*)%.lua$":gsub("/init$", "")
         local is_here = is_declared[module] or stated[module] or module:find "^sandbox/"
         assert.truthy(is_here, path .. " is not looked at here")
      end
      found:close()
   end)

   it("the options of a message's encoding", function()
      local known = read("csrc/core/message/options_lua.c"):match "known_options%[%] = (%b{})"
      local names, count = {}, 0
      for name in known:gmatch '{"([%w_]+)",' do
         names[name], count = true, count + 1
      end
      assert.is_true(count >= 8)
      check(names, { via = true, state = true })
   end)

   it("every flag of every command", function()
      local found = assert(io.popen "cat lua/kenar/cli/*.lua")
      local names, count = {}, 0
      for name in found:read("*a"):gmatch 'name = "(%-%-[%w-]+)"' do
         names[name], count = true, count + 1
      end
      found:close()
      assert.is_true(count >= 20)
      check(names)
   end)
end)
