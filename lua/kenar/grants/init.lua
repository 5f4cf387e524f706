--- Consents of users: stores them, finds them, and renews their tokens.

local checks = require "kenar.base.options"
local grant_records = require "kenar.grants.records"
local refreshers = require "kenar.grants.refresh"
local scope = require "kenar.scope"
local searches = require "kenar.grants.search"
local subscriptions = require "kenar.grants.subscriptions"

local grants = {}

---@class kenar.Grants
local Grants = {}
Grants.__index = Grants
Grants.__name = "kenar.grants"

function Grants.__tostring()
   return Grants.__name
end

local function is_part_of(some, all)
   local set = {}
   for _, each in ipairs(all) do
      set[each] = true
   end
   for _, each in ipairs(some) do
      if not set[each] then
         return false
      end
   end
   return true
end

-- Deletes the user's earlier consents for the same place with no further scopes. Their subscriptions would bring every
-- event twice.
local function delete_superseded(self, grant)
   local ids, err = self._records.index:ids("grants:user:" .. grant.user_id)
   if not ids then
      return nil, err
   end
   for _, id in ipairs(ids) do
      local old = id ~= grant.id and self._records:read(id)
      if old and old.conversation_id == grant.conversation_id and old.post_token == grant.post_token
         and old.side == grant.side and is_part_of(old.scopes, grant.scopes) then
         self._records:delete(old)
      end
   end
   return true
end

local about_fields = { user_id = true, side = true, conversation_id = true, post_token = true, redirect_uri = true }

--- Store a consent: the result of kenar.oauth's `exchange`, or tokens that another program got.
---@param tokens kenar.Tokens access_token, expires_at (seconds since 1970) and scopes are needed
---@param about? table `user_id`, `side`, `conversation_id`, `post_token`: the user, and the place of the question;
---   `redirect_uri`
---@return kenar.Grant? grant, kenar.Error? err kind `store`
function Grants:save(tokens, about)
   checks.table(tokens, "tokens", 2)
   for name, expected in pairs { access_token = "string", expires_at = "number", scopes = "table" } do
      if type(tokens[name]) ~= expected then
         error(("%s: expected a %s, got %s"):format(name, expected, type(tokens[name])), 2)
      end
   end
   local fields = {
      access_token = tokens.access_token, refresh_token = tokens.refresh_token, expires_at = tokens.expires_at,
      scopes = {},
   }
   for index, each in ipairs(tokens.scopes) do
      fields.scopes[index] = scope.canonical(each)
   end
   about = about or {}
   checks.table(about, "about", 2)
   checks.check(about, about_fields, "unknown field %q of a grant", 2)
   for name, value in pairs(about) do
      fields[name] = value
   end
   local grant, err = self._records:create(fields)
   if not grant then
      return nil, err
   end
   if grant.user_id then
      delete_superseded(self, grant)
   end
   return grant
end

local target_fields = {
   id = "string", conversation_id = "string", post_token = "string", seller_id = "string", buyer_id = "string",
   user_id = "string", scope = "string", as = "string",
}

--- Find a grant by its id, a conversation or post, a scope, or a user. All given fields must fit. Its token may have
--- expired: see `fresh`.
---@param target kenar.GrantTarget `as` is the side to speak for, if both sides have granted
---@return kenar.Grant? grant
---@return kenar.Error? err kind `auth` with code_name NO_GRANT and `scopes` to ask for; or `store`
function Grants:find(target)
   checks.table(target, "target", 2)
   checks.check(target, target_fields, "unknown field %q of a grant to find", 2)
   if next(target) == nil or target.as and next(target, next(target)) == nil then
      error("say which grant: id, conversation_id, post_token, user_id or scope", 2)
   end
   local grant, err = self:locate(target)
   if not grant then
      return nil, err
   end
   return grant
end

--- Find a grant for a target that is already checked, and the side for which the app then speaks.
---@param target kenar.GrantTarget
---@return kenar.Grant? grant
---@return string|kenar.Error|nil side "SELLER" or "BUYER" if it is known; or the error
function Grants:locate(target)
   return self._search:locate(target)
