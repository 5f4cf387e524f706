--- When a call that failed is made again, and after how long.
--
-- By itself only where that cannot do a thing twice: `err.retryable`. What Divar may have acted on is repeated when the
-- caller of that one call asks for it (`retry_maybe`).

local core = require "kenar.core"
local delivery = require "kenar.client.attempt"

local retry = {}

-- Seconds: the longest first wait, which doubles with each attempt, and where doubling ends.
local BASE, CAP = 0.5, 30
-- A bulk send that has no deadline of its own waits until Divar's minute is over, and not until its day is.
local PATIENCE = 120

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

-- A bulk send waits for its quota as long as it takes, unless it is told otherwise.
local function patience_of(values, options, priority)
   local deadline = options and options.deadline
   if not deadline and priority == "bulk" then
      return math.huge
   end
   return deadline or values.deadline
end

-- How long to wait after a failed attempt. A 429 holds up whatever else the app has to say.
local function delay_after(host, err, attempt, departures, round)
   local draw = host.random or random
   if err.status ~= 429 or not departures then
      return retry.delay(attempt, err.retry_after, draw)
   end
   local delay = retry.delay(math.max(attempt, departures:refusals(round)), err.retry_after, draw)
   departures:refused(round, delay, err.retry_after)
   return delay
end

local function unsent(endpoint, err)
   err.attempts, err.endpoint, err.method = 0, endpoint.name, endpoint.method
   return err
end

--- Send a request, more than once where that is safe or asked for.
---@param host table
---@param endpoint kenar.Endpoint
---@param request table the host's request
---@param values { attempts: integer, deadline: number } settings
---@param options? { deadline: number?, retry_maybe: boolean?, priority: "reply"|"bulk"|nil, on_departure: function? }
---   of the call; `on_departure` is called right before each attempt leaves, and keeps it back with nil, err
---@param ends_at? number by host.clock; no further attempt begins later; default `deadline` seconds from now, and of a
---   bulk send the call's own, or that of the settings from when it may leave
---@param metrics? kenar.Metrics where attempts are counted
---@param departures? kenar.Departures where each attempt leaves; nil: at once
---@return table? result, kenar.Error? err with `attempts`; `sent` is that of all attempts together
function retry.send(host, endpoint, request, values, options, ends_at, metrics, departures)
   local priority, now = options and options.priority or "reply", host.clock()
   ends_at = ends_at or now + patience_of(values, options, departures and priority)
   local is_patient = ends_at == math.huge
   local attempt, may_have_acted, round, last = 0, false, nil, nil
   while true do
      if departures then
         local refusal
         round, refusal = departures:pass(priority, ends_at, now)
         if not round then
            return nil, last or unsent(endpoint, refusal)
         elseif is_patient then
            ends_at = host.clock() + values.deadline
         end
      end
      if options and options.on_departure then
         local may_leave, why = options.on_departure()
         if not may_leave then
            return nil, last or unsent(endpoint, why)
         end
      end
      local result, err = delivery.send(host, endpoint, request, metrics, ends_at)
      if result then
         if departures and departures.is_guarded then
            departures:accepted(round)
         end
         return result
      end
      attempt, last = attempt + 1, err
      local delay = delay_after(host, err, attempt, departures, round)
      local is_wanted = err.retryable or options and options.retry_maybe and is_in_doubt(err)
      if may_have_acted and err.sent == "no" then
         err.sent, err.retryable = "maybe", err.retryable and endpoint.reads or false
      end
      may_have_acted = err.sent ~= "no"
      err.attempts = attempt
      if not is_wanted or attempt >= values.attempts then
         return nil, err
      end
      now = host.clock()
      ends_at = is_patient and err.status == 429 and now + PATIENCE or ends_at
      if now + delay > ends_at or not host.sleep(delay) then
         return nil, err
      end
      now = host.clock()
      if metrics then
         metrics:add("kenar_retries_total", delivery.label(endpoint))
      end
   end
end

return retry
