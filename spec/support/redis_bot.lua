--- A bot for specs of what happens to events on their way through Redis: what it has handled, it writes down there.
--
-- A message's text says what is to be done with it: "slow 0.5" waits, "fail" fails until the key `mended` is set, "die"
-- kills its worker the first time.

local ffi = require "ffi"
local kenar = require "kenar"

ffi.cdef "int kill(int pid, int signal);"

local redis_bot = {}

---@param url string the Redis's
---@param inbox? table options of the inbox
---@return kenar.Bot
function redis_bot.new(url, inbox)
   local options = { url = url, workers = 16, attempts = 3 }
   for name, value in pairs(inbox or {}) do
      options[name] = value
   end
   local bot = kenar.bot {
      api_key = "key", identification_key = "k", store = url, inbox = options, log_level = "error",
   }
   local redis = assert(require("kenar.db.redis").new(url:match "^redis:(.*)$"))

   local function call(...)
      local reply, err = redis:call(...)
      if err then
         error(err, 0)
      end
      return reply
   end

   local verbs = {}

   function verbs.slow(ctx, seconds)
      call("rpush", "begun", ctx.conversation_id)
      ctx.bot.host.sleep(tonumber(seconds))
   end

   function verbs.fail()
      if not call("get", "mended") then
         error("this always fails", 0)
      end
   end

   function verbs.die(ctx)
      if ctx.attempt == 1 then
         -- What this worker has answered is on its way.
         ctx.bot.host.sleep(0.1)
         call("rpush", "died", tostring(ngx.worker.pid()))
         ffi.C.kill(ngx.worker.pid(), 9)
         ctx.bot.host.sleep(10)
      end
   end

   bot:on("chatbot:text", function(ctx)
      local verb, rest = ctx.text:match "^(%l+) ?(%S*)"
      if verbs[verb] then
         verbs[verb](ctx, rest)
      end
      call("rpush", "handled", ("%s %s %d"):format(ctx.conversation_id, ctx.event.id, ngx.worker.pid()))
   end)

   return bot
end

return redis_bot
