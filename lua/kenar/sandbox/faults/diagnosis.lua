--- The diagnosis of a bot's response to a delivery: a code that a page can put into words.

local diagnosis = {}

--- Seconds within which an answer feels alive. Divar states no limit.
diagnosis.PATIENCE = 2

---@alias kenar.sandbox.Diagnosis { code: string, severity: "warning"|"bad" }

-- Codes for a missing response, by the kind of the error.
local failures = { timeout = "timeout", network = "refused", tls = "broken", too_large = "bad_answer" }

-- Codes by status; other statuses by their hundreds.
local statuses = { [401] = "unauthorized", [403] = "forbidden", [404] = "not_found", [405] = "not_found" }
local hundreds = { [3] = "redirect", [5] = "server_error" }

local function code_of(exchange)
   local response = exchange.response
   if not response then
      -- A connection lost after it was made points to a crash, not to a wrong address.
      local is_lost = exchange.failure == "network" and exchange.sent ~= "no"
      return is_lost and "broken" or failures[exchange.failure] or "refused"
   elseif response.status < 200 or response.status > 299 then
      return statuses[response.status] or hundreds[math.floor(response.status / 100)] or "status"
   end
   return exchange.mistake or "bad_answer"
end

--- The diagnosis of a delivery's response; nil if the response is right.
---@param exchange kenar.sandbox.Exchange to_bot
---@return kenar.sandbox.Diagnosis?
function diagnosis.of(exchange)
   if exchange.direction ~= "to_bot" then
      return nil
   elseif exchange.problem then
      return { code = code_of(exchange), severity = "bad" }
   elseif (exchange.seconds or 0) > diagnosis.PATIENCE then
      return { code = "slow", severity = "warning" }
   end
end

return diagnosis
