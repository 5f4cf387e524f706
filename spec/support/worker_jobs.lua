--- What two workers of nginx do at the same moment with one store; each gives back what it got.

local jobs = {}

-- Run `f(i)` n times, in tasks, to their end.
local function together(host, n, f)
   local tasks = {}
   for i = 1, n do
      tasks[i] = host.spawn(f, i)
   end
   for _, task in ipairs(tasks) do
      local ok, err = task:wait(30)
      if not ok then
         error(err, 0)
      end
   end
end

--- 500 counts.
function jobs.count(host, store)
   together(host, 20, function()
      for _ = 1, 25 do
         assert(store:incr "n")
      end
   end)
   return tonumber(store:get "n")
end

--- How many of 300 events this worker handles.
function jobs.dedup(host, store)
   local dedup, won = require("kenar.bot.dedup").in_store(store, 60), 0
   together(host, 10, function(i)
      for event = i, 300, 10 do
         local claim, err = dedup:claim("event " .. event)
         assert(claim ~= nil, tostring(err))
         if claim then
            won = won + 1
            assert(dedup:done("event " .. event, claim))
         end
      end
   end)
   return won
end

--- How many calls of a day's 100 this worker makes.
function jobs.day_budget(host, store)
   local day_quota = require "kenar.client.limits.day_quota"
   local budget, made = day_quota.new { store = store, prefix = "day", day = 100, host = host }, 0
   together(host, 5, function()
      for _ = 1, 40 do
         local day, err = budget:take "reply"
         assert(day or err.code_name == "DAY_QUOTA", tostring(err))
         made = made + (day and 1 or 0)
      end
   end)
   return made
end

--- How many calls this worker makes of those that may leave at once, which are 20.
function jobs.token_bucket(host, store)
   local at = tonumber(store:get "began at")
   local bucket, made = require("kenar.client.limits.token_bucket").new {
      store = store, key = "minute", minute = 100, now = function() return at end,
   }, 0
   together(host, 5, function()
      for _ = 1, 10 do
         local wait = assert(bucket:take "reply")
         made = made + (wait == 0 and 1 or 0)
      end
   end)
   return made
end

--- Read, wait and write, under a session's lock: what was lost would be missing.
function jobs.session_lock(host, store)
   local locks = require "kenar.bot.session_lock"
   together(host, 4, function()
      for _ = 1, 5 do
         local lock = assert(locks.take(store, host, "conversation", 30))
         local n = tonumber(store:get "sum" or 0)
         host.sleep(0.002)
         assert(store:set("sum", tostring(n + 1)))
         lock:release()
      end
   end)
   return tonumber(store:get "sum")
end

--- The access token that all tasks get whose grant has to be renewed.
function jobs.refresh(host, store, url)
   local bot = require("kenar").bot {
      api_key = "key", identification_key = "key", app_slug = "slug", oauth_secret = "secret", oauth_url = url,
      public_url = "https://bot.example.ir", store = store,
   }
   bot:attach(host)
   if store:add("first", "1") then
      local grant = assert(bot.grants:save({
         access_token = "old", refresh_token = "old", scopes = { "USER_ID" }, expires_at = host.now() + 30,
      }, {}))
      assert(store:set("grant", grant.id))
   end
   while not store:get "grant" do
      host.sleep(0.005)
   end
   local tokens = {}
   together(host, 10, function()
      local grant = assert(bot.grants:find { id = store:get "grant" })
      tokens[assert(bot.grants:fresh(grant)).access_token] = true
   end)
   local token = next(tokens)
   assert(next(tokens, token) == nil, "several tokens")
   return token
end

--- Wait until all workers are here, and do one.
---@param name string
---@param url string the Redis's
---@param own_url string nginx's
---@return string result
function jobs.run(name, url, own_url)
   local host = require("kenar.host").current()
   local store = assert(require("kenar.store").open(url, host))
   store:add("began at", tostring(host.now()))
   assert(store:incr "there")
   while tonumber(store:get "there") < ngx.worker.count() do
      host.sleep(0.001)
   end
   return tostring(jobs[name](host, store, own_url))
end

return jobs
