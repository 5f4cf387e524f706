rockspec_format = "3.0"
package = "kenar"
version = "scm-1"
source = {
   url = "git+file://.", -- this tree: luarocks make, luarocks pack. A release names the address it is fetched from.
}
description = {
   summary = "Bots for Divar's Kenar chat platform",
   detailed = [[
      Chat bots and chat add-ons for Divar's Kenar platform, in Lua 5.4 or LuaJIT with a core in C: the API client,
      the webhooks, a server on one thread, a local Divar to develop against, and a harness for a bot's own specs.
   ]],
   license = "MIT",
}
supported_platforms = { "linux" }
dependencies = {
   "lua >= 5.1, < 5.5",
   "lua-cjson >= 2.1",
   "argparse >= 0.7",
}
build = {
   -- The Makefile asks pkg-config for the libraries: their headers stand in a multiarch folder on Debian, where
   -- external_dependencies would not find them.
   type = "make",
   build_target = "rock",
   install_target = "install",
   variables = {
      LUA = "$(LUA)",
   },
   build_variables = {
      CFLAGS = "$(CFLAGS)",
      LUA_INCDIR = "$(LUA_INCDIR)",
      WERROR = "",
   },
   install_variables = {
      LUADIR = "$(LUADIR)",
      LIBDIR = "$(LIBDIR)",
      BINDIR = "$(BINDIR)",
   },
   copy_directories = { "examples" },
}
