--- When a call that failed is made again, and after how long.
--
-- By itself only where that cannot do a thing twice: `err.retryable`. What Divar may have acted on is repeated when the
-- caller of that one call asks for it (`retry_maybe`).

local core = require "kenar.core"
local delivery = require "kenar.delivery"

local retry = {}

-- Seconds: the longest first wait, which doubles with each attempt, and where doubling ends.
local BASE, CAP = 0.5, 30

-- Not math.random, whose seed the program owns, and which LuaJIT begins alike in every process.
local function random()
   local bytes = core.random_bytes(3)
   if not bytes then
      return math.random()
   end
   local high, middle, low = bytes:byte(1, 3)
   return (high * 65536 + middle * 256 + low) / 16777216
end

--- How long to wait after a failed attempt: any part of a span that doubles each time ("full jitter"), so that clients
--- which failed together do not come back together; on top of what Divar asked for.
---@param attempt integer how many attempts were made
---@param retry_after number? seconds that Divar asked for
---@param draw fun(): number from 0 to 1
---@return number seconds
function retry.delay(attempt, retry_after, draw)
   return (retry_after or 0) + draw() * math.min(CAP, BASE * 2 ^ (attempt - 1))
end

-- A failure that may pass, after which nobody knows whether Divar has acted.
local function is_in_doubt(err)
   return err.sent == "maybe" and (err.kind == "network" or err.kind == "timeout" or (err.status or 0) >= 500)
end

--- Send a request, more than once where that is safe or asked for.
---@param host table
---@param endpoint kenar.Endpoint
---@param request table the host's request
---@param values { attempts: integer, deadline: number } settings
---@param options? { deadline: number?, retry_maybe: boolean? } of the call
---@param ends_at? number by host.clock; no further attempt begins later; default `deadline` seconds from now
---@return table? result, kenar.Error? err with `attempts`; `sent` is that of all attempts together
function retry.send(host, endpoint, request, values, options, ends_at)
   ends_at = ends_at or host.clock() + (options and options.deadline or values.deadline)
   local attempt, may_have_acted = 0, false
   while true do
      local result, err = delivery.send(host, endpoint, request)
      if result then
         return result
      end
      attempt = attempt + 1
      local is_wanted = err.retryable or options and options.retry_maybe and is_in_doubt(err)
      if may_have_acted and err.sent == "no" then
         err.sent, err.retryable = "maybe", err.retryable and endpoint.reads or false
      end
      may_have_acted = err.sent ~= "no"
      err.attempts = attempt
      if not is_wanted or attempt >= values.attempts then
         return nil, err
      end
      local delay = retry.delay(attempt, err.retry_after, host.random or random)
      if host.clock() + delay > ends_at or not host.sleep(delay) then
         return nil, err
      end
   end
end

return retry
