--- Repeats a call that failed, after a delay.
--
-- A call is repeated if Divar cannot act twice because of it: `err.retryable`. If Divar may have acted, it is repeated
-- only if the caller asks for that (`retry_maybe`).

local attempt = require "kenar.client.attempt"

local retry = {}

-- Seconds: the longest first delay, which doubles with each attempt, and the longest delay of all.
local BASE, CAP = 0.5, 30
-- Seconds that a bulk send without a deadline waits after a 429: more than Divar's minute, less than its day.
local PATIENCE = 120

--- The delay after a failed attempt: a random part of a span that doubles with each attempt ("full jitter"), so that
--- clients which failed together do not come back together. The delay that Divar asked for is added.
---@param attempts integer made so far
---@param retry_after number? seconds that Divar asked for
---@param draw fun(): number from 0 to 1
---@return number seconds
function retry.delay(attempts, retry_after, draw)
   return (retry_after or 0) + draw() * math.min(CAP, BASE * 2 ^ (attempts - 1))
end

-- A failure that may pass, after which Divar may or may not have acted.
local function is_in_doubt(err)
   return err.sent == "maybe" and (err.kind == "network" or err.kind == "timeout" or (err.status or 0) >= 500)
end

-- A bulk send without a deadline waits for its quota without end.
local function patience_of(settings, options, priority)
   local deadline = options and options.deadline
   if not deadline and priority == "bulk" then
      return math.huge
   end
   return deadline or settings.deadline
end

-- The delay after a failed attempt. A 429 delays all other calls of the app as well.
local function delay_after(host, err, attempts, gate, round)
   local draw = host.random
   if err.status ~= 429 or not gate then
      return retry.delay(attempts, err.retry_after, draw)
   end
   local delay = retry.delay(math.max(attempts, gate:refusals(round)), err.retry_after, draw)
   gate:refused(round, delay, err.retry_after)
   return delay
end

local function unsent(endpoint, err)
   err.attempts, err.endpoint, err.method = 0, endpoint.name, endpoint.method
   return err
end

--- Make a call, and repeat it if that is safe or asked for.
---@param client { host: table, metrics: kenar.Metrics?, settings: { attempts: integer, deadline: number } }
---@param call kenar.Call of its options: `deadline`, `retry_maybe`, `priority`, and `on_departure`, which is called
---   right before each attempt and prevents it with nil, err
---@param gate? kenar.Gate passed before each attempt
---@param ends_at? number by host.clock: no attempt begins later; default: `deadline` seconds from now, and for a bulk
---   send without a deadline the deadline of the settings, from when the gate lets it pass
---@return table? result, kenar.Error? err with `attempts`; `sent` tells of all attempts together
function retry.send(client, call, gate, ends_at)
   local host, settings = client.host, client.settings
   local endpoint, options = call.endpoint, call.options
   local priority, now = options and options.priority or "reply", host.clock()
   ends_at = ends_at or now + patience_of(settings, options, gate and priority)
   local is_patient = ends_at == math.huge
   local attempts, may_have_acted, round, last = 0, false, nil, nil
   while true do
      if gate then
         local refusal
         round, refusal = gate:pass(priority, ends_at, now)
         if not round then
            return nil, last or unsent(endpoint, refusal)
         elseif is_patient then
            ends_at = host.clock() + settings.deadline
         end
      end
      if options and options.on_departure then
         local may_leave, why = options.on_departure()
         if not may_leave then
            return nil, last or unsent(endpoint, why)
         end
      end
      local result, err = attempt.send(client, call, ends_at)
      if result then
         if gate and gate.is_guarded then
            gate:accepted(round)
         end
         return result
      end
      attempts, last = attempts + 1, err
      local delay = delay_after(host, err, attempts, gate, round)
      local is_wanted = err.retryable or options and options.retry_maybe and is_in_doubt(err)
      if may_have_acted and err.sent == "no" then
         err.sent, err.retryable = "maybe", err.retryable and endpoint.reads or false
      end
      may_have_acted = err.sent ~= "no"
      err.attempts = attempts
      if not is_wanted or attempts >= settings.attempts then
         return nil, err
      end
      now = host.clock()
      ends_at = is_patient and err.status == 429 and now + PATIENCE or ends_at
      if now + delay > ends_at or not host.sleep(delay) then
         return nil, err
      end
      now = host.clock()
      if client.metrics then
         client.metrics:add("kenar_retries_total", attempt.label(endpoint))
      end
   end
end

return retry
