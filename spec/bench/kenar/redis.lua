--- What an event costs nginx and Redis: from the webhook through the store or the inbox to its handler's end.
-- Usage: redis.lua SECONDS KEY [WORKERS]. Prints for each way a line for every figure, name TAB value: CPU microseconds
-- an event, and how many events were acknowledged and handled in a second of the run.

local messages = require "spec.bench.messages"
local nginx = require "spec.support.nginx"
local process = require "spec.bench.process"
local redis = require "spec.support.redis"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

local seconds, key, workers = arg[1], arg[2], tonumber(arg[3] or 1)

-- How Redis is set up, and what the bot uses of it.
local ways = {
   { name = "no Redis", store = "memory:" },
   { name = "store", settings = {}, store = true },
   { name = "inbox, not durable", settings = {}, store = true, inbox = true },
   { name = "inbox, one event at a time", settings = { appendonly = "yes", appendfsync = "everysec" }, store = true,
      inbox = true, connections = 1 },
   { name = "inbox, fsync each second", settings = { appendonly = "yes", appendfsync = "everysec" }, store = true,
      inbox = true },
   { name = "inbox, fsync each second, a reply each", settings = { appendonly = "yes", appendfsync = "everysec" },
      store = true, inbox = true, replies = true },
   { name = "inbox, fsync always", settings = { appendonly = "yes", appendfsync = "always" }, store = true,
      inbox = true },
}

local HTTP = [[
   lua_shared_dict told 1m;
   keepalive_requests 1000000000;
   init_by_lua_block {
      bot = require("kenar").bot { api_key = "key", identification_key = "$key", $options }
      bot:on("chatbot", function(ctx)
         if $replies then
            ctx:reply "سلام، این پاسخ شماست."
         end
      end)
   }
   init_worker_by_lua_block { require("kenar.resty").start(bot) }
]]

local SERVER = [[
   location /kenar {
      content_by_lua_block { require("kenar.resty").serve(bot) }
   }
]]

local function measure(way, event_file)
   local database = way.settings and redis.start(way.settings)
   local store = way.store == true and database.url or way.store
   local divar = nginx.start {
      http = "keepalive_requests 1000000000;",
      server = [[ location / { return 200 '{"status":200,"message":"success"}'; } ]],
   }
   local server = nginx.start {
      workers = workers, http = HTTP, server = SERVER,
      values = {
         key = key, replies = tostring(way.replies == true),
         options = ("base_url = %q, store = %q"):format(divar.url, store)
            .. (way.inbox and (", inbox = %q"):format(database.url) or ""),
      },
   }
   local function cpu()
      return process.cpu_below(server.process:pid()), database and process.cpu_below(database.process:pid()) or 0
   end
   local function is_done()
      return not way.inbox or database:call("zcard", "kenar:{bot}:inbox:received") == 0
   end
   local nginx_before, redis_before = cpu()
   local began = wire.clock()
   local ok, output = process.run(("BENCH_EVENT=%s BENCH_KEY=%s wrk -t1 -c%d -d%ss -s spec/bench/post.lua %s/"):format(
      process.quote(event_file), process.quote(key), way.connections or 64, seconds, server.url))
   local requests, failed = output:match "requests=(%d+) failed=(%d+)"
   local sent_for = wire.clock() - began
   while not is_done() do
      wire.poll({}, 0.02)
   end
   local lasted = wire.clock() - began
   local nginx_after, redis_after = cpu()
   local bytes = database and tonumber(database:call("info", "memory"):match "used_memory:(%d+)") or 0
   server:stop()
   divar:stop()
   if database then
      database:stop()
   end
   assert(ok and failed == "0", output)
   requests = tonumber(requests)
   local function print_figure(name, value)
      print(("%s, %s\t%.2f"):format(way.name, name, value))
   end
   print_figure("nginx, CPU us", (nginx_after - nginx_before) / requests)
   if database then
      print_figure("Redis, CPU us", (redis_after - redis_before) / requests)
      print_figure("Redis, bytes", bytes / requests)
   end
   print_figure("acknowledged a second", requests / sent_for)
   print_figure("handled a second", requests / lasted)
end

local folder = scratch.new()
local event_file = folder:write("event.json", messages.bytes(messages.chatbot_message))
local ok, err = pcall(function()
   for _, way in ipairs(ways) do
      measure(way, event_file)
   end
end)
folder:remove()
assert(ok, err)
