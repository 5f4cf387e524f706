--- Renews a grant's tokens: one refresh at a time, for all tasks of all processes.
--
-- Divar replaces both tokens and accepts the old ones for two more minutes. So the new pair is stored before it is
-- used. If a process dies before it has stored the answer, the next one asks again with the old pair.

local errors = require "kenar.error"
local recent = require "kenar.base.recent"
local states = require "kenar.oauth.state"

local refresh = {}

---@class kenar.GrantRefresher
local Refresher = {}
Refresher.__index = Refresher

-- Seconds before its expiry at which a token is renewed.
local MARGIN = 60
-- Seconds between two looks at the lock of another process.
local POLL = 0.2
-- A lock is longer than the call it covers. If its holder dies, it ends well within Divar's two minutes.
local LOCK_SLACK, LONGEST_LOCK = 15, 90
-- A 401 may have other causes than the token. If a token is refused that has just replaced another, it is not renewed.
local REPLACED_AGAIN, REPLACED_KEPT = 300, 1000

-- Refusals that blame the app, not the grant (RFC 6749, section 5.2).
local apps_own_mistake = { INVALID_CLIENT = true, UNAUTHORIZED_CLIENT = true, UNSUPPORTED_GRANT_TYPE = true }

--- Whether a grant's token can be used now. A token that cannot be renewed can be used until it expires.
---@param grant kenar.Grant
---@return boolean
function Refresher:lives(grant)
   return grant.expires_at - self._host.now() > (grant.refresh_token and MARGIN or 0)
end

-- Whether a grant's token can be used now, and differs from the token that Divar has refused.
local function is_usable(self, grant, refused)
   return grant.access_token ~= refused and self:lives(grant)
end

local function expired(grant, why)
   return nil, errors.new {
      kind = "auth", code_name = "GRANT_EXPIRED", scopes = grant.scopes, sent = "no", retryable = false,
      message = ("grant %s %s: ask the user again"):format(grant.id, why),
   }
end

local function closed()
   return nil, errors.new { kind = "closed", message = "the host is stopping", sent = "no" }
end

-- The grant that the store has after another process changed or deleted it.
local function others_result(self, grant, refused)
   local current, err = self._records:read(grant.id)
   if err then
      return nil, err
   elseif current and is_usable(self, current, refused) then
      return current
   end
   return expired(grant, "was deleted")
end

-- Stores a pair that could not be stored the last time. True if it is stored now, false if there is none to store.
local function store_kept_pair(self, id)
   local kept = self._kept[id]
   if not kept then
      return false
   end
   local swapped, err = self._records:swap(kept.old, kept.new)
   if swapped == nil then
      return nil, err
   end
   self._kept[id] = nil
   return swapped
end

local function store_pair(self, old, tokens, refused)
   local new = self._records.with(old, {
      access_token = tokens.access_token, refresh_token = tokens.refresh_token, expires_at = tokens.expires_at,
      renewal_due = old.subscriptions and true or nil,
   })
   local swapped, err = self._records:swap(old, new)
   if swapped then
      return new, nil, true
   elseif swapped == nil then
      self._kept[old.id] = { old = old, new = new }
      return nil, err
   end
   return others_result(self, old, refused)
end

local function give_up(self, grant, refused, err)
   local deleted, store_err = self._records:delete(grant, true)
   if deleted == nil then
      return nil, store_err
   elseif not deleted then
      return others_result(self, grant, refused)
   end
   return expired(grant, "can be renewed no more" .. (err and " (" .. err.message .. ")" or ""))
end

-- Runs under the lock. The third result is true if the tokens were renewed here, not by another process.
local function renew(self, stale, refused)
   local was_kept, err = store_kept_pair(self, stale.id)
   if was_kept == nil then
      return nil, err
   end
   local grant
   grant, err = self._records:read(stale.id)
   if err then
      return nil, err
   elseif not grant then
      return expired(stale, "was deleted")
   elseif is_usable(self, grant, refused) then
      return grant, nil, was_kept
   elseif not grant.refresh_token then
      return give_up(self, grant, refused)
   elseif not self._oauth then
      return nil, errors.new {
         kind = "auth", code_name = "NO_OAUTH", sent = "no", retryable = false,
         message = "renewing a token needs app_slug and oauth_secret (KENAR_APP_SLUG, KENAR_OAUTH_SECRET)",
      }
   end
   local tokens
   tokens, err = self._oauth:refresh(grant)
   if tokens then
      return store_pair(self, grant, tokens, refused)
   elseif err.status == 400 and not apps_own_mistake[err.code_name] then
      return give_up(self, grant, refused, err)
   end
   return nil, err
