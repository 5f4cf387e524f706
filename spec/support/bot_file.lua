--- Bot files that stand for as long as a spec.
local bot_file = {}

local written = {}

---@param text string
---@return string path
function bot_file.write(text)
   local path = os.tmpname()
   local file = assert(io.open(path, "w"))
   file:write(text)
   file:close()
   written[#written + 1] = path
   return path
end

--- Remove what was written.
function bot_file.clean()
   for _, path in ipairs(written) do
      os.remove(path)
   end
   written = {}
end

return bot_file
