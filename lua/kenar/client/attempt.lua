--- One attempt of a call: a request through the host, and its outcome as a result or an error. kenar.client.retry makes
--- several attempts.

local errors = require "kenar.error"
local json = require "kenar.json"
local timestamp = require "kenar.base.timestamp"

local attempt = {}

local MAX_ERROR_BODY = 4096

-- google.rpc.Code. Divar's 412 with code 9 departs from the standard pairing with HTTP statuses, so neither number is
-- derived from the other.
local code_names = {
   "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
   "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
   "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

local UNAUTHENTICATED = 16

-- Statuses whose kind says more than "api".
local kinds = { [401] = "auth", [403] = "auth", [429] = "rate_limited" }

-- Whether Divar may have acted. A 503 is no act if a proxy says that it passed nothing on.
local function sent_of(status, headers)
   if status == 503 and (headers["retry-after"] or headers["x-envoy-overloaded"]) then
      return "no"
   end
   return errors.sent(true, status)
end

-- Whether the same call may be repeated after a status: if Divar did not act and the cause may pass, or if the call
-- only reads.
local function is_retryable_status(status, sent, reads)
   if status == 429 or status == 503 then
      return sent == "no" or reads
   end
   return reads and status >= 500
end

-- Whether the same call may be repeated after the host's error. A call that only reads may be, unless the certificate
-- is bad.
local function is_retryable_failure(endpoint, err)
   if err.kind ~= "network" and err.kind ~= "timeout" then
      return false
   end
   return err.sent == "no" or endpoint.reads == true
end

local function read_success(status, body)
   if body == "" then
      return {}
   end
   local result, err = json.decode(body)
   if type(result) == "table" then
      return result
   end
   return nil, errors.new {
      kind = "http", status = status, sent = errors.sent(true, status), retryable = false,
      body = body:sub(1, MAX_ERROR_BODY),
      message = "Divar accepted the call, but its answer cannot be read: "
         .. (err and err.message or "expected a JSON object"),
   }
end

-- Copies the fields of an error body of type google.rpc.Status.
local function read_refusal(failure, refusal)
   local code = tonumber(refusal.code)
   failure.code = code
   failure.code_name = code_names[code]
   failure.details = type(refusal.details) == "table" and refusal.details or nil
   failure.message = type(refusal.message) == "string" and refusal.message ~= "" and refusal.message or nil
   failure.kind = failure.kind or code == UNAUTHENTICATED and "auth" or "api"
end

-- An HTTP response as a result or an error. `now` gives the wall clock, for a Retry-After that is a date.
local function read(endpoint, response, now)
   local status, body = response.status, response.body or ""
   if status >= 200 and status < 300 then
      return read_success(status, body)
   end
   local sent = sent_of(status, response.headers)
   local failure = {
      kind = kinds[status], status = status, sent = sent, body = body:sub(1, MAX_ERROR_BODY),
      retryable = is_retryable_status(status, sent, endpoint.reads) and true or false,
      retry_after = timestamp.retry_after(response.headers["retry-after"], now()),
   }
   local refusal = json.decode(body)
   if type(refusal) == "table" and getmetatable(refusal) ~= json.array_mt then
      read_refusal(failure, refusal)
   end
   failure.kind = failure.kind or "http"
   failure.message = failure.message or "Divar answered with HTTP status " .. status
   return nil, errors.new(failure)
end

--- The endpoint's label in metrics. An old call may have the same name as a current one.
---@param endpoint kenar.Endpoint
---@return string
function attempt.label(endpoint)
   return endpoint.is_legacy and "legacy." .. endpoint.name or endpoint.name
end

local function make(host, call)
   local endpoint, options = call.endpoint, call.options
   local response, err = host.request(call)
   local result
   if response then
      if options and options.on_response then
         options.on_response(response)
      end
      result, err = read(endpoint, response, host.now)
      if result then
         return result
      end
   elseif err.retryable == nil then
      err.retryable = is_retryable_failure(endpoint, err)
   end
   err.method = endpoint.method
   err.endpoint = endpoint.name
   err.attempts = 1
   return nil, err
end

local function make_counted(client, call)
   local host, metrics = client.host, client.metrics
   if not metrics then
      return make(host, call)
   end
   local began, label = host.clock(), attempt.label(call.endpoint)
   local result, err = make(host, call)
   metrics:observe("kenar_call_seconds", label, host.clock() - began)
   metrics:add("kenar_calls_total", label, result and "ok" or err.kind)
   return result, err
end

local function on_new_connection(call)
   local copy = {}
   for name, value in pairs(call) do
      copy[name] = value
   end
   copy.fresh = true
   return copy
end

--- Make one attempt. If an idle connection had died before a byte of the request was sent on it, the request is sent
--- again, at once, on a new connection.
---@param client { host: table, metrics: kenar.Metrics? }
---@param call kenar.Call
---@param ends_at? number by host.clock: the request is not sent again later
---@return table? result, kenar.Error? err
function attempt.send(client, call, ends_at)
   local result, err = make_counted(client, call)
   if result or not err.stale or (ends_at and client.host.clock() > ends_at) then
      return result, err
   end
   if client.metrics then
      client.metrics:add("kenar_retries_total", attempt.label(call.endpoint))
   end
   return make_counted(client, on_new_connection(call))
end

return attempt
