--- A folder for one spec's files.

local scratch = {}

local Scratch = {}
Scratch.__index = Scratch

---@return table folder with `path`
function scratch.new()
   local pipe = assert(io.popen "mktemp -d")
   local path = pipe:read "*l"
   pipe:close()
   return setmetatable({ path = assert(path) }, Scratch)
end

---@param name string
---@return string path
function Scratch:file(name)
   return self.path .. "/" .. name
end

--- Write a file as it stands.
---@return string path
function Scratch:write(name, bytes)
   local path = self:file(name)
   local file = assert(io.open(path, "wb"))
   assert(file:write(bytes))
   file:close()
   return path
end

---@return string bytes
function Scratch:read(name)
   local file = assert(io.open(self:file(name), "rb"))
   local bytes = file:read "*a"
   file:close()
   return bytes
end

function Scratch:remove()
   assert(os.execute("rm -rf '" .. self.path .. "'"))
end

return scratch
