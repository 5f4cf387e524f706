--- A bot inside nginx: the same file that `kenar run` takes, in a location of nginx's.
--
--    location /kenar {
--       content_by_lua_block { require("kenar.resty").serve(require "bot") }
--    }

local bots = require "kenar.bot"
local checks = require "kenar.base.options"
local contract = require "kenar.host.contract"
local hosts = require "kenar.host"
local inboxes = require "kenar.inbox"
local incoming = require "kenar.host.resty.incoming"
local phases = require "kenar.host.resty.phases"
local stores = require "kenar.store"
local webhook = require "kenar.webhook.request"
local worker = require "kenar.bot.worker"

-- nginx updates this clock when it has nothing to run: code that does not wait begins and ends at the same time.
local loop_time = ngx.now
local clock = require("kenar.core").clock

local resty = {}

local EARLY_AFTER, INTERNAL_ERROR = contract.EARLY_AFTER, contract.INTERNAL_ERROR
local UNAVAILABLE = webhook.response(503)
-- After so many events in a row whose handlers did not wait, further events have no task.
local QUICK = 100

local served = setmetatable({}, { __mode = "k" })

local option_types = { ack = "string", zone = "string", workers = "number", lease = "number", overrides = "table" }

local function check(bot, options)
   if not bots.is(bot) then
      error("expected what kenar.bot returns, got " .. type(bot), 3)
   end
   checks.check(options, option_types, "unknown option %q of serve", 3)
   if options.ack ~= nil and options.ack ~= "early" then
      error('ack: expected "early" or nothing, got ' .. options.ack, 3)
   elseif (options.ack == nil) ~= (options.zone == nil) then
      error('ack = "early" and zone = "the name of a lua_shared_dict" go together', 3)
   end
end

-- Check that the bot's store and inbox suit nginx's workers.
local function check_places(bot, options)
   local overrides = options.overrides or {}
   local store, inbox = overrides.store or bot:setting "store", overrides.inbox or bot:setting "inbox"
   local store_kind, inbox_kind = stores.kind(store), inbox and inboxes.kind(inbox.url or inbox)
   if store_kind and store_kind.blocks then
      return nil, ("the store %s: would hold up nginx's worker at each use: take shdict:zone or redis://host")
         :format(store_kind.scheme)
   elseif options.ack then
      inbox = { url = "shdict:" .. options.zone, workers = options.workers, lease = options.lease }
   elseif inbox_kind and not inbox_kind.shared then
      return nil, ('the inbox %s: is for one process: take ack = "early" with a zone, or redis://host')
         :format(inbox_kind.scheme)
   end
   if store_kind and not store_kind.shared and ngx.worker.count() > 1 then
      ngx.log(ngx.WARN, "kenar: ", tostring(bot), " has the store ", store_kind.scheme, ":, and each of nginx's ",
         ngx.worker.count(), " workers its own: sessions and consents need shdict:zone or redis://host")
   end
   return true, inbox
end

local function lacking(bot)
   local names, directives = {}, {}
   for i, name in ipairs(bot:missing()) do
      names[i], directives[i] = name, ("`env KENAR_%s;`"):format(name:upper())
   end
   return names[1] and ("%s lacks %s: nginx hides the environment from its workers, write %s at the top of nginx.conf")
      :format(tostring(bot), table.concat(names, " and "), table.concat(directives, " and "))
end

-- Attaches the bot to this worker's host.
local function bind(bot, host, options)
   local ok, inbox = check_places(bot, options)
   if not ok then
      return nil, inbox
   end
   bot:attach(host, options.overrides)
   local message = lacking(bot)
   if message then
      return nil, message
   end
   if inbox then
      local work, err = worker.start(bot, inbox)
      if not work then
         return nil, tostring(err)
      end
   end
   if bot.oauth then
      bot.grants:keep_alive()
   end
   return true
end

-- The handler has the connection until it is done, so the client must not send its next request there.
local function answer_early(request)
   ngx.sleep(EARLY_AFTER)
   request.is_answered = true
   ngx.header["Connection"] = "close" -- luacheck: ignore 122
   incoming.answer(request.early)
   ngx.eof()
end

