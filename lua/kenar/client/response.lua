--- What an HTTP answer of Divar's means: a result, or an error that says whether Divar may have acted.

local errors = require "kenar.error"
local json = require "kenar.json"
local timestamp = require "kenar.base.timestamp"

local response = {}

local MAX_ERROR_BODY = 4096

-- google.rpc.Code. Divar's 412 with code 9 already departs from the standard pairing with HTTP statuses, so neither
-- number is ever derived from the other.
local code_names = {
   "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
   "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
   "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

local UNAUTHENTICATED = 16

-- Statuses whose kind says more than "api".
local kinds = { [401] = "auth", [403] = "auth", [429] = "rate_limited" }

-- A refusal is no act. A 503 counts as one only where a proxy says that it passed nothing on.
local function sent_of(status, headers)
   if status >= 400 and status < 500 then
      return "no"
   end
   if status == 503 and (headers["retry-after"] or headers["x-envoy-overloaded"]) then
      return "no"
   end
   return "maybe"
end

local function refused_because_busy(status)
   return status == 429 or status == 503
end

-- Whether the same call may be repeated as it is: only where Divar did not act and the cause passes, or where the
-- call only reads.
local function is_retryable(status, sent, reads)
   if refused_because_busy(status) then
      return sent == "no" or reads
   end
   return reads and status >= 500
end

--- Read an answer.
---@param endpoint { reads: boolean? }
---@param res { status: integer, headers: table<string, string>, body: string }
---@param now fun(): number wall-clock seconds, for a Retry-After that names a date
---@return table? result, kenar.Error? err
function response.read(endpoint, res, now)
   local status, body = res.status, res.body or ""
   if status >= 200 and status < 300 then
      if body == "" then
         return {}
      end
      local result, err = json.decode(body)
      if type(result) == "table" then
         return result
      end
      return nil, errors.new {
         kind = "http", status = status, sent = "yes", retryable = false, body = body:sub(1, MAX_ERROR_BODY),
         message = "Divar accepted the call, but its answer cannot be read: "
            .. (err and err.message or "expected a JSON object"),
      }
   end

   local sent = sent_of(status, res.headers)
   local failure = {
      kind = kinds[status], status = status, sent = sent, body = body:sub(1, MAX_ERROR_BODY),
      retryable = is_retryable(status, sent, endpoint.reads) and true or false,
      retry_after = timestamp.retry_after(res.headers["retry-after"], now()),
   }
   local refusal = json.decode(body)
   if type(refusal) == "table" and getmetatable(refusal) ~= json.array_mt then
      local code = tonumber(refusal.code)
      failure.code = code
      failure.code_name = code_names[code]
      failure.details = type(refusal.details) == "table" and refusal.details or nil
      failure.message = type(refusal.message) == "string" and refusal.message ~= "" and refusal.message or nil
      failure.kind = failure.kind or code == UNAUTHENTICATED and "auth" or "api"
   end
   failure.kind = failure.kind or "http"
   failure.message = failure.message or "Divar answered with HTTP status " .. status
   return nil, errors.new(failure)
end

return response
