--- The sandbox of the soak, as a process of its own.

local wire = require "spec_wire"

local divar = {}

local Divar = {}
Divar.__index = Divar

--- Stop it.
---@return fun(): string, string each message that it carried out: the conversation's id and the text
function Divar:stop()
   self.process:kill(15)
   repeat
      local bytes = self.process:read()
   until not bytes
   self.process:wait()
   self.process:close()
   local next_line = io.lines(self.path)
   return function()
      local line = next_line()
      if line then
         return line:match "^(%S+) (.*)$"
      end
   end
end

--- Start it.
---@param path string the file in which it writes what it carried out
---@param options { conversations: integer, rate: number, seed: integer }
function divar.start(path, options)
   local process = assert(wire.spawn {
      wire.executable(), "spec/soak/divar_process.lua", path, ("%d"):format(options.seed),
      ("%d"):format(options.conversations), tostring(options.rate),
   })
   local output, ids = "", {}
   repeat
      output = output .. assert(process:read())
   until output:find "port %d+\n"
   for id in output:gmatch "conversation (%S+)" do
      ids[#ids + 1] = id
   end
   return setmetatable({
      process = process, path = path, conversations = ids, url = "http://127.0.0.1:" .. output:match "port (%d+)\n",
   }, Divar)
end

return divar
