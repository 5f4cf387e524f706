--- Grants in a store: one record for each, and the lists in which it is found.

local errors = require "kenar.error"
local indexes = require "kenar.grants.index"
local json = require "kenar.json"
local scope = require "kenar.scope"
local states = require "kenar.oauth.state"

local grant_records = {}

--- One consent of one user.
---@class kenar.Grant
---@field id string
---@field access_token string
---@field refresh_token? string
---@field expires_at number       of the access token, seconds since 1970
---@field scopes string[]         in the current form
---@field user_id? string         known with the scope USER_ID
---@field side? "SELLER"|"BUYER"  of the user, in the conversation of the question
---@field conversation_id? string in which the user was asked
---@field post_token? string
---@field redirect_uri? string    of the consent; Divar needs it again to renew the tokens
---@field subscriptions? { event_type: string, resource_id: string?, metadata: table? }[]
---@field renewal_due? boolean    the subscriptions belong to the previous token
local Grant = {}
Grant.__name = "kenar.grant"

function Grant:__tostring()
   return ("%s %s: %s"):format(Grant.__name, self.id, table.concat(self.scopes, " "))
end

---@class kenar.GrantRecords
---@field index kenar.GrantIndex
local Records = {}
Records.__index = Records

local DAY = 86400
-- A day more than the life of a refresh token in Divar's documents. Divar refuses a token that has expired.
local REFRESHABLE_LIFE = 31 * DAY
-- A list of a scope without a resource would have every user's grants, so it keeps the newest.
local LISTED_PER_SCOPE = 64
-- How often a change is tried again because another process has changed the record.
local ATTEMPTS = 50

local function key_of(id)
   return "grant:" .. id
end

--- The list of grants with subscriptions for an id. There are 64 such lists, because each change rewrites its list.
---@param id string
---@return string key
function grant_records.subscribed_key(id)
   return "grants:subscribed:" .. id:sub(1, 1)
end

--- The keys of all lists of grants with subscriptions.
---@return string[]
function grant_records.subscribed_keys()
   local keys = {}
   for first in ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"):gmatch "." do
      keys[#keys + 1] = grant_records.subscribed_key(first)
   end
   return keys
end

-- The lists that a grant belongs to.
local function lists_of(grant)
   local lists = {}
   local function add(kind, value, limit)
      if value then
         lists[#lists + 1] = { key = "grants:" .. kind .. ":" .. value, limit = limit }
      end
   end
   for _, each in ipairs(grant.scopes) do
      local _, resource = scope.parse(each)
      add("scope", each, not resource and LISTED_PER_SCOPE or nil)
   end
   add("user", grant.user_id)
   add("conversation", grant.conversation_id)
   add("post", grant.post_token)
   if grant.subscriptions then
      lists[#lists + 1] = { key = grant_records.subscribed_key(grant.id) }
   end
   return lists
end

-- When a grant's record expires: its token has expired, and cannot be renewed.
local function useful_until(self, grant)
   local now = self._now()
   local refreshable = grant.refresh_token and now + REFRESHABLE_LIFE or 0
   return math.max(grant.expires_at, refreshable, now + 1)
end

local function put_into_lists(self, grant)
   local expires_at = useful_until(self, grant)
   for _, list in ipairs(lists_of(grant)) do
      local ok, err = self.index:put(list.key, grant.id, expires_at, list.limit)
      if not ok then
         return nil, err
      end
   end
   return true
end

local function encode(grant)
   return assert(json.encode(grant))
end

--- Read a grant.
---@param id any unchecked, because a hint comes from outside
---@return kenar.Grant? grant nil without an error if there is none, kenar.Error? err
function Records:read(id)
   if type(id) ~= "string" or #id ~= 22 or id:find "[^%w_-]" then
      return nil
   end
   local bytes, err = self._store:get(key_of(id))
   if not bytes then
      return nil, err
   end
   local grant = json.decode(bytes)
   if type(grant) ~= "table" then
      return nil, errors.new { kind = "store", message = "the store holds a grant that cannot be read" }
   end
   setmetatable(grant, Grant)
   self._bytes[grant] = bytes
   return grant
end

--- Make a grant.
---@param fields table a grant's, without its id
---@return kenar.Grant? grant, kenar.Error? err kind `store`
function Records:create(fields)
   local grant = setmetatable({ id = states.random(16) }, Grant)
   for name, value in pairs(fields) do
      grant[name] = value
   end
   local bytes = encode(grant)
   local ok, err = self._store:set(key_of(grant.id), bytes, useful_until(self, grant) - self._now())
   if ok then
      self._bytes[grant] = bytes
      ok, err = put_into_lists(self, grant)
   end
   if not ok then
      return nil, err
   end
   return grant
end

--- A copy of a grant with some fields changed. It is not stored.
---@param grant kenar.Grant
---@param changes table
---@return kenar.Grant
function Records.with(grant, changes)
   local changed = setmetatable({}, Grant)
   for _, source in ipairs { grant, changes } do
      for name, value in pairs(source) do
         changed[name] = value
      end
   end
   return changed
end

--- Store a changed grant, unless another process has changed it.
---@param old kenar.Grant as it was read
---@param new kenar.Grant
---@return boolean? stored false if the stored grant is another one or was deleted, kenar.Error? err
function Records:swap(old, new)
   local bytes = encode(new)
   local swapped, err = self._store:cas(key_of(old.id), self._bytes[old], bytes, useful_until(self, new) - self._now())
   if not swapped then
      return swapped, err
   end
   self._bytes[new] = bytes
   local ok
   ok, err = put_into_lists(self, new)
   if not ok then
      return nil, err
   end
   return true
end

--- Change a grant, although others may change it at the same time.
---@param id string
---@param edit fun(grant: kenar.Grant): table the fields to change
---@return kenar.Grant? grant nil without an error if there is none, kenar.Error? err
function Records:update(id, edit)
   for _ = 1, ATTEMPTS do
      local grant, err = self:read(id)
      if not grant then
         return nil, err
      end
      local changed = self.with(grant, edit(grant))
      local swapped
      swapped, err = self:swap(grant, changed)
      if swapped == nil then
         return nil, err
      elseif swapped then
         return changed
      end
   end
   return nil, errors.new { kind = "store", message = "a grant was changed by others at every attempt" }
end

--- Delete a grant.
---@param grant kenar.Grant as it was read
---@param only_unchanged? boolean keep it if it has changed since it was read
---@return boolean? deleted, kenar.Error? err
function Records:delete(grant, only_unchanged)
   local deleted, err
   if only_unchanged then
      deleted, err = self._store:cas(key_of(grant.id), self._bytes[grant], nil)
   else
      deleted, err = self._store:del(key_of(grant.id))
   end
   if not deleted then
      return deleted, err
   end
   for _, list in ipairs(lists_of(grant)) do
      -- An id without a grant is harmless, and expires.
      self.index:remove(list.key, grant.id)
   end
   return true
end

---@param store kenar.Store
---@param now fun(): number wall-clock seconds
---@return kenar.GrantRecords
function grant_records.new(store, now)
   return setmetatable({
      _store = store, _now = now, index = indexes.new(store, now), _bytes = setmetatable({}, { __mode = "k" }),
   }, Records)
end

return grant_records
