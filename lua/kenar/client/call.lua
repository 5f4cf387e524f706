--- How a row of kenar.client.endpoints becomes a method of the client.

local call_options = require "kenar.client.options"
local call_path = require "kenar.client.path"
local core = require "kenar.core"
local departures = require "kenar.client.limits.gate"
local errors = require "kenar.error"
local hosts = require "kenar.host"
local json = require "kenar.json"
local media = require "kenar.client.media"
local message = require "kenar.message"
local order = require "kenar.client.order"
local retry = require "kenar.client.retry"
local stores = require "kenar.store"
local version = require "kenar.version"

local call = {}

--- The headers of a call.
---@param values table settings
---@param access_token? string
---@return table<string, string>
function call.headers(values, access_token)
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
local function headers_for(self, endpoint, options)
   if endpoint.token == "none" then
      return self._key_headers
   end
   local token = options and options.access_token
   if token and token ~= self._values.access_token then
      return call.headers(self._values, token)
   end
   return self._headers
end

local function describe(err, endpoint)
   err.endpoint, err.method, err.sent, err.retryable = endpoint.name, endpoint.method, "no", false
   return nil, err
end

local function failure(endpoint, fields)
   return describe(errors.new(fields), endpoint)
end

-- What every call needs before its body is made.
local function prepare(self, endpoint, options)
   if options then
      call_options.check(options, 3) -- the method's caller: it runs between that and this
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
   return values
end

-- Where the calls of the client's app leave; its quota is kept in the client's store.
local function departures_of(self, host)
   local values = self._values
   local found = departures.of(host, values.api_key)
   if values.quota then
      local ok, err = found:limit(values.quota, function()
         if self._store then
            return self._store
         end
         return stores.open(values.store, host)
      end)
      if not ok then
         return nil, err
      end
   end
   self._departures = found
   return found
end

local function send_with(self, host, endpoint, path, body, options, ends_at, headers)
   local values, leave = self._values, self._departures
   if not leave then
      local err
      leave, err = departures_of(self, host)
      if not leave then
         return describe(err, endpoint)
      end
   end
   return retry.send(host, endpoint, {
      method = endpoint.method,
      url = values.base_url .. path,
      headers = headers,
      body = body,
      timeout = options and options.timeout or values.timeout,
      connect_timeout = values.connect_timeout,
   }, values, options, ends_at, self._metrics, leave)
end

local function send(self, host, endpoint, path, body, options, ends_at)
   local result, err = send_with(self, host, endpoint, path, body, options, ends_at,
      headers_for(self, endpoint, options))
   local renew = options and options.renew
   if result or not renew or err.status ~= 401 or err.sent ~= "no" or endpoint.token == "none" then
      return result, err
   end
   -- Divar may end a token before its time. Here the conversation's turn is kept meanwhile.
   local token, why = renew()
   if not token then
      return nil, why or err
   end
   return send_with(self, host, endpoint, path, body, options, ends_at, call.headers(self._values, token))
end

-- Call `f(self, host, endpoint, path, content, options, ends_at)` when the conversation's turn has come.
local function in_order(self, endpoint, id, f, path, content, options)
   local host = self._host or hosts.current()
   local conversations = self._order
   if not conversations then
      conversations = order.of(host, self._values.api_key)
      self._order = conversations
   end
   -- A deadline that the call gives counts from now; the one of the settings from the turn on.
   local patience = options and options.deadline
   return conversations:run(endpoint, id, patience, f, self, host, endpoint, path, content, options,
      patience and host.clock() + patience)
end

local function encoding_for(self, endpoint, options)
   local encoding = endpoint.via and self._bot_encoding or self._encoding
   if not options or not (options.via or options.state) then
      return encoding
   end
   local own = { via = options.via or endpoint.via, state = options.state }
   for name, value in pairs(encoding or {}) do
      own[name] = own[name] or value
   end
   return own
end

