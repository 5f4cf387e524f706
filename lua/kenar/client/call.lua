--- Executes calls: in the order of their conversation, through the limits of the app, with retries.

local errors = require "kenar.error"
local gates = require "kenar.client.limits.gate"
local hosts = require "kenar.host"
local orders = require "kenar.client.order"
local retry = require "kenar.client.retry"
local stores = require "kenar.store"
local version = require "kenar.version"

local calls = {}

--- One call. It is the host's request as well: hosts ignore the fields from `endpoint` on. A message sets eight of the
--- fields, because a ninth would double the table's size.
---@class kenar.Call
---@field method string
---@field url string
---@field headers table<string, string>
---@field body? string|table
---@field timeout? number         seconds of one attempt
---@field connect_timeout? number
---@field max_body? integer
---@field on_progress? fun(sent: integer, total: integer)
---@field endpoint kenar.Endpoint
---@field options? table          the caller's, see kenar.client.options
---@field content? kenar.Message  a message whose medium has to be uploaded first
---@field prepare? fun(transport: kenar.Transport, call: kenar.Call): true?, kenar.Error? called in the conversation's
---   turn, before the first attempt

--- The part of a client that all its calls share.
---@class kenar.Transport
---@field settings table
---@field host? table              set by the first call if it is nil
---@field metrics? kenar.Metrics   counts attempts
---@field store? kenar.Store      keeps the quota; nil: the store of the settings
---@field encoding? table          options of kenar.message that differ from their defaults
---@field bot_encoding table       the same for messages of the bot's chat
---@field advice kenar.Advice
local Transport = {}
Transport.__index = Transport

local function headers_with(settings, access_token)
   local headers = {
      ["x-api-key"] = settings.api_key,
      ["content-type"] = "application/json",
      accept = "application/json",
      ["user-agent"] = "kenar/" .. version,
   }
   if access_token then
      if settings.token_header == "x_access_token" then
         headers["x-access-token"] = access_token
      else
         headers.authorization = "Bearer " .. access_token
      end
   end
   return headers
end

-- A client's own tables of headers never change, because hosts compile them once and know them by identity.
local function headers_for(self, endpoint, options)
   if endpoint.token == "none" then
      return self._key_headers
   end
   local token = options and options.access_token
   if token and token ~= self.settings.access_token then
      return headers_with(self.settings, token)
   end
   return self._headers
end

--- Complete the error of a call that was not sent.
---@param endpoint kenar.Endpoint
---@param err kenar.Error
---@return nil, kenar.Error
function calls.refuse(endpoint, err)
   err.endpoint, err.method, err.sent, err.retryable = endpoint.name, endpoint.method, "no", false
   return nil, err
end

--- Check that the client has the key, and the user's token, that an endpoint needs.
---@param endpoint kenar.Endpoint
---@param options? { access_token: string? }
---@return true? ok, kenar.Error? err
function Transport:authorize(endpoint, options)
   local settings = self.settings
   if not settings.api_key then
      return calls.refuse(endpoint, errors.new {
         kind = "auth", code_name = "NO_API_KEY", message = "no API key: give api_key, or set KENAR_API_KEY",
      })
   end
   if endpoint.token == "required" and not (settings.access_token or options and options.access_token) then
      return calls.refuse(endpoint, errors.new {
         kind = "auth", code_name = "NO_ACCESS_TOKEN",
         message = endpoint.name .. " acts for a user: give access_token",
      })
   end
   return true
end

--- Make the record of a call to Divar's API.
---@param endpoint kenar.Endpoint
---@param path string
---@param body? string
---@param options? table
---@return kenar.Call
function Transport:call(endpoint, path, body, options)
   local settings = self.settings
   return {
      method = endpoint.method,
      url = settings.base_url .. path,
      headers = headers_for(self, endpoint, options),
      body = body,
      timeout = options and options.timeout or settings.timeout,
      connect_timeout = settings.connect_timeout,
      endpoint = endpoint,
      options = options,
   }
end

-- The limits of the client's app. Its quota is kept in the client's store.
local function open_gate(self)
   local host, settings = self.host, self.settings
   local gate = gates.of(host, settings.api_key)
   if settings.quota then
      local ok, err = gate:limit(settings.quota, function()
         if self.store then
            return self.store
         end
         return stores.open(settings.store, host)
      end)
      if not ok then
         return nil, err
      end
   end
   self._gate = gate
   return gate
end

local function send(self, call, ends_at)
   local endpoint, options, prepare = call.endpoint, call.options, call.prepare
   if prepare then
      local ok, err = prepare(self, call)
      if not ok then
         return nil, err
      end
   end
   local gate
   if not endpoint.is_unlimited then
      local problem
      gate = self._gate
      if not gate then
         gate, problem = open_gate(self)
         if not gate then
            return calls.refuse(endpoint, problem)
         end
      end
   end
   local result, err = retry.send(self, call, gate, ends_at)
   local renew = options and options.renew
   if result or not renew or err.status ~= 401 or err.sent ~= "no" or endpoint.token == "none" then
      return result, err
   end
   -- Divar may end a token before it expires. Renewing it here keeps the conversation's turn.
   local token, problem = renew()
   if not token then
      return nil, problem or err
   end
   call.headers = headers_with(self.settings, token)
   return retry.send(self, call, gate, ends_at)
end

--- Execute a call.
---@param call kenar.Call
---@param conversation? string its key: the call waits until earlier calls for the conversation are over
---@return table? result, kenar.Error? err
function Transport:send(call, conversation)
   if not self.host then
      self.host = hosts.current()
   end
   if not conversation then
      return send(self, call)
   end
   local order = self._order
   if not order then
      order = orders.of(self.host, self.settings.api_key)
      self._order = order
   end
   return order:run(call, conversation, send, self)
end

--- Make the transport of a client.
---@param options { settings: table, host: table?, metrics: kenar.Metrics?, store: kenar.Store?, encoding: table?,
---   bot_encoding: table, advice: kenar.Advice }
---@return kenar.Transport
function calls.transport(options)
   local settings = options.settings
   return setmetatable({
      settings = settings, host = options.host, metrics = options.metrics, encoding = options.encoding,
      bot_encoding = options.bot_encoding, advice = options.advice, store = options.store,
      _headers = headers_with(settings, settings.access_token), _key_headers = headers_with(settings),
   }, Transport)
end

return calls
