--- Drives a `kenar.curl` pool until a transfer has its outcome.

local curl = require "kenar.curl"
local wire = require "spec_wire"

local transfers = {}

local PATIENCE = 15

local function outcome(id, status, headers, body, sent, stale)
   if status then
      return { id = id, status = status, headers = curl.read_headers(headers), body = body }
   end
   return { id = id, kind = headers, message = body, sent = sent, stale = stale }
end

--- Step the pool until one more transfer has ended.
---@return table outcome `id`, and `status`, `headers`, `body` or `kind`, `message`, `sent`, `stale`
function transfers.next(pool)
   local deadline = wire.clock() + PATIENCE
   while true do
      local ended = outcome(pool:completed())
      if ended.id then
         return ended
      end
      if wire.clock() > deadline then
         error("no transfer ended within " .. PATIENCE .. " s", 2)
      end
      pool:step(1)
   end
end

--- Add a request and wait for its outcome.
function transfers.run(pool, request)
   local id, kind, message = pool:add(request)
   if not id then
      return { kind = kind, message = message, refused = true }
   end
   local ended = transfers.next(pool)
   assert(ended.id == id, "another transfer ended")
   return ended
end

return transfers
