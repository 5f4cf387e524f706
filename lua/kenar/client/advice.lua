--- Warnings about messages that Divar accepts although they look like a mistake. Each place is logged once, so that a
--- notice to many conversations does not fill the log.

local advice = {}

---@class kenar.Advice
local Advice = {}
Advice.__index = Advice
Advice.__name = "kenar.advice"

--- Warn of a button without a caption.
---@param endpoint string its name
---@param path string
---@param names? table<string, string> the caller's names for Divar's grids
function Advice:captionless(endpoint, path, names)
   path = names and path:gsub("^[%w_]+", names) or path
   local place = endpoint .. " " .. path
   if not self._seen[place] then
      self._seen[place] = true
      self._log():warn("a button without a caption", { endpoint = endpoint, path = path })
   end
end

--- Make the warnings of a client.
---@param log fun(): kenar.Log
---@return kenar.Advice
function advice.new(log)
   return setmetatable({ _log = log, _seen = {} }, Advice)
end

return advice
