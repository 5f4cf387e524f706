--- A bot inside nginx: the same file that `kenar run` takes, in a location of nginx's.
--
--    location /kenar {
--       content_by_lua_block { require("kenar.resty").serve(require "bot") }
--    }

local bots = require "kenar.bot"
local first_wait = require "kenar.host.resty.first_wait"
local hosts = require "kenar.host"
local inboxes = require "kenar.inbox"
local incoming = require "kenar.host.resty.incoming"
local stores = require "kenar.store"
local webhook = require "kenar.webhook.request"
local working = require "kenar.bot.worker"

-- nginx looks at the clock when it has nothing to run: what runs without a wait begins and ends at the same time.
local loop_time = ngx.now
local clock = require("kenar.core").clock

local resty = {}

-- Seconds after which a request is answered early, where its handler has left an answer for that.
local EARLY_AFTER = 0.4
-- So many events in a row whose handlers did not wait make a bot one that answers at once.
local QUICK = 100

local INTERNAL_ERROR = { status = 500, headers = webhook.response(500).headers, body = "{}" }
local UNAVAILABLE = webhook.response(503)

local served = setmetatable({}, { __mode = "k" })

local option_types = { ack = "string", zone = "string", workers = "number", lease = "number", overrides = "table" }

local function check(bot, options)
   if not bots.is(bot) then
      error("expected what kenar.bot returns, got " .. type(bot), 3)
   end
   for name, value in pairs(options) do
      if not option_types[name] then
         error(("unknown option %q of serve"):format(tostring(name)), 3)
      elseif type(value) ~= option_types[name] then
         error(("%s: expected a %s, got a %s"):format(name, option_types[name], type(value)), 3)
      end
   end
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

-- Bind the bot to this worker.
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
      local work, err = working.start(bot, inbox)
      if not work then
         return nil, tostring(err)
      end
   end
   if bot.oauth then
      bot.grants:keep_alive()
   end
   return true
end

-- The connection is the handler's until it is done: the client must not put its next request there.
local function answer_early(wait)
   ngx.sleep(EARLY_AFTER)
   wait.is_answered = true
   ngx.header["Connection"] = "close" -- luacheck: ignore 122
   incoming.answer(wait.answer)
   ngx.eof()
end

local answer_at_once

-- A request that raised leaves its watch behind, and what waits next is something else.
local function is_at_once()
   local level = 3
   local frame = debug.getinfo(level, "f")
   while frame and frame.func ~= answer_at_once do
      level = level + 1
      frame = debug.getinfo(level, "f")
   end
   return frame ~= nil
end

-- A handler that was taken for one that does not wait. Before the handler, and for an event that somebody waits for,
-- there is no early answer.
local function surprise(service)
   return function(request)
      if not request.early or not is_at_once() then
         return
      end
      local wait = { answer = request.early, is_answered = false }
      service.quick, service.waits[request] = 0, wait
      wait.thread = ngx.thread.spawn(answer_early, wait)
   end
end

local function open(bot, options)
   local host = hosts.current()
   local service = { bot = bot, host = host, quick = 0, is_checked = false, waits = setmetatable({}, { __mode = "k" }) }
   service.on_wait = surprise(service)
   local ok, done, message = pcall(bind, bot, host, options)
   if not ok or not done then
      service.is_broken = true
      ngx.log(ngx.ERR, "kenar: ", tostring(ok and message or done))
   end
   served[bot] = service
   return service
end

--- Begin to work in this worker, before its first request: in `init_worker_by_lua_block`. Needed where events may be
--- waiting that an earlier worker has left, or consents have to be renewed; `serve` does it with the first request.
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
   -- What LuaJIT compiles ends at a function of C: what it would have to give up at the task's xpcall it would not try
   -- again where there is none.
   clock()
   if request.early then
      service.quick = loop_time() == began and service.quick + 1 or math.min(service.quick, 0)
   end
   return answer
end

-- In a task, which goes on when the request is over: nginx ends those whose client has gone away, and a client that
-- has its answer may send the next request over the same connection.
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

local function end_wait(service, request)
   local wait = service.waits[request]
   if not wait then
      return false
   end
   service.waits[request] = nil
   ngx.thread.kill(wait.thread)
   return wait.is_answered
end

-- In the request itself, where handlers do not wait: a task would cost as much as all the rest. The first handler that
-- waits after all is answered early all the same, and later ones have tasks. There is no pcall, for LuaJIT compiles
-- nothing that returns through one: what raises is nginx's to log, and to answer with 500.
function answer_at_once(service, request)
   local began = loop_time()
   first_wait.watch(service.on_wait, request)
   local answer = service.bot:handle(request)
   -- What waits by nginx's own functions is noticed only now.
   if request.early and loop_time() ~= began then
      service.quick = 0
   end
   if not (first_wait.forget() and end_wait(service, request)) then
      incoming.answer(answer)
   end
end

-- Where nginx ends requests whose clients have gone away, no handler may run in one.
local function check_location(service)
   service.is_checked = true
   if ngx.on_abort(function() end) then
      service.quick = -math.huge
   end
end

--- Answer the request with a bot, in `content_by_lua_block`.
---
--- An event that nobody waits for is answered when it was handled, or after 0.4 s while its handler goes on. With
--- `ack = "early"` it is answered when it is in the shared dict `zone`, and handled then by any of nginx's workers, of
--- which each has `workers` (32) at once; what a worker had that was killed comes again after `lease` (60) seconds.
---@param bot kenar.Bot
---@param options? { ack: "early", zone: string, workers: integer, lease: number, overrides: table } looked at in each
---   worker's first call, or in that of `start`; `overrides` are settings that win over the bot's own
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