-- The first wait of a handler that was expected not to wait. Before the handler runs, and for a callback, there is no
-- early response.
local function on_first_wait(service)
   return function(request)
      if request.early then
         service.quick = 0
         request.early_thread = ngx.thread.spawn(answer_early, request)
      end
   end
end

local function open(bot, options)
   local host = hosts.current()
   local service = { bot = bot, host = host, quick = 0, is_checked = false }
   service.on_wait = on_first_wait(service)
   local ok, done, message = pcall(bind, bot, host, options)
   if not ok or not done then
      service.is_broken = true
      ngx.log(ngx.ERR, "kenar: ", tostring(ok and message or done))
   end
   served[bot] = service
   return service
end

--- Start the bot in this worker before its first request: in `init_worker_by_lua_block`. It is needed if an earlier
--- worker may have left events, or if consents have to be renewed. Otherwise `serve` starts the bot at the first
--- request.
---@param bot kenar.Bot
---@param options? table see `serve`
function resty.start(bot, options)
   options = options or {}
   check(bot, options)
   if not served[bot] then
      open(bot, options)
   end
end

local function handle(service, request)
   local began = loop_time()
   local answer = service.bot:handle(request)
   -- A call to C ends LuaJIT's trace here. A trace that goes on to the task's xpcall is aborted, and LuaJIT would not
   -- compile this code again for requests without a task.
   clock()
   if request.early then
      service.quick = loop_time() == began and service.quick + 1 or math.min(service.quick, 0)
   end
   return answer
end

-- In a task, which goes on after the request: nginx ends a request whose client has gone away, and a client that has
-- its response may send the next request over the same connection.
local function handle_in_task(service, request)
   incoming.complete(request)
   local task = service.host.spawn(handle, service, request)
   local ok, answer = task:wait(EARLY_AFTER)
   if not ok and not task.done then
      if request.early then
         return request.early
      end
      ok, answer = task:wait()
   end
   return ok and answer or INTERNAL_ERROR
end

-- Ends the thread of the early response. Returns whether it has responded already.
local function end_early(request)
   local thread = request.early_thread
   if not thread then
      return false
   end
   request.early_thread = nil
   ngx.thread.kill(thread)
   return request.is_answered or false
end

-- In the request itself, for a bot whose handlers do not wait: a task would cost as much as all the rest. The first
-- handler that waits nevertheless gets its early response, and later handlers have tasks. There is no pcall, because
-- LuaJIT compiles no code that returns through one: nginx logs an error and responds with 500.
local function answer_at_once(service, request)
   local began = loop_time()
   request.on_wait = service.on_wait
   phases.watch(request)
   local answer = service.bot:handle(request)
   request.on_wait = nil
   -- A wait by nginx's own functions is noticed only now.
   if request.early and loop_time() ~= began then
      service.quick = 0
   end
   if not end_early(request) then
      incoming.answer(answer)
   end
end

-- If nginx ends requests whose clients have gone away (lua_check_client_abort), handlers always run in tasks.
local function check_location(service)
   service.is_checked = true
   if ngx.on_abort(function() end) then
      service.quick = -math.huge
   end
end

--- Answer the request with a bot, in `content_by_lua_block`.
---
--- An event without a waiting user is answered after its handler, or after 0.4 s while the handler goes on. With
--- `ack = "early"` it is answered as soon as it is in the shared dict `zone`. Any of nginx's workers then handles it,
--- each up to `workers` (32) events at once. If a worker is killed, its events are handled again after `lease` (60)
--- seconds.
---@param bot kenar.Bot
---@param options? { ack: "early", zone: string, workers: integer, lease: number, overrides: table } read in each
---   worker's first call of `serve` or `start`; `overrides` are settings that win over the bot's own
function resty.serve(bot, options)
   local service = served[bot]
   if not service then
      options = options or {}
      check(bot, options)
      service = open(bot, options)
   end
   if service.is_broken then
      return incoming.answer(UNAVAILABLE)
   end
   if not service.is_checked then
      check_location(service)
   end
   local request = incoming.read()
   if service.quick >= QUICK then
      return answer_at_once(service, request)
   end
   return incoming.answer(handle_in_task(service, request))
end

return resty
