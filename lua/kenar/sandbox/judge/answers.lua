--- Divar's responses: a result, a refusal of the API (gRPC), a refusal of the OAuth server, a fault.

local json = require "kenar.json"

local answers = {}

local json_headers = { ["content-type"] = "application/json" }
local empty_list = setmetatable({}, json.array_mt)

--- A response.
---@param status integer
---@param body string|table a table becomes JSON
---@param headers? table<string, any>
---@return { status: integer, headers: table<string, string>, body: string }
function answers.response(status, body, headers)
   local all = {}
   for _, given in ipairs { json_headers, headers or {} } do
      for name, value in pairs(given) do
         all[name:lower()] = tostring(value)
      end
   end
   if type(body) ~= "string" then
      body = assert(json.encode(body))
   end
   return { status = status, headers = all, body = body }
end

--- The response to a successful API call, with the header that Divar's gateway adds.
---@param body table
function answers.result(body)
   return answers.response(200, body, { ["grpcgateway-content-type"] = "application/grpc" })
end

--- A refusal by its name in assumptions.refusals.
---@param assumed table<string, table> all assumptions
---@param name string
---@param message? string
---@param details? table
function answers.refusal(assumed, name, message, details)
   local row = assumed.refusals[name]
   return answers.response(row.status, {
      code = row.code, message = message or row.message, details = details or empty_list,
   })
end

--- The refusal of a body, with all mistakes in it.
---@param assumed table
---@param findings kenar.sandbox.Finding[]
---@param first kenar.sandbox.Finding
function answers.invalid(assumed, findings, first)
   local violations = {}
   for _, finding in ipairs(findings) do
      if finding.severity == "error" then
         violations[#violations + 1] = { field = finding.path, description = finding.message }
      end
   end
   local where = first.path == "" and "" or first.path .. ": "
   return answers.refusal(assumed, "invalid", where .. first.message, {
      { ["@type"] = "type.googleapis.com/google.rpc.BadRequest", fieldViolations = violations },
   })
end

--- A refusal of the OAuth server by its name in assumptions.oauth_refusals.
---@param assumed table
---@param name string
---@param description? string
function answers.oauth_refusal(assumed, name, description)
   local row = assumed.oauth_refusals[name]
   return answers.response(row.status, { error = name, error_description = description or row.description })
end

--- The response with a `date` header of this time.
---@param response table
---@param now number wall seconds
function answers.dated(response, now)
   local headers = { date = os.date("!%a, %d %b %Y %H:%M:%S GMT", math.floor(now)) }
   for name, value in pairs(response.headers) do
      headers[name] = value
   end
   return { status = response.status, headers = headers, body = response.body }
end

-- The usual gRPC code of a status, for faults without a body.
local usual_codes = { [400] = 3, [401] = 16, [403] = 7, [404] = 5, [409] = 10, [500] = 13, [503] = 14, [504] = 4 }
local documented = { [412] = "blocked", [429] = "rate_limited" }

--- The response of a fault with a status.
---@param assumed table
---@param fault kenar.sandbox.Strike
function answers.fault(assumed, fault)
   local body = fault.body
   if not body then
      local row = assumed.refusals[documented[fault.status]]
         or { code = usual_codes[fault.status] or 2, message = "the sandbox was told to fail" }
      body = { code = row.code, message = row.message, details = empty_list }
   end
   return answers.response(fault.status, body, fault.headers)
end

return answers
