--- A limit of calls a day, common to all processes with the same store.
--
-- Divar's documents say that the quota is "reset daily", but not at which hour: a day here is Iran's calendar day.

local errors = require "kenar.error"
local update = require "kenar.store.update"

local day_quota = {}

---@class kenar.DayQuota
local DayQuota = {}
DayQuota.__index = DayQuota

local DAY = 86400
-- Iran has had no summer time since 2022: 3 h 30 min ahead of UTC all year.
local OFFSET = 12600
-- The part of the quota at which the program is warned, as Divar mails at 80 %; and the part kept for replies.
local WARNING, RESERVE = 0.8, 0.1

--- The number of the current day. It grows by one at midnight.
---@return integer
function DayQuota:today()
   return math.floor((self._now() + OFFSET) / DAY)
end

--- Seconds until the day ends.
---@return number
function DayQuota:left_of_day()
   return (self:today() + 1) * DAY - OFFSET - self._now()
end

local function key_of(self, day)
   return ("%s:%d"):format(self._prefix, day)
end

-- One process of all warns: the first to add the mark.
local function warn(self, day, used)
   if self._warned == day then
      return
   end
   local ok, is_first = pcall(self._store.add, self._store, key_of(self, day) .. ":warned", "1", 2 * DAY)
   if ok and is_first ~= nil then
      self._warned = day
   end
   if ok and is_first then
      -- A task of its own: it may wait, or make a call itself.
      self._host.spawn(self._on_warning, {
         used = used, day = self._day, left = self._day - used, ends_in = self:left_of_day(),
      })
   end
end

local function spent(self, priority, used)
   local left = self._day - used
   local kept = priority == "bulk" and left > 0 and ("; what is left (%d) is kept for replies"):format(left) or ""
   return nil, errors.new {
      kind = "quota", code_name = "DAY_QUOTA", sent = "no", retryable = false, retry_after = self:left_of_day(),
      message = ("%d of today's %d calls have been made%s"):format(used, self._day, kept),
   }
end

--- Take one of today's calls.
---@param priority "reply"|"bulk" the last tenth is kept for replies
---@return integer? day for give_back
---@return kenar.Error? err kind `quota` with code_name DAY_QUOTA and `retry_after`, or `store`
function DayQuota:take(priority)
   local today, limit = self:today(), priority == "bulk" and self._day - self._reserve or self._day
   local is_taken
   local used, err = update(self._store, key_of(self, today), function(value)
      local count = tonumber(value) or 0
      is_taken = count < limit
      if not is_taken then
         return nil, nil, count
      end
      return ("%d"):format(count + 1), 2 * DAY, count + 1
   end)
   if not used then
      return nil, err
   elseif not is_taken then
      return spent(self, priority, used)
   end
   if self._on_warning and used >= self._day * WARNING then
      warn(self, today, used)
   end
   return today
end

--- Give back a call that was not made.
---@param day integer as `take` gave it
function DayQuota:give_back(day)
   -- If the store fails, one call fewer can be made today.
   update(self._store, key_of(self, day), function(value)
      local count = tonumber(value) or 0
      if count > 0 then
         return ("%d"):format(count - 1), 2 * DAY
      end
   end)
end

--- Make a day quota.
---@param options { store: kenar.Store, prefix: string, day: integer, host: table, on_warning: fun(info: table)? }
---@return kenar.DayQuota
function day_quota.new(options)
   return setmetatable({
      _store = options.store, _prefix = options.prefix, _day = options.day, _host = options.host,
      _now = options.host.now, _on_warning = options.on_warning, _reserve = math.floor(options.day * RESERVE),
   }, DayQuota)
end

return day_quota