end

--- The grant with a token that can be used now. A token that is about to expire is renewed, once for all tasks that
--- ask.
---@param grant kenar.Grant
---@return kenar.Grant? grant
---@return kenar.Error? err kind `auth` with code_name GRANT_EXPIRED and `scopes` if the user has to be asked again;
---   `store` if the new tokens could not be written; or the error of the call to Divar
function Grants:fresh(grant)
   return self._refresher:fresh(grant)
end

--- The option `renew` of a call: renews the grant's token if Divar refuses it before it has expired.
---@param grant kenar.Grant
---@return fun(): string?, kenar.Error? renew
function Grants:renewal(grant)
   return function()
      local fresh, err = self._refresher:replace(grant)
      if fresh then
         return fresh.access_token
      end
      -- For other errors the caller keeps Divar's refusal, which tells more.
      return nil, err and err.code_name == "GRANT_EXPIRED" and err or nil
   end
end

--- The grant to subscribe with.
---@param event_type string
---@param resource_id? string
---@param preferred? kenar.Grant used if its scopes allow it, or if the event needs no scope that is known
---@return kenar.Grant? grant, kenar.Error? err kind `auth` with code_name NO_GRANT
function Grants:subscriber(event_type, resource_id, preferred)
   return self._search:subscriber(event_type, resource_id, preferred)
end

--- Subscribe to events with a grant. From then on its tokens are renewed before they expire, and the subscription is
--- made again.
---@param grant kenar.Grant
---@param event_type string NEW_MESSAGE_ON_POST, POST_UPDATE
---@param resource_id? string a post's token; nil for all
---@param metadata? table Divar sends it with each event
---@return table? result, kenar.Error? err
function Grants:subscribe(grant, event_type, resource_id, metadata)
   for name in pairs(metadata or {}) do
      if type(name) == "string" and name:find "^kenar_" then
         error("metadata: names that begin with kenar_ are reserved", 2)
      end
   end
   local fresh, err = self:fresh(grant)
   if not fresh then
      return nil, err
   end
   return self._subscriptions:add(fresh, {
      event_type = event_type, resource_id = resource_id, metadata = metadata,
   })
end

--- Delete all grants of a user, after the user has withdrawn their consent.
---@param user_id string
---@return integer? count, kenar.Error? err
function Grants:forget_user(user_id)
   local key, count = "grants:user:" .. user_id, 0
   local ids, err = self._records.index:ids(key)
   if not ids then
      return nil, err
   end
   for _, id in ipairs(ids) do
      local grant
      grant, err = self._records:read(id)
      if grant then
         local deleted
         deleted, err = self._records:delete(grant)
         count = count + (deleted and 1 or 0)
      end
      if err then
         return nil, err
      end
   end
   return count
end

--- Renew the tokens of grants with subscriptions before they expire, in a task of its own, until the host stops.
function Grants:keep_alive()
   self._subscriptions:keep_alive(true)
end

--- Make the grants of a bot.
---@param options { store: kenar.Store, host: table, client: kenar.Client, oauth: kenar.OAuth?, log: kenar.Log,
---   timeout: number } `timeout`: the longest duration of a call of `oauth`, in seconds
---@return kenar.Grants
function grants.new(options)
   local host = options.host
   local records = grant_records.new(options.store, host.now)
   local self = setmetatable({ _records = records, _search = searches.new(records) }, Grants)
   self._subscriptions = subscriptions.new {
      records = records, client = options.client, host = host, log = options.log,
      fresh = function(grant) return self._refresher:fresh(grant) end,
      renewal = function(grant) return self:renewal(grant) end,
   }
   self._refresher = refreshers.new {
      records = records, store = options.store, oauth = options.oauth, host = host, timeout = options.timeout,
      on_renewed = function(grant) self._subscriptions:renew(grant) end,
   }
   return self
end

return grants
