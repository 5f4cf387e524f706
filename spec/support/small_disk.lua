--- A disk of a few KiB that only one process sees: a tmpfs in a mount namespace of its own. File permissions would not
--- do, for they stop no root.
local wire = require "spec_wire"

local small_disk = {}

-- Without the right to mount, as another user in a namespace of users where the kernel lets us.
local function namespace()
   local pipe = assert(io.popen "id -u")
   local is_root = pipe:read "*l" == "0"
   pipe:close()
   return is_root and "-m" or "-rm"
end

-- $1 the folder, $2 mount options, $3 the interpreter, $4 the script
local shell = [[mount -t tmpfs -o "$2" tmpfs "$1" && exec "$3" -e "$4"]]

--- Run a Lua script on the specs' interpreter. Its global `disk` is the folder where the disk is mounted, and
--- `remount(options)` mounts it anew, with `"ro"` say.
---@param folder string made by the spec
---@param kibibytes integer
---@param script string
---@return integer status, string output both streams as one
function small_disk.run(folder, kibibytes, script)
   local process = assert(wire.spawn({
      "unshare", namespace(), "sh", "-c", shell, "sh", folder, ("size=%dk"):format(kibibytes), wire.executable(), ([[
         disk = %q
         function remount(options)
            local status = os.execute("mount -o remount," .. options .. " " .. disk)
            assert(status == true or status == 0)
         end
      ]]):format(folder) .. script,
   }, { stderr = "stdout" }))
   local output = {}
   repeat
      local bytes = process:read(20)
      output[#output + 1] = bytes
   until not bytes
   local status = process:wait()
   process:close()
   return status, table.concat(output)
end

return small_disk