end

-- Takes the lock that all processes share: true. If another process had it: false and the grant that it has renewed.
local function acquire(self, grant, key, owner, refused)
   local host, store = self._host, self._store
   local deadline = host.clock() + self._lock_ttl + LOCK_SLACK
   while true do
      local added, err = store:add(key, owner, self._lock_ttl)
      if added == nil then
         return nil, err
      elseif added then
         return true
      elseif host.clock() >= deadline then
         return nil, errors.new {
            kind = "timeout", sent = "no", retryable = true, message = "another process renews this grant for too long",
         }
      elseif not host.sleep(POLL) then
         return closed()
      end
      local current
      current, err = self._records:read(grant.id)
      if err then
         return nil, err
      elseif not current then
         return expired(grant, "was deleted")
      elseif is_usable(self, current, refused) then
         return false, current
      end
   end
end

local function renew_alone(self, grant, refused)
   local key, owner = "grant_lock:" .. grant.id, states.random(16)
   local acquired, other = acquire(self, grant, key, owner, refused)
   if acquired == nil then
      return nil, other
   elseif not acquired then
      return other
   end
   local fresh, err, is_ours = renew(self, grant, refused)
   -- A lock that cannot be released expires.
   self._store:cas(key, owner, nil)
   return fresh, err, is_ours
end

-- The task that renews a grant. It is not the task of any request, so that the end of a request does not end it.
local function renew_for_all(self, renewal, grant, refused)
   local ok, fresh, err, is_ours = pcall(renew_alone, self, grant, refused)
   if not ok then
      fresh, err = nil, errors.is(fresh) and fresh or errors.new { kind = "store", message = tostring(fresh) }
   end
   renewal.grant, renewal.err, renewal.is_over = fresh, err, true
   renewal.done:post(renewal.waiting)
   local _, problem
   if is_ours and fresh.renewal_due then
      _, problem = pcall(self._on_renewed, fresh)
   end
   self._renewals[grant.id] = nil
   if problem then
      error(problem, 0)
   end
end

-- Waits for the task that renews the grant for all callers, and starts it if it does not run.
local function successor(self, grant, refused)
   local renewal = self._renewals[grant.id]
   if not renewal then
      renewal = { done = self._host.semaphore(0), waiting = 0 }
      self._renewals[grant.id] = renewal
      self._host.spawn(renew_for_all, self, renewal, grant, refused)
   end
   if not renewal.is_over then
      renewal.waiting = renewal.waiting + 1
      if not renewal.done:wait() then
         return closed()
      end
   end
   return renewal.grant, renewal.err
end

--- A grant whose token can be used: this one, or the renewed one.
---@param grant kenar.Grant
---@return kenar.Grant? grant
---@return kenar.Error? err kind `auth` with code_name GRANT_EXPIRED and `scopes` if the user has to be asked again;
---   `store` if the new pair could not be written, which is tried again at the next use; or the error of the call
function Refresher:fresh(grant)
   if self:lives(grant) then
      return grant
   end
   return successor(self, grant)
end

--- Renew a grant whose token Divar refuses (401) before it has expired. If another process has renewed it meanwhile,
--- the result is that grant.
---@param grant kenar.Grant with the token that was refused
---@return kenar.Grant? grant nil without an error if it cannot be renewed, or was renewed just before
---@return kenar.Error? err as from `fresh`
function Refresher:replace(grant)
   local last, now = self._replaced:get(grant.id), self._host.clock()
   local is_new = last and last.access_token == grant.access_token and now - last.at < REPLACED_AGAIN
   if is_new or not grant.refresh_token then
      return nil
   end
   local fresh, err = successor(self, grant, grant.access_token)
   if fresh then
      self._replaced:set(grant.id, { access_token = fresh.access_token, at = self._host.clock() })
   end
   return fresh, err
end

---@param options { records: kenar.GrantRecords, store: kenar.Store, oauth: kenar.OAuth?, host: table, timeout: number,
---   on_renewed: fun(grant: kenar.Grant) } `timeout`: the longest duration of a call of `oauth`; `on_renewed` is called
---   with a grant whose subscriptions belong to its previous token
---@return kenar.GrantRefresher
function refresh.new(options)
   return setmetatable({
      _records = options.records, _store = options.store, _oauth = options.oauth, _host = options.host,
      _on_renewed = options.on_renewed, _lock_ttl = math.min(options.timeout + LOCK_SLACK, LONGEST_LOCK),
      _renewals = {}, _kept = {}, _replaced = recent.map { max = REPLACED_KEPT },
   }, Refresher)
end

return refresh
