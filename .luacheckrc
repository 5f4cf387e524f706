std = "min"
max_line_length = 120
include_files = { "**/*.lua", "*.rockspec", ".luacheckrc" }
exclude_files = { "build" }
self = false
-- What only one of the two VMs has; each use names the other's way beside it.
read_globals = {
   "jit", "ngx", "unpack",
   math = { fields = { "tointeger", "type" } },
   table = { fields = { "pack", "unpack" } },
}
files["spec"] = { std = "+busted" }
files["**/*_spec.lua"] = { std = "+busted" }
files["lua/kenar/types.lua"] = { ignore = { "2", "3" } }
files["*.rockspec"] = { std = "+rockspec" }
