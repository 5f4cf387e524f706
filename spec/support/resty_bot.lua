--- The bot that the specs of kenar.resty serve. It records its actions in the shared dict `told`.

local kenar = require "kenar"

---@param options table of kenar.bot
---@return kenar.Bot
return function(options)
   options.api_key = options.api_key or "api-key"
   options.identification_key = options.identification_key or "secret"
   local bot = kenar.bot(options)

   local function tell(list, what)
      ngx.shared.told:rpush(list, what)
   end

   local words = {}

   function words.divar(ctx)
      ctx:reply "سلام"
   end

   -- Waits until the spec calls `release`.
   function words.hold(ctx)
      while not ngx.shared.told:get("release " .. ctx.event.id) do
         ctx.bot.host.sleep(0.01)
      end
   end

   -- The same with nginx's own sleep.
   function words.hold_by_nginx(ctx)
      repeat
         ngx.sleep(0.01)
      until ngx.shared.told:get("release " .. ctx.event.id)
   end

   function words.exit()
      ngx.header["Content-Length"] = 0 -- luacheck: ignore 122
      ngx.exit(200)
   end

   -- The first attempt waits for longer than the spec runs.
   function words.once(ctx)
      if ctx.attempt == 1 then
         ctx.bot.host.sleep(100)
      end
   end

   function words.loaded()
      for name in pairs(package.loaded) do
         tell("loaded", name)
      end
   end

   bot:on("chatbot", function(ctx)
      tell("begun", ctx.event.id .. " " .. ngx.worker.pid())
      local word = words[ctx.text]
      if word then
         word(ctx)
      end
      tell("done", ctx.event.id)
   end)
   bot:session_init("*", function(ctx)
      return "https://example.ir/" .. ctx.event.variant
   end)
   bot:server_link("slow", function(ctx)
      ctx.bot.host.sleep(0.3)
   end)
   return bot
end
