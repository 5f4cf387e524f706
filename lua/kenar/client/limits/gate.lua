--- Limits how fast an app's calls are sent: by its quota, and after a 429 by a lower pace. Replies pass before bulk
--- sends.
--
-- Without a quota, and as long as Divar has refused no call, a call passes without any check.

local core = require "kenar.core"
local day_quota = require "kenar.client.limits.day_quota"
local errors = require "kenar.error"
local paces = require "kenar.client.limits.pace"
local queues = require "kenar.client.limits.queue"
local shared = require "kenar.client.shared"
local token_bucket = require "kenar.client.limits.token_bucket"

local gate = {}

---@class kenar.Gate
---@field is_guarded boolean whether a call is checked: there is a quota, or Divar has refused a call
local Gate = {}
Gate.__index = Gate

-- A key in the store must not show the API key.
local function digest_of(api_key)
   return core.base64_encode(core.sha256(api_key), true):sub(1, 22)
end

-- Whether a call may pass now; if not, the seconds to wait, or an error.
local function may_pass(self, priority)
   local clock = self._host.clock
   local delay = self._pace:delay(clock())
   if delay > 0 then
      return false, delay
   end
   if self._bucket then
      local wait, err = self._bucket:take(priority)
      if wait ~= 0 then
         return false, wait, err
      end
   end
   self._pace:take(clock())
   return true
end

--- The gate of an app on a host.
---@type fun(host: table, api_key: string): kenar.Gate
gate.of = shared.by_app(function(host, api_key)
   local self = setmetatable({
      _host = host, _api_key = api_key, _pace = paces.new(), _has_quota = false, is_guarded = false,
   }, Gate)
   self._queue = queues.new(host, function(priority) return may_pass(self, priority) end)
   return self
end)

--- Set the quota, once: in a process an app has the quota of its first client with one.
---@param quota { minute: integer?, day: integer?, on_warning: fun(info: table)? }
---@param open_store fun(): kenar.Store?, kenar.Error?
---@return true? ok, kenar.Error? err kind `store`
function Gate:limit(quota, open_store)
   if self._has_quota then
      return true
   end
   local store, err = open_store()
   if not store then
      return nil, err
   end
   local prefix = "kenar:quota:" .. digest_of(self._api_key)
   self._bucket = quota.minute and token_bucket.new {
      store = store, key = prefix .. ":minute", minute = quota.minute, now = self._host.now,
   }
   self._day_quota = quota.day and day_quota.new {
      store = store, prefix = prefix .. ":day", day = quota.day, host = self._host, on_warning = quota.on_warning,
   }
   self._has_quota, self.is_guarded = true, true
   return true
end

local function refusal(self, seconds)
   local pause = self._pace:pause(self._host.clock())
   if pause > 0 then
      return nil, errors.new {
         kind = "rate_limited", code_name = "PAUSED", sent = "no", retryable = true, retry_after = pause,
         message = ("not sent: Divar has refused a call with 429, and the next call is sent in %.1f s"):format(pause),
      }
   end
   return nil, errors.new {
      kind = "quota", code_name = "MINUTE_QUOTA", sent = "no", retryable = true, retry_after = seconds,
      message = "not sent: the quota of the minute allows no further call before the deadline",
   }
end

-- Wait until the quota of the minute and the pace let the call pass.
local function wait(self, priority, patience)
   local pause = self._pace:pause(self._host.clock())
   if pause > patience then
      return refusal(self, pause)
   end
   local passed, reason, detail = self._queue:pass(priority, patience)
   if passed then
      return true
   elseif reason == "timeout" then
      return refusal(self, detail)
   elseif reason == "failed" then
      detail.sent, detail.retryable = "no", false
      return nil, detail
   end
   return nil, errors.new { kind = "closed", message = "the host has stopped", sent = "no", retryable = false }
end

local function pass_guarded(self, priority, ends_at)
   local quota = self._day_quota
   local day, err
   if quota then
      -- First, so that no call waits for its minute if the day is spent.
      day, err = quota:take(priority)
      if not day then
         err.sent, err.retryable = "no", false
         return nil, err
      end
   end
   local passed
   passed, err = wait(self, priority, ends_at - self._host.clock())
   if not passed then
      if day then
         quota:give_back(day)
      end
      return nil, err
   elseif day and day ~= quota:today() then
      quota:give_back(day)
      day, err = quota:take(priority)
      return day and true, err
   end
   self.is_guarded = self._has_quota or self._pace.is_slowed
   return true
end

--- Pass: returns when the call may be sent.
---@param priority "reply"|"bulk"
---@param ends_at number by the host's clock: the call does not wait longer
---@param now number by the host's clock
---@return integer? round for `refused` and `accepted`
---@return kenar.Error? err unsent: kind `quota` with code_name MINUTE_QUOTA or DAY_QUOTA, `rate_limited` with
---   code_name PAUSED, `store` or `closed`
function Gate:pass(priority, ends_at, now)
   local pace = self._pace
   if self.is_guarded then
      local passed, err = pass_guarded(self, priority, ends_at)
      if not passed then
         return nil, err
      end
      now = self._host.clock()
   end
   pace:count(now)
   return pace.round
end

--- Report a call that Divar has accepted. Needed only while `is_guarded`.
---@param round integer as `pass` gave it
function Gate:accepted(round)
   if self._pace:accept(round) then
      self._queue:ask_again()
   end
end

--- How many refusals in a row there are, with a 429 that comes now.
---@param round integer
---@return integer
function Gate:refusals(round)
   return self._pace.refusals + (round == self._pace.round and 1 or 0)
end

--- Report a 429.
---@param round integer
---@param seconds number the pause before the next call
---@param asked number? seconds that Divar asked for
function Gate:refused(round, seconds, asked)
   self._pace:refuse(self._host.clock(), round, seconds, asked)
   self.is_guarded = true
   local pause = self._pace:pause(self._host.clock())
   if self._bucket and pause > 0 then
      -- So that other processes pause as well. If the store fails, only this one does.
      self._bucket:drain(pause)
   end
end

--- How many calls wait.
---@return integer
function Gate:waiting()
   return self._queue:count()
end

return gate
