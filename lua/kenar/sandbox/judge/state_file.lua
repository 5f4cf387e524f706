--- The sandbox's state in a file.

local core = require "kenar.core"
local json = require "kenar.json"
local saved = require "kenar.sandbox.judge.saved"

local state_file = {}

--- Replace a judge's state by the state in a file.
---@param judge kenar.sandbox.Judge
---@param path string
---@return boolean|nil loaded false if there is no such file, string|nil problem
function state_file.load(judge, path)
   local file = io.open(path, "rb")
   if not file then
      return false
   end
   local bytes, problem = file:read "*a"
   file:close()
   if not bytes then
      return nil, ("%s: %s"):format(path, problem)
   end
   local value, err = json.decode(bytes)
   if err then
      return nil, ("%s: %s"):format(path, err.message)
   end
   local done
   done, problem = saved.put(judge, value)
   return done, problem and ("%s: %s"):format(path, problem)
end

--- Save a judge's state. The file is replaced atomically, and only its owner may read it.
---@param judge kenar.sandbox.Judge
---@param path string
---@return boolean|nil done, string|nil problem
function state_file.save(judge, path)
   local bytes = assert(json.encode(saved.take(judge)))
   local beside = path .. ".new"
   -- A file left by an interrupted save, or a link, must not be written to.
   os.remove(beside)
   local file, problem = core.append_file(beside)
   if not file then
      return nil, ("%s: %s"):format(beside, problem)
   end
   local written
   written, problem = file:append(bytes .. "\n")
   local closed, why = file:close()
   if not written or not closed then
      os.remove(beside)
      return nil, ("%s: %s"):format(beside, problem or why)
   end
   return os.rename(beside, path)
end

return state_file
