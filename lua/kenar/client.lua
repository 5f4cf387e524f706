--- Calls to Divar, without grants and routing: one method for each row of kenar.client.endpoints.
--
-- Each method returns a result or `nil, err`. A wrong type of argument raises.

local advice = require "kenar.client.advice"
local call = require "kenar.client.call"
local endpoints = require "kenar.client.endpoints"
local hosts = require "kenar.host"
local media = require "kenar.client.media"
local methods = require "kenar.client.method"
local settings = require "kenar.settings"

---@class kenar.Client
---@field legacy kenar.LegacyClient the calls before 2024-11
local Client = {}
Client.__index = Client
Client.__name = "kenar.client"

---@class kenar.LegacyClient
local Legacy = {}
Legacy.__index = Legacy
Legacy.__name = "kenar.client.legacy"

-- The settings hold keys and tokens.
function Client:__tostring()
   return "kenar.client: " .. self._transport.settings.base_url
end

local client_options = { host = true }
for _, endpoint in ipairs(endpoints) do
   local method = methods.of(endpoint)
   local class = endpoint.is_legacy and Legacy or Client
   -- A tail call: an error's position is then in the program. A method has at most three arguments.
   class[endpoint.name] = function(self, first, second, third)
      return method(self._transport, first, second, third)
   end
end

--- Upload a medium, for the `media_token` of a message. The file is read from the disk piece by piece. Its size and
--- format are checked before the first byte is sent.
---@param kind "image"|"file"|"voice"|"video"
---@param source { path: string } | { bytes: string, name: string } and `on_progress(sent, total)`, `name`
---@param options? { timeout: number?, deadline: number?, retry_maybe: boolean? } `timeout` in seconds: default 60 and
---   one more for every 64 KiB; the other options count for each of the two calls
---@return { media_token: string }? result, kenar.Error? err
function Client:upload_media(kind, source, options)
   return media.upload(self._transport, kind, source, options)
end

-- The current call is a GET. Divar's older documents had a POST.
local get_user, get_user_by_post = Client.get_user, Client.get_user_by_post
Client.get_user_by_post = nil

--- Get the user for whom the client acts.
---@param options? { method: "GET"|"POST" } and the options of every call; POST is the older form
---@return { user_id: string?, phone_number: string?, phone_numbers: string[] }? user each field only with its scope
---@return kenar.Error? err
function Client:get_user(options)
   if not options or options.method == nil then
      return get_user(self, options)
   end
   local rest = {}
   for name, value in pairs(options) do
      rest[name] = value
   end
   rest.method = nil
   return (options.method == "POST" and get_user_by_post or get_user)(self, rest)
end

-- The log of a client that has no bot.
local function own_log(values, host)
   host = host or hosts.current()
   return require("kenar.telemetry.log").new {
      secrets = settings.secrets(values), level = values.log_level, format = values.log_format, now = host.now,
      write = host.log,
   }
end

-- The message options that differ from their defaults, because reading options costs as much as writing a button.
local function encodings(values)
   local encoding, bot_encoding = {}, { via = "bot" }
   for name, default in pairs {
      icon_key = "icon", strict_icons = false, strict_captions = false, send_type = true, text_with_media = false,
   } do
      if values[name] ~= nil and values[name] ~= default then
         encoding[name], bot_encoding[name] = values[name], values[name]
      end
   end
   return next(encoding) and encoding, bot_encoding
end

local function build(values, host, metrics, store, its_advice)
   local encoding, bot_encoding = encodings(values)
   local transport = call.transport {
      settings = values, host = host, metrics = metrics, store = store, advice = its_advice,
      encoding = encoding, bot_encoding = bot_encoding,
   }
   return setmetatable({
      _transport = transport, legacy = setmetatable({ _transport = transport }, Legacy),
   }, Client)
end

--- A copy of the client that acts for another user.
---@param options { access_token: string }
---@return kenar.Client
function Client:as(options)
   settings.check(options, {}, 2)
   local transport, values = self._transport, {}
   for name, value in pairs(transport.settings) do
      values[name] = value
   end
   for name, value in pairs(options) do
      values[name] = value
   end
   return build(values, transport.host, transport.metrics, transport.store, transport.advice)
end

local client = {}

--- Make a client.
---@param options? table `api_key`, `access_token`, `base_url`, `oauth_url`, `upload_url`, `token_header`
---   ("authorization_bearer" or "x_access_token"), `path_style` ("current"; "experimental" and "v2" are the paths that
---   the bot's chat had before 2025-06, and "v2" has none for send_bot_message_to_user), `icon_key` ("icon",
---   "icon_name", "both", "as_given"), `strict_icons`, `strict_captions`, `send_type`, `text_with_media`,
---   `metadata_key` ("metadata" or "meta_data"), `timeout` and `connect_timeout` in seconds (10, 5), `attempts` of a
---   call in all (3), `deadline` in seconds (30) after which no further attempt begins, `quota` = { minute = n, day =
---   n, on_warning = fn } of calls, kept in `store` ("memory:"), `host`; absent options come from the environment
---   (KENAR_API_KEY, ...)
---@return kenar.Client
function client.new(options)
   options = options or {}
   settings.check(options, client_options, 2)
   local values = settings.resolve(options)
   local host = options.host and hosts.complete(options.host)
   return build(values, host, nil, nil, advice.new(function()
      return own_log(values, host)
   end))
end

--- Make a client from resolved settings.
---@param values table
---@param host table
---@param metrics? kenar.Metrics counts its calls
---@param store? kenar.Store keeps its quota; default: the store of the settings
---@param its_log? kenar.Log
---@return kenar.Client
function client.of(values, host, metrics, store, its_log)
   return build(values, host, metrics, store, advice.new(function()
      return its_log or own_log(values, host)
   end))
end

return client
