--- The bytes of a sample in spec/fixtures.
local json = require "kenar.json"

local fixture = {}

---@param name string without `.json`
---@return string bytes
function fixture.bytes(name)
   local file = assert(io.open("spec/fixtures/" .. name .. ".json", "rb"))
   local bytes = file:read "*a"
   file:close()
   return bytes
end

---@param name string without `.json`
---@return table value
function fixture.value(name)
   return assert(json.decode(fixture.bytes(name)))
end

return fixture
