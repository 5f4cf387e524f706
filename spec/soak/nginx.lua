--- A bot in a real nginx under load for minutes: what became of the events, and the memory of nginx meanwhile.

local json = require "kenar.json"
local loop = require "kenar.host.loop"
local nginx = require "spec.support.nginx"

local soak = {}

-- As many as a busy app has; more would only fill the dict of ids, which are remembered for a day.
local PER_SECOND = 400
local CONVERSATIONS = 50

local HTTP = [[
   lua_shared_dict zone 64m;
   lua_shared_dict events 128m;
   init_by_lua_block {
      bot = require("kenar").bot { api_key = "key-1", identification_key = "secret", store = "shdict:zone" }
      bot:on("chatbot", function(ctx)
         ctx.session.count = (ctx.session.count or 0) + 1
         ngx.shared.zone:incr("handled", 1, 0)
      end)
   }
   init_worker_by_lua_block { require("kenar.resty").start(bot, { ack = "early", zone = "events" }) }
]]

local SERVER = [[
   location /kenar { content_by_lua_block { require("kenar.resty").serve(bot) } }
   location = /handled { content_by_lua_block { ngx.say(ngx.shared.zone:get "handled" or 0) } }
]]

local function event(number)
   return assert(json.encode {
      type = "NEW_CHATBOT_MESSAGE", new_chatbot_message = {
         id = ("7651e778-0000-11f0-a7fd-%012x"):format(number * 2654435761 % 281474976710656),
         conversation = { id = "c" .. number % CONVERSATIONS, type = "BOT" }, sender = { type = "HUMAN" },
         type = "TEXT", text = "سلام " .. number,
      },
   })
end

-- The memory of nginx's master and workers, without the dicts, which are one mapping for all of them.
local function memory(server)
   local master = server.process:pid()
   local file = assert(io.open(("/proc/%d/task/%d/children"):format(master, master)))
   local pids, bytes = file:read "*a" .. " " .. master, 0
   file:close()
   for pid in pids:gmatch "%d+" do
      local status = io.open("/proc/" .. pid .. "/status")
      if status then
         bytes = bytes + tonumber(status:read("*a"):match "RssAnon:%s*(%d+)") * 1024
         status:close()
      end
   end
   return bytes
end

local function load(server, seconds, memories)
   local host = loop.new {}
   local began, posted, refused = host.clock(), 0, 0
   local function post()
      while host.clock() - began < seconds do
         posted = posted + 1
         local number = posted
         local late = began + number / PER_SECOND - host.clock()
         if late > 0 then
            host.sleep(late)
         end
         local res = host.request {
            method = "POST", url = ("http://127.0.0.1:%d/kenar/events"):format(server.port), timeout = 10,
            headers = { authorization = "secret", ["content-type"] = "application/json" }, body = event(number),
         }
         if not res or res.status ~= 200 then
            refused = refused + 1
         end
      end
   end
   for _ = 1, 16 do
      host.spawn(post)
   end
   host.spawn(function()
      for quarter = 1, 4 do
         host.sleep(began + seconds * quarter / 4 - 0.5 - host.clock())
         memories[quarter] = memory(server)
      end
   end)
   host:run()
   return posted, refused
end

-- What the workers have handled, when they have handled all or a minute has passed.
local function handled(server, posted)
   local host = loop.new {}
   local ends_at, count = host.clock() + 60
   repeat
      host.sleep(0.1)
      count = tonumber((server:ask "/handled"))
   until count >= posted or host.clock() > ends_at
   return count
end

--- Whether nginx is here.
soak.is_possible = nginx.is_installed

--- Load it.
---@param seconds number
---@return { posted: integer, refused: integer, handled: integer, memories: integer[] } report `memories`: bytes by
---   quarters of the time
function soak.run(seconds)
   local server = nginx.start { workers = 2, http = HTTP, server = SERVER }
   local report = { memories = {} }
   local ok, problem = pcall(function()
      report.posted, report.refused = load(server, seconds, report.memories)
      report.handled = handled(server, report.posted - report.refused)
   end)
   server:stop()
   assert(ok, problem)
   return report
end

return soak
