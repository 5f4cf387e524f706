--- Parts that a bot builds from its settings when it is attached to a host.

local consent = require "kenar.webhook.consent"
local dedup = require "kenar.bot.dedup"
local grants = require "kenar.grants"
local oauth = require "kenar.oauth"
local stores = require "kenar.store"

local parts = {}

--- Open the store. Keys have a prefix, because apps may share a store.
---@param bot kenar.Bot
---@param values table settings
---@param host kenar.Host
---@return kenar.Store
function parts.store(bot, values, host)
   local store, err = stores.open(values.store, host)
   if not store then
      error(tostring(err), 0)
   end
   return stores.namespaced(store, "kenar:" .. (bot.name and bot.name .. ":" or ""))
end

--- The deduplication of events, if it is not turned off.
---@param bot kenar.Bot with its store
---@param values table settings
---@return kenar.Dedup?
function parts.dedup(bot, values)
   if not values.dedup_ttl then
      return nil
   elseif values.store == "memory:" then
      return dedup.in_memory()
   end
   return dedup.in_store(bot.store, values.dedup_ttl)
end

--- The OAuth client, if the settings identify the app to Divar.
---@param bot kenar.Bot with its store and metrics
---@param values table settings
---@param host kenar.Host
---@return kenar.OAuth?
function parts.oauth(bot, values, host)
   if not values.app_slug or not values.oauth_secret then
      return nil
   end
   return oauth.new {
      client_id = values.app_slug, client_secret = values.oauth_secret, store = bot.store, host = host,
      redirect_uri = values.public_url and values.public_url .. bot.prefix .. consent.RETURN_PATH,
      oauth_url = values.oauth_url, api_key = values.api_key, legacy = values.legacy_oauth,
      send_code_on_refresh = values.send_code_on_refresh,
      timeout = values.timeout, connect_timeout = values.connect_timeout, metrics = bot.metrics,
   }
end

--- The users' grants.
---@param bot kenar.Bot with its store, client, oauth and log
---@param values table settings
---@param host kenar.Host
---@return kenar.Grants
function parts.grants(bot, values, host)
   return grants.new {
      store = bot.store, host = host, client = bot.client, oauth = bot.oauth, log = bot.log, timeout = values.timeout,
   }
end

return parts
