--- Calls to Divar: no grants and no routing, one method for each row of kenar.endpoints.
--
-- Each returns a result or `nil, err`; a wrong type of argument raises.

local core = require "kenar.core"
local delivery = require "kenar.delivery"
local endpoints = require "kenar.endpoints"
local errors = require "kenar.error"
local hosts = require "kenar.host"
local message = require "kenar.message"
local settings = require "kenar.settings"
local version = require "kenar.version"

---@class kenar.Client
local Client = {}
Client.__index = Client
Client.__name = "kenar.client"

-- The settings hold keys and tokens.
function Client:__tostring()
   return "kenar.client: " .. self._values.base_url
end

local client_options = { host = true }
local call_options = { access_token = true, timeout = true, via = true, state = true }

local function headers_of(values, access_token)
   local headers = {
      ["x-api-key"] = values.api_key,
      ["content-type"] = "application/json",
      accept = "application/json",
      ["user-agent"] = "kenar/" .. version,
   }
   if access_token then
      if values.token_header == "x_access_token" then
         headers["x-access-token"] = access_token
      else
         headers.authorization = "Bearer " .. access_token
      end
   end
   return headers
end

-- A client's own headers never change, so that a host may keep what it made of them.
local function headers_for(self, options)
   local token = options and options.access_token
   if token and token ~= self._values.access_token then
      return headers_of(self._values, token)
   end
   return self._headers
end

local function failure(endpoint, fields)
   fields.endpoint, fields.method, fields.sent, fields.retryable = endpoint.name, endpoint.method, "no", false
   return nil, errors.new(fields)
end

local function path_failure(endpoint, id)
   local got = type(id) == "string" and ("%q"):format(id) or type(id)
   return failure(endpoint, {
      kind = "invalid", path = endpoint.id, message = "expected the id as Divar gave it, got " .. got,
   })
end

local function check_call_options(options)
   for name in pairs(options) do
      if not call_options[name] then
         error(("unknown option %q of a call"):format(tostring(name)), 3)
      end
   end
   local token = options.access_token
   if token ~= nil and (type(token) ~= "string" or token:find "[\r\n%z]") then
      error("access_token: expected a string without line breaks", 3)
   end
end

local function message_method(endpoint)
   local before, after = endpoint.path:match "^(.-){id}(.*)$"

   return function(self, id, content, options)
      if options then
         check_call_options(options)
      end
      -- "." and ".." would climb out of the path, whatever they are encoded as.
      if type(id) ~= "string" or id == "" or id == "." or id == ".." then
         return path_failure(endpoint, id)
      end
      if type(content) == "string" then
         content = { text = content }
      elseif type(content) ~= "table" then
         error("message: expected a table or a string, got " .. type(content), 2)
      end

      local values = self._values
      if not values.api_key then
         return failure(endpoint, {
            kind = "auth", code_name = "NO_API_KEY", message = "no API key: give api_key, or set KENAR_API_KEY",
         })
      end
      if endpoint.token == "required" and not (values.access_token or options and options.access_token) then
         return failure(endpoint, {
            kind = "auth", code_name = "NO_ACCESS_TOKEN",
            message = endpoint.name .. " acts for a user: give access_token",
         })
      end

      local encoding = endpoint.via and self._bot_encoding or self._encoding
      if options and (options.via or options.state) then
         encoding = {
            icon_key = values.icon_key, strict_icons = values.strict_icons,
            via = options.via or endpoint.via, state = options.state,
         }
      end
      local body, err = message.encode(endpoint.message, content, encoding)
      if not body then
         err.endpoint, err.method, err.sent, err.retryable = endpoint.name, endpoint.method, "no", false
         return nil, err
      end
      return delivery.send(self._host or hosts.current(), endpoint, {
         method = endpoint.method,
         url = values.base_url .. before .. core.percent_encode(id) .. after,
         headers = headers_for(self, options),
         body = body,
         timeout = options and options.timeout or values.timeout,
         connect_timeout = values.connect_timeout,
      })
   end
end

for _, endpoint in ipairs(endpoints) do
   Client[endpoint.name] = message_method(endpoint)
end

local function build(values, host)
   return setmetatable({
      _values = values,
      _host = host,
      _headers = headers_of(values, values.access_token),
      _encoding = { icon_key = values.icon_key, strict_icons = values.strict_icons },
      _bot_encoding = { icon_key = values.icon_key, strict_icons = values.strict_icons, via = "bot" },
   }, Client)
end

--- A copy that acts for another user.
---@param options { access_token: string }
---@return kenar.Client
function Client:as(options)
   settings.check(options, {}, 2)
   local values = {}
   for name, value in pairs(self._values) do
      values[name] = value
   end
   for name, value in pairs(options) do
      values[name] = value
   end
   return build(values, self._host)
end

local client = {}

--- Make a client.
---@param options? table `api_key`, `access_token`, `base_url`, `token_header` ("authorization_bearer" or
---   "x_access_token"), `icon_key` ("icon", "icon_name", "both"), `strict_icons`, `timeout` and `connect_timeout` in
---   seconds (10, 5), `host`; what is absent comes from the environment (KENAR_API_KEY, KENAR_BASE_URL, ...)
---@return kenar.Client
function client.new(options)
   options = options or {}
   settings.check(options, client_options, 2)
   return build(settings.resolve(options), options.host)
end

--- Make a client of settings that are resolved already.
---@param values table
---@param host table
---@return kenar.Client
function client.of(values, host)
   return build(values, host)
end

return client
