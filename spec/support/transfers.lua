--- Drives a `kenar.curl` pool until a transfer has its outcome.

local curl = require "kenar.curl"
local errors = require "kenar.error"
local wire = require "spec_wire"

local transfers = {}

local PATIENCE = 15

local function outcome(pool)
   local id, status, headers, body, has_sent, answered, stale = pool:completed()
   if status then
      return { id = id, status = status, headers = curl.read_headers(headers), body = body }
   end
   return { id = id, kind = headers, message = body, sent = id and errors.sent(has_sent, answered), stale = stale }
end

--- Step the pool until one more transfer has ended.
---@return table outcome `id`, and `status`, `headers`, `body` or `kind`, `message`, `sent`, `stale`
function transfers.next(pool)
   local deadline = wire.clock() + PATIENCE
   while true do
      local ended = outcome(pool)
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
