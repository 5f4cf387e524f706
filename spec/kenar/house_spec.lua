local core = require "kenar.core"
local rules = require "spec.support.house_rules"

local function read(path)
   local file = assert(io.open(path, "rb"))
   local text = file:read "*a"
   file:close()
   return text
end

-- The sources below a folder whose names end so: { [path] = text }.
local function sources(folder, ending, into)
   into = into or {}
   for _, name in ipairs(assert(core.list_folder(folder))) do
      local path = folder .. "/" .. name
      if name:find(ending) then
         into[path] = read(path)
      elseif not name:find(".", 1, true) and core.list_folder(path) then
         sources(path, ending, into)
      end
   end
   return into
end

local lua = sources("lua", "%.lua$")
local c = sources("csrc", "%.[ch]$")

-- One row a rule: where it holds, and sources that break it, each with what is said of it.
local cases = {
   { rule = "layers", says = "a module requires only its own wing and wings of earlier layers", tree = lua, broken = {
      { { ["lua/kenar/client/call.lua"] = 'local a = 1\nlocal bot = require "kenar.bot"\n' },
         "lua/kenar/client/call.lua:2: client may not require kenar.bot" },
      { { ["lua/kenar/base/queue.lua"] = "local f = function() return require('kenar.event.message') end\n" },
         "lua/kenar/base/queue.lua:1: base may not require kenar.event.message" },
      { { ["lua/kenar/store/sqlite.lua"] = 'local sqlite = require "kenar.sqlite"\n' },
         "lua/kenar/store/sqlite.lua:1: only db loads kenar.sqlite" },
      { { ["lua/kenar/attic/x.lua"] = "" }, "lua/kenar/attic/x.lua: wing attic has no layer" },
   } },
   { rule = "cycles", says = "modules do not require each other in a circle", tree = lua, broken = {
      { { ["lua/kenar/message.lua"] = 'local legacy = require "kenar.message.legacy"\n',
         ["lua/kenar/message/legacy.lua"] = 'local f = function() return require "kenar.message" end\n' },
         "kenar.message -> kenar.message.legacy -> kenar.message" },
   } },
   { rule = "doors", says = "what is at the top is public, every folder is a wing", tree = lua, broken = {
      { { ["lua/kenar/router.lua"] = "" }, "lua/kenar/router.lua: is at the top and no public module" },
      { { ["lua/kenar/attic/x.lua"] = "" }, "lua/kenar/attic: is no wing" },
      { { ["lua/kenar/core/x.lua"] = "" }, "lua/kenar/core: is no wing" },
   } },
   { rule = "private_fields", says = "a field that begins with _ is used in the file of its class alone", tree = lua,
      broken = {
         { { ["lua/kenar/bot/x.lua"] = "local x = {}\nreturn ctx._event\n" },
            "lua/kenar/bot/x.lua:2: _event belongs to another file" },
         { { ["lua/kenar/bot.lua"] = "self.oauth._metrics = metrics\n" },
            "lua/kenar/bot.lua:1: _metrics belongs to another file" },
         { { ["lua/kenar/bot/x.lua"] = 'if value ~= rawget(ctx, "_said") then end\n' },
            "lua/kenar/bot/x.lua:1: _said belongs to another file" },
      } },
   { rule = "parameters", says = "a function takes at most five parameters", tree = lua, broken = {
      { { ["lua/kenar/bot/x.lua"] = "local function f(a, b, c, d, e, f)\nend\n" },
         "lua/kenar/bot/x.lua:1: f takes more than 5 parameters" },
      { { ["lua/kenar/bot/x.lua"] = "\ng(function(a, b, c, d, e, ...) end)\n" },
         "lua/kenar/bot/x.lua:2: a function takes more than 5 parameters" },
   } },
   { rule = "names", says = "no folder and no file has a name that tells nothing", tree = lua, broken = {
      { { ["lua/kenar/util/x.lua"] = "" }, 'lua/kenar/util/x.lua: "util" tells nothing' },
      { { ["lua/kenar/bot/helpers.lua"] = "" }, 'lua/kenar/bot/helpers.lua: "helpers" tells nothing' },
   } },
   { rule = "names", says = "no folder and no file of C has a name that tells nothing", tree = c, broken = {
      { { ["csrc/core/common/x.c"] = "" }, 'csrc/core/common/x.c: "common" tells nothing' },
      { { ["csrc/core/misc.h"] = "" }, 'csrc/core/misc.h: "misc" tells nothing' },
   } },
   { rule = "bindings", says = "the suffix _lua tells which C files use Lua", tree = c, broken = {
      { { ["csrc/core/json/parse.c"] = "#include <lua.h>\n" },
         "csrc/core/json/parse.c: uses Lua without the suffix _lua" },
      { { ["csrc/core/json/parse.c"] = '#include "json/decode_lua.h"\n' },
         "csrc/core/json/parse.c: uses Lua without the suffix _lua" },
      { { ["csrc/curl/pool.h"] = "void f(lua_State *L);\n" }, "csrc/curl/pool.h: uses Lua without the suffix _lua" },
      { { ["csrc/core/json/write_lua.c"] = "/* once used lua.h: #include <lua.h> */\n" },
         "csrc/core/json/write_lua.c: has the suffix _lua and uses no Lua" },
   } },
   { rule = "c_parameters", says = "a C function takes at most five parameters", tree = c, broken = {
      { { ["csrc/core/json/parse.c"] = "\nstatic int f(int a, int b, int c,\n    int d, int e, int f)\n{\n}\n" },
         "csrc/core/json/parse.c:2: f takes more than 5 parameters" },
      { { ["csrc/core/json/parse.h"] = "/* f */\nint f(int a, int b, int c, int d, int e, int f);\n" },
         "csrc/core/json/parse.h:2: f takes more than 5 parameters" },
      { { ["csrc/core/json/parse.c"] =
            "\nstatic __attribute__((cold)) int f(int a, int b, int c, int d, void (*e)(int, int), int f)\n{\n}\n" },
         "csrc/core/json/parse.c:2: f takes more than 5 parameters" },
      { { ["csrc/httpd/exchange.c"] = "\nstatic int f(int a, int b, int c, int d, int e, int f)\n{\n}\n" },
         "csrc/httpd/exchange.c:2: f takes more than 5 parameters" },
   } },
}

describe("the source tree", function()
   it("is read whole", function()
      assert.is_string(lua["lua/kenar/host/resty/phases.lua"])
      assert.is_string(c["csrc/core/json/parse.c"])
   end)

   for _, case in ipairs(cases) do
      it(case.says, function()
         assert.same({}, rules[case.rule](case.tree))
      end)

      for _, broken in ipairs(case.broken) do
         it("would be refused: " .. broken[2], function()
            assert.same({ broken[2] }, rules[case.rule](broken[1]))
         end)
      end
   end

   it("may name in comments and strings what the code may not use", function()
      local harmless = {
         ["lua/kenar/client/x.lua"] = '-- require "kenar.bot", ctx._event\nlocal text = "ctx._event"\n',
      }
      assert.same({}, rules.layers(harmless))
      assert.same({}, rules.private_fields(harmless))
   end)

   it("may use the private fields of a class in the class's own file", function()
      assert.same({}, rules.private_fields {
         ["lua/kenar/base/queue.lua"] = "return setmetatable({ _first = 1, _items = {} }, Queue)\nother._first = 2\n",
         ["lua/kenar/bot.lua"] = "self._catch = fn\nlocal catch = self._catch\n",
      })
   end)
end)
