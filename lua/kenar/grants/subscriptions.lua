--- Subscriptions to Divar's events with a grant, and their renewal.
--
-- A subscription ends with the token it was made with (Divar's docs, events page). So it is made again after its
-- grant's tokens were renewed, and the tokens of a grant with subscriptions are renewed although no call uses them.

local errors = require "kenar.error"
local records_of = require "kenar.grants.records"

local subscriptions = {}

---@class kenar.GrantSubscriptions
local Subscriptions = {}
Subscriptions.__index = Subscriptions

-- The scope that a subscription needs: `one` for one post, with the post's token behind it; `all` for all posts.
local scopes_of = {
   NEW_MESSAGE_ON_POST = { one = "CHAT_POST_CONVERSATIONS_READ", all = "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ" },
   POST_UPDATE = { all = "USER_POSTS_GET" },
}

-- Seconds before its expiry at which a token is renewed; the same as in kenar.grants.refresh.
local MARGIN = 60
-- Seconds until the next look if no renewal is due sooner, because another process may have subscribed.
local LONGEST_WAIT = 300
local RETRY_AFTER = 30

--- The scopes that allow a subscription, the narrowest first. The list is empty if Divar's documents name none.
---@param event_type string
---@param resource_id? string
---@return string[]
function subscriptions.scopes(event_type, resource_id)
   local row, list = scopes_of[event_type] or {}, {}
   if row.one and resource_id and resource_id ~= "" then
      list[1] = row.one .. "." .. resource_id
   end
   list[#list + 1] = row.all
   return list
end

-- Divar sends the metadata with each event, so the event names its grant.
local function metadata_of(grant, subscription)
   local metadata = { kenar_grant = grant.id }
   for name, value in pairs(subscription.metadata or {}) do
      metadata[name] = value
   end
   return metadata
end

local function subscribe(self, grant, subscription)
   return self._client:subscribe({
      event_type = subscription.event_type, resource_id = subscription.resource_id,
      metadata = metadata_of(grant, subscription),
   }, { access_token = grant.access_token, renew = self._renewal(grant) })
end

local function is_same(a, b)
   return a.event_type == b.event_type and (a.resource_id or "") == (b.resource_id or "")
end

--- Subscribe with a grant, and store the subscription.
---@param grant kenar.Grant with a token that can be used
---@param subscription { event_type: string, resource_id: string?, metadata: table? }
---@return table? result Divar's answer, kenar.Error? err
function Subscriptions:add(grant, subscription)
   local result, err = subscribe(self, grant, subscription)
   if not result then
      return nil, err
   end
   local stored
   stored, err = self._records:update(grant.id, function(current)
      local list = { subscription }
      for _, each in ipairs(current.subscriptions or {}) do
         if not is_same(each, subscription) then
            list[#list + 1] = each
         end
      end
      return { subscriptions = list }
   end)
   if err then
      return nil, err
   elseif stored then
      self:keep_alive()
   end
   return result
end

local function renew(self, grant)
   for _, subscription in ipairs(grant.subscriptions or {}) do
      local result, err = subscribe(self, grant, subscription)
      if not result then
         self._log:warn("subscription not renewed", {
            grant = grant.id, type = subscription.event_type, resource = subscription.resource_id, error = err,
         })
         return false
      end
   end
   local _, err = self._records:update(grant.id, function(current)
      -- If the token was renewed again meanwhile, the subscriptions are due again.
      return current.access_token == grant.access_token and { renewal_due = false } or {}
   end)
   if err then
      self._log:warn("subscription not renewed", { grant = grant.id, error = err })
   end
   return not err
end

--- Make a grant's subscriptions again, with its new token. A failure is logged, and keep_alive tries again.
---@param grant kenar.Grant
---@return boolean done
function Subscriptions:renew(grant)
   if self._renewing[grant.id] then
      return false
   end
   self._renewing[grant.id] = true
   local ok, done = pcall(renew, self, grant)
   self._renewing[grant.id] = nil
   if not ok then
      error(done, 0)
   end
   return done
end

-- Renews one grant and its subscriptions if that is due. Returns the seconds until the next renewal.
local function renew_due(self, grant)
   local left = grant.expires_at - self._host.now()
   if grant.refresh_token and left <= MARGIN then
      local fresh, err = self._fresh(grant)
      if fresh then
         return fresh.expires_at - self._host.now() - MARGIN
      end
      self._log:warn("grant not renewed", { grant = grant.id, error = err })
      return errors.is(err) and err.code_name == "GRANT_EXPIRED" and LONGEST_WAIT or RETRY_AFTER
   elseif grant.renewal_due and left > 0 and not self:renew(grant) then
      return RETRY_AFTER
   end
   return grant.refresh_token and left - MARGIN or LONGEST_WAIT
end

-- Renews all grants with subscriptions that are due. Returns the seconds until the next look, and the number of grants.
local function renew_all_due(self)
   local wait, count = LONGEST_WAIT, 0
   for _, key in ipairs(records_of.subscribed_keys()) do
      local ids, err = self._records.index:ids(key)
      if not ids then
         self._log:warn("grants not renewed", { error = err })
         return RETRY_AFTER, 1
      end
      for _, id in ipairs(ids) do
         local grant = self._records:read(id)
         if grant then
            count = count + 1
            wait = math.min(wait, math.max(1, renew_due(self, grant)))
         end
      end
   end
   return wait, count
end

local function run(self)
   while not self._host.closing() do
      self._is_woken = false
      local ok, wait, count = pcall(renew_all_due, self)
      if not ok then
         self._log:error("grants not renewed", { error = wait })
         wait, count = RETRY_AFTER, 1
      end
      if count == 0 and not self._is_steady and not self._is_woken then
         break
      end
      self._wakeup:wait(wait)
   end
   self._is_running = false
end

--- Renew the tokens of grants with subscriptions before they expire, in a task of its own, until the host stops. Unless
--- `is_steady`, the task ends if there are no such grants.
---@param is_steady? boolean go on without such grants, because other processes may subscribe
function Subscriptions:keep_alive(is_steady)
   self._is_steady = self._is_steady or is_steady
   if not self._is_running then
      self._is_running = true
      self._wakeup = self._host.semaphore(0)
      self._host.spawn(run, self)
   elseif not self._is_woken then
      self._is_woken = true
      self._wakeup:post()
   end
end

---@param options { records: kenar.GrantRecords, client: kenar.Client, host: table, log: kenar.Log,
---   fresh: (fun(grant: kenar.Grant): kenar.Grant?, kenar.Error?), renewal: fun(grant: kenar.Grant): function } `fresh`
---   renews a grant's tokens; `renewal` makes the option `renew` of a call
---@return kenar.GrantSubscriptions
function subscriptions.new(options)
   return setmetatable({
      _records = options.records, _client = options.client, _host = options.host, _log = options.log,
      _fresh = options.fresh, _renewal = options.renewal, _renewing = {},
   }, Subscriptions)
end

return subscriptions
