-- Every piece of Lua in the README files runs. `expression --> value` there is an assertion.
local edge = require "spec.support.edge"
local kenar = require "kenar"

local function read(path)
   local file = assert(io.open(path))
   local text = file:read "*a"
   file:close()
   return text
end

-- The pieces of a file, with the line each begins on.
local function pieces(path)
   local found, line, piece = {}, 0, nil
   for text in (read(path) .. "\n"):gmatch "(.-)\n" do
      line = line + 1
      if text == "```lua" then
         piece = { path = path, line = line, source = {} }
      elseif text == "```" and piece then
         found[#found + 1] = piece
         piece = nil
      elseif piece then
         local expression, value = text:match "^(.-)%s*%-%->%s*(.+)$"
         piece.source[#piece.source + 1] = expression and ("check(%s, %s)"):format(value, expression) or text
      end
   end
   return found
end

local function run(piece, environment)
   local name = ("@%s:%d"):format(piece.path, piece.line)
   local chunk = assert(load(table.concat(piece.source, "\n"), name, "t", environment))
   return chunk()
end

for _, path in ipairs { "README.md", "README.fa.md" } do
   describe(path, function()
      local all = pieces(path)

      -- What the pieces take for granted: the library, a bot, a client, and a Divar that answers.
      local function environment()
         local printed = {}
         local host = edge.host { { status = 200, body = '{"conversation_id":"c"}' } }
         local values = {
            kenar = setmetatable({
               client = function(options)
                  options.host = host
                  return kenar.client(options)
               end,
            }, { __index = kenar }),
            bot = kenar.bot {},
            client = kenar.client { api_key = "...", access_token = "...", host = host },
            assert = assert, check = assert.same,
            print = function(...)
               printed[#printed + 1] = select("#", ...)
            end,
            dofile = function(name)
               assert.equal("bot.lua", name)
               return run(all[1], setmetatable({}, { __index = _G }))
            end,
         }
         -- A spec in the README runs at once, in the spec that runs the README.
         local before
         values.describe = function(_, body) body() end
         values.before_each = function(body) before = body end
         values.it = function(_, body)
            before()
            body()
         end
         return setmetatable(values, { __index = _G }), printed
      end

      it("shows ten lines of a bot first", function()
         assert.equal(10, #all[1].source)
         assert.truthy(require("kenar.bot").is(run(all[1], (environment()))))
      end)

      for _, piece in ipairs(all) do
         it(("runs what stands at line %d"):format(piece.line), function()
            local values, printed = environment()
            run(piece, values)
            assert.same({}, printed)
         end)
      end
   end)
end

describe("README.md", function()
   it("says what the tree says: versions of libraries, ports, targets", function()
      local text = read "README.md"
      local deps = read ".ci/deps"
      for library, version in pairs { libcurl = "7.84", libmicrohttpd = "0.9.71", sqlite3 = "3.35" } do
         assert.truthy(text:find(library .. " " .. version, 1, true))
         assert.truthy(deps:find(library .. " >= " .. version, 1, true))
      end
      local makefile = read "Makefile"
      local targets = 0
      for target in text:gmatch "[`\n]make ([a-z-]+)" do
         assert.truthy(makefile:find("\n" .. target .. ":", 1, true), target)
         targets = targets + 1
      end
      assert.truthy(targets >= 5)
   end)
end)
