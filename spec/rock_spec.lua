-- Run by `make test-rock`. It works on a copy of the tree, and moves the copy away before anything installed is run.
local command = require "spec.support.command"
local wire = require "spec_wire"

local MINUTES = 300

-- One row a VM: what luarocks calls it, its interpreter, and where that keeps its files in a tree of rocks.
local vms = {
   { name = "Lua 5.4", version = "5.4", interpreter = "lua5.4" },
   { name = "LuaJIT", version = "5.1", interpreter = "luajit" },
}

local unset = { LUA_PATH = false, LUA_CPATH = false, LUA_PATH_5_4 = false, LUA_CPATH_5_4 = false, LUA_INIT = false,
   MAKEFLAGS = false, MAKELEVEL = false, MFLAGS = false }

local keys = { KENAR_API_KEY = "k", KENAR_IDENTIFICATION_KEY = "k", HOME = "/nonexistent" }
for name, value in pairs(unset) do
   keys[name] = value
end

describe("the rock", function()
   local folder, copy

   local function shell(line, environment)
      local env = {}
      for _, names in ipairs { unset, environment or {} } do
         for name, value in pairs(names) do
            env[name] = value
         end
      end
      local process = assert(wire.spawn({ "/bin/sh", "-ec", line }, { env = env, stderr = "stdout" }))
      local output = ""
      local bytes, message
      repeat
         bytes, message = process:read(MINUTES)
         output = output .. (bytes or "")
      until not bytes
      local status = message == "closed" and process:wait()
      process:close()
      if status ~= 0 then
         error(("%s\n%s\nstatus %s"):format(line, output, tostring(status)), 2)
      end
      return output
   end

   -- Luarocks as a machine without network has it: no servers, and Debian's modules counted as installed.
   local function luarocks(vm, tree, arguments)
      local config = ("%s/luarocks-%s.lua"):format(folder, vm.version)
      local file = assert(io.open(config, "w"))
      file:write('rocks_servers = {}\n',
         'rocks_provided = { ["lua-cjson"] = "2.1.0-1", argparse = "0.7.1-1" }\n',
         ('lua_interpreter = %q\n'):format(vm.interpreter))
      file:close()
      return shell(("cd %s && luarocks --lua-version %s --tree %s %s"):format(copy, vm.version, tree, arguments),
         { LUAROCKS_CONFIG = config, HOME = folder })
   end

   local function tree_of(vm, kind)
      return ("%s/%s-%s"):format(folder, kind, vm.version)
   end

   setup(function()
      folder = shell("mktemp -d"):gsub("%s+$", "")
      copy = folder .. "/source"
      shell(("mkdir %s && cp -r Makefile kenar-scm-1.rockspec lua csrc examples %s"):format(copy, copy))
      -- Both are built in one source tree, one after the other: neither may get the other's objects.
      for _, vm in ipairs(vms) do
         luarocks(vm, tree_of(vm, "made"), "make")
      end
      for _, vm in ipairs(vms) do
         luarocks(vm, tree_of(vm, "made"), "pack kenar")
         luarocks(vm, tree_of(vm, "installed"), "install kenar-scm-1.*.rock")
         shell(("rm %s/kenar-scm-1.*.rock"):format(copy))
      end
      os.rename(copy, folder .. "/moved")
   end)

   teardown(function()
      shell("rm -rf " .. folder)
   end)

   for _, vm in ipairs(vms) do
      for kind, what in pairs { made = "`luarocks make`", installed = "the packed rock" } do
         describe(("of %s, from %s,"):format(vm.name, what), function()
            local tree, running

            before_each(function()
               tree = tree_of(vm, kind)
            end)

            after_each(function()
               if running then
                  running:close()
                  running = nil
               end
            end)

            local function start(...)
               running = command.start({ ... }, keys, { program = tree .. "/bin/kenar", directory = "/" })
               return running
            end

            it("has the command", function()
               start "--version"
               assert.equal(0, running:wait())
               assert.equal("kenar scm-1\n", running.output)
            end)

            it("has every file that stands below lua/", function()
               local installed = ("%s/share/lua/%s/kenar"):format(tree, vm.version)
               assert.equal("Only in " .. folder .. "/moved/lua/kenar/cli: kenar\n",
                  shell(("diff -r %s/moved/lua/kenar %s || true"):format(folder, installed)))
            end)

            it("loads its shared objects from the tree, none of them built for another VM", function()
               for _, module in ipairs { "core", "curl", "httpd", "sqlite" } do
                  local path = ("%s/lib/lua/%s/kenar/%s.so"):format(tree, vm.version, module)
                  local loaded = shell(([[cd / && %s -e '
                     package.cpath = "%s/lib/lua/%s/?.so"
                     print(type(require "kenar.%s"), package.searchpath("kenar.%s", package.cpath))']]):format(
                     vm.interpreter, tree, vm.version, module, module))
                  assert.equal("table\t" .. path .. "\n", loaded)
               end
            end)

            it("runs the example", function()
               start("run", "--port", "0",
                  ("%s/lib/luarocks/rocks-%s/kenar/scm-1/examples/shop_bot.lua"):format(tree, vm.version))
               local port = tonumber((running:expect "http://127%.0%.0%.1:(%d+)\n"))
               local status, body = command.answer(command.post(port, "/kenar/action", { authorization = "k" },
                  [[{"touchpoint": "CHAT", "extra_data": {"kenar_action": "ask", "about": "stock"}}]]))
               assert.equal(200, status)
               assert.equal('{"text_message":"سه عدد در انبار مانده است."}', body)
               running:signal "TERM"
               assert.equal(0, running:wait())
            end)

            it("runs the sandbox", function()
               start("sandbox", "--port", "0")
               local port = tonumber((running:expect "http://127%.0%.0%.1:(%d+)"))
               assert.equal(401, (command.answer(command.post(port,
                  "/v1/open-platform/chat/bot/conversations/c1/messages", {}, "{}"))))
               running:signal "TERM"
               assert.equal(0, running:wait())
            end)
         end)
      end
   end

   it("leaves no module of an older installation that would be taken for one of today's", function()
      local tree = folder .. "/plain"
      local places = ("LUA=lua5.4 LUADIR=%s/lua LIBDIR=%s/lib BINDIR=%s/bin"):format(tree, tree, tree)
      local install = ("cd %s && make --silent rock install %s"):format(folder .. "/moved", places)
      shell(install)
      shell(("cd %s && touch lua/kenar/settings.lua lua/kenar/router.lua lib/kenar/sqlite.so.old"):format(tree))
      shell(install)
      assert.equal("Only in " .. folder .. "/moved/lua/kenar/cli: kenar\n",
         shell(("diff -r %s/moved/lua/kenar %s/lua/kenar || true"):format(folder, tree)))
      assert.equal("sqlite.so.old\n", shell(("ls %s/lib/kenar | grep old"):format(tree)))
   end)

   it("is not installed into the root when its places are not named", function()
      local output = shell(("cd %s/moved && make --silent install LUA=lua5.4 LUADIR= || true"):format(folder))
      assert.matches("make install: give LUA, LUADIR, LIBDIR and BINDIR", output, 1, true)
   end)
end)