-- The bytes of a message; a button without a caption is told of in the log.
local function encode(self, endpoint, content, options)
   local body, err, captionless = message.encode(endpoint.message, content, encoding_for(self, endpoint, options))
   if not body then
      return describe(err, endpoint)
   elseif captionless then
      self._advice:captionless(endpoint.name, captionless, options and options.names)
   end
   return body
end

-- A medium is uploaded in its turn, so that a text given later does not overtake it.
local function send_with_medium(self, host, endpoint, path, content, options)
   local body, err
   content, err = media.resolve(self, content, options)
   if not content then
      err.sent = "no" -- the message; what Divar may have is a medium that no message shows
      return nil, err
   end
   body, err = encode(self, endpoint, content, options)
   if not body then
      return nil, err
   end
   return send(self, host, endpoint, path, body, options)
end

local function message_method(endpoint)
   local path_of = call_path.maker(endpoint)
   return function(self, id, content, options)
      if type(content) == "string" then
         content = { text = content }
      elseif type(content) ~= "table" then
         error("message: expected a table or a string, got " .. type(content), 2)
      end
      local values, err = prepare(self, endpoint, options)
      if not values then
         return nil, err
      end
      local path
      path, err = path_of(id, values.path_style)
      if not path then
         return describe(err, endpoint)
      end
      if media.is_in(content) then
         return in_order(self, endpoint, id, send_with_medium, path, content, options)
      end
      local body
      body, err = encode(self, endpoint, content, options)
      if not body then
         return nil, err
      end
      return in_order(self, endpoint, id, send, path, body, options)
   end
end

local function ids_of(names, argument)
   local ids = {}
   for index, name in ipairs(names) do
      ids[index] = tostring(argument[name])
   end
   return table.concat(ids, "\0")
end

local function query_of(names, argument)
   local parts = {}
   for index, name in ipairs(names) do
      local value = argument[name]
      if not call_path.is_id(value) then
         return nil, name
      end
      parts[index] = name .. "=" .. core.percent_encode(value)
   end
   return "?" .. table.concat(parts, "&")
end

-- A call whose argument is an id for the path, a table for the query, what `endpoint.body` reads, or nothing.
local function call_method(endpoint)
   local path_of = endpoint.id and call_path.maker(endpoint)
   local takes_argument = endpoint.id or endpoint.query or endpoint.body
   return function(self, argument, options)
      if not takes_argument then
         argument, options = nil, argument
      end
      local values, err = prepare(self, endpoint, options)
      if not values then
         return nil, err
      end
      local path, body = endpoint.path, endpoint.constant_body
      if endpoint.id then
         path, err = path_of(argument, values.path_style)
         if not path then
            return describe(err, endpoint)
         end
      elseif endpoint.query then
         local query, missing = query_of(endpoint.query, type(argument) == "table" and argument or {})
         if not query then
            return failure(endpoint, {
               kind = "invalid", path = missing, message = "expected the id as Divar gave it",
            })
         end
         path = path .. query
      elseif endpoint.body then
         local value, captionless
         value, err, captionless = endpoint.body(argument, values, options)
         if value then
            body, err = json.encode(value)
         end
         if not body then
            return describe(err, endpoint)
         elseif captionless then
            self._advice:captionless("legacy." .. endpoint.name, captionless, options and options.names)
         end
      end
      local result
      if endpoint.conversation then
         local key = ids_of(endpoint.conversation, argument)
         result, err = in_order(self, endpoint, key, send, path, body, options)
      else
         result, err = send(self, self._host or hosts.current(), endpoint, path, body, options)
      end
      if not result then
         return nil, err
      end
      return endpoint.result and endpoint.result(result) or result
   end
end

--- The method of an endpoint: `client:name(id, message, options)` where it sends a message, `client:name(argument,
--- options)` where it takes an id or a table, else `client:name(options)`.
---@param endpoint kenar.Endpoint
---@return function
function call.method(endpoint)
   return endpoint.message and message_method(endpoint) or call_method(endpoint)
end

return call
