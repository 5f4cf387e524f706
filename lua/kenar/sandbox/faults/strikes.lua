--- Applies a fault to a call: another response, half of a response, or none.

local answers = require "kenar.sandbox.judge.answers"
local api = require "kenar.sandbox.judge.api"
local json = require "kenar.json"

local strikes = {}

---@class kenar.sandbox.Failure a missing or incomplete response
---@field kind "network"|"timeout"|"tls"
---@field sent "no"|"yes"|"maybe"
---@field ends? "close"|"reset" the connection's end
---@field cut? integer how many bytes of the body are sent before

-- The client has the status of a response that breaks off.
local function sent_by(status)
   if status >= 200 and status < 300 then
      return "yes"
   end
   return status >= 400 and status < 500 and "no" or "maybe"
end

local function cut(fault, response)
   local length = #response.body
   local kept = fault.cut or math.floor(length / 2)
   if length == 0 then -- an empty body has no half
      return nil, { kind = fault.sees, sent = fault.sent, ends = fault.ends }
   end
   return response, {
      kind = fault.sees, sent = sent_by(response.status), ends = fault.ends, cut = math.min(kept, length - 1),
   }
end

--- Answer a call that a fault strikes.
---@param judge kenar.sandbox.Judge
---@param fault kenar.sandbox.Strike
---@param exchange kenar.sandbox.Exchange
---@param act fun(): table carries the call out and returns the usual response
---@return table? response, kenar.sandbox.Failure? failure
function strikes.answer(judge, fault, exchange, act)
   if fault.status then
      exchange.body = json.decode(exchange.bytes)
      return answers.fault(judge.assumed, fault)
   elseif fault.kind == "expired_token" then
      api.expire_token(judge, exchange.headers)
      return answers.refusal(judge.assumed, "expired_token")
   end
   local response
   if not fault.sees or fault.processed then
      response = act()
   end
   if fault.kind == "half" then
      return cut(fault, response)
   elseif fault.sees then
      return nil, { kind = fault.sees, sent = fault.sent, ends = fault.ends }
   end
   return response
end

return strikes
