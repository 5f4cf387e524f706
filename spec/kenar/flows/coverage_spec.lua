-- docs/coverage.md says what is covered. What it names has to exist, and nothing may be missing from it.
local context = require "kenar.bot.context"
local edge = require "spec.support.edge"
local fixture = require "spec.support.fixture"
local kenar = require "kenar"
local settings = require "kenar.settings"

local function read(path)
   local file = io.open(path)
   if not file then
      return nil
   end
   local text = file:read "*a"
   file:close()
   return text
end

-- The rows by their label, each with its cells by the heading of the table.
local function rows_of(text)
   local rows, order, headings = {}, {}, nil
   for line in text:gmatch "[^\n]+" do
      local cells = {}
      for cell in line:gmatch "|([^|]*)" do
         cells[#cells + 1] = cell:match "^%s*(.-)%s*$"
      end
      if line:find "^| |" then
         headings = cells
      elseif cells[1] and cells[1]:find "^%u%d+$" then
         local row = { label = cells[1] }
         for index = 2, #headings do
            row[headings[index]] = cells[index]
         end
         assert(not rows[row.label], row.label .. " stands there twice")
         rows[row.label] = row
         order[#order + 1] = row
      end
   end
   return rows, order
end

local function names_in(cell)
   local names = {}
   for name in (cell or ""):gmatch "`([^`]+)`" do
      names[#names + 1] = name
   end
   return names
end

local rows, order = rows_of(assert(read "docs/coverage.md"))

-- `ctx:reply`, `client.legacy:send_message` or `kenar.scope.legacy`: what the name stands for.
local function resolve(name)
   local client = kenar.client { host = edge.host {} }
   local subjects = {
      client = client, ["client.legacy"] = client.legacy, bot = kenar.bot {}, ctx = context,
      oauth = kenar.oauth { client_id = "app", client_secret = "s", host = edge.host {} },
   }
   local subject, method = name:match "^([%a.]+):([%w_]+)$"
   if subject then
      return subjects[subject] and subjects[subject][method]
   end
   local value = name:find "^kenar%." and kenar or nil
   for part in name:sub(7):gmatch "[%w_]+" do
      value = value and value[part]
   end
   return value
end

local function is_callable(value)
   return type(value) == "function" or type(value) == "table" and (getmetatable(value) or {}).__call ~= nil
end

describe("docs/coverage.md", function()
   it("has a row for each endpoint, call of a consent, request and variant", function()
      local expected = { E = 13, O = 4, I = 14, D = 35 }
      for letter, count in pairs(expected) do
         for number = 1, count do
            assert.is_table(rows[letter .. number], letter .. number)
         end
      end
      assert.equal(13 + 4 + 14 + 35, #order)
   end)

   for _, row in ipairs(order) do
      it("names what exists, at " .. row.label, function()
         local functions, specs = names_in(row["function"]), names_in(row.spec)
         assert.is_true(#functions > 0 and #specs > 0)
         for _, name in ipairs(functions) do
            assert.is_true(is_callable(resolve(name)), name)
         end
         for _, path in ipairs(specs) do
            local text = assert(read(path), path)
            -- A variant's rows of the two specs bear its label.
            local is_labelled = row.label:find "^D" and path:find "/variants_"
            assert.is_true(not is_labelled or text:find('it("' .. row.label .. ": ", 1, true) ~= nil, path)
         end
         for _, name in ipairs(names_in(row.option)) do
            -- No setting is a function: a name that is known is refused for its value, one that is not for itself.
            local _, problem = pcall(settings.check, { [name] = print }, {}, 1)
            assert.is_nil(tostring(problem):find("unknown option", 1, true), name)
         end
      end)
   end

   it("names each endpoint as the library calls it", function()
      local named = {}
      for number = 1, 13 do
         for _, name in ipairs(names_in(rows["E" .. number].endpoint)) do
            named[name] = true
         end
      end
      for _, endpoint in ipairs(require "kenar.client.endpoints") do
         local name = endpoint.method .. " " .. endpoint.path
         -- The older form of E8 stands beside the current one.
         assert.is_true(named[name] or endpoint.name == "get_user_by_post", name)
         named[name] = nil
         for _, path in pairs(endpoint.older_paths or {}) do
            assert.is_true(named[endpoint.method .. " " .. path], path)
            named[endpoint.method .. " " .. path] = nil
         end
      end
      -- Another host than the API's.
      named["POST https://chat.divar.ir/upload/{kind}"], named.POST = nil, nil
      named.path_style = nil
      assert.same({}, named)
   end)

   it("names every sample, and none that is not there", function()
      local named = {}
      local samples = fixture.value "INDEX"
      for _, row in ipairs(order) do
         for _, name in ipairs(names_in(row.sample)) do
            local pattern = "^" .. name:gsub("%p", "%%%0"):gsub("%%%*", ".*") .. "%.json$"
            local found = false
            for _, sample in ipairs(samples) do
               if sample.file:find(pattern) then
                  named[sample.file], found = true, true
               end
            end
            assert.is_true(found, name)
         end
      end
      for _, sample in ipairs(samples) do
         assert.is_true(named[sample.file] == true, sample.file)
      end
   end)
end)
