--- Inboxes: events that Divar has sent, stored until they are handled.
--
-- All inboxes have one contract:
--
--    put({ { id, order_key, kind, path, headers, body, received_at, event } }) -> { true | "duplicate" } | nil, err
--       waits until all of them are stored
--    take(worker, n, lease_s) -> { { lease, attempts, ... } } | nil, err
--       the events to handle now: the oldest of each `order_key`, unless an event with that key is under a lease
--    done(leases) -> true               deletes the events and keeps their ids
--    fail(lease, delay, reason) -> "retry" | "dead" | nil, err      again after `delay` seconds, or a dead letter
--    extend(lease, s) -> true | nil, err
--    dead(after, n) -> list | nil, err  the dead letters
--    replay(number) -> true | nil, err  has a dead letter handled again     discard(number) -> true | nil, err
--    stats() -> { pending, running, delayed, dead, oldest, failure }        close() -> true | nil, err
--
-- The program sets `inbox.on_ready`. The inbox calls it when `take` may have an event that it had not before. An event
-- that fails delays the later events with the same `order_key`, and no others. Errors are of kind `store`.

local errors = require "kenar.error"
local urls = require "kenar.db.url"

local inbox = {}

---@class kenar.InboxEntry
---@field id? string           an event whose id is known is a duplicate
---@field order_key? string    events with the same key are handled one after the other, in the order of `put`
---@field kind? string
---@field path? string
---@field headers? table<string, string> stored without `authorization`
---@field body? string
---@field received_at? number  wall seconds
---@field event? any           not stored; `take` returns it while it is in this process's memory
---@field lease? integer|string of a taken event: its name for `done`, `fail` and `extend`
---@field attempts? integer    of a taken event: 1 the first time

---@class kenar.InboxKind
---@field scheme string what stands before the colon of its URL
---@field open fun(rest: string, host: kenar.Host, options: table): table?, kenar.Error? `rest`: the URL after the colon
---@field visit fun(rest: string): table?, kenar.Error?
---@field blocks boolean whether a call may block the process
---@field shared boolean whether several processes may have it open
---@field is_file boolean whether `rest` is the path of a file
---@field driver? string the module of db/ that it stands on, loaded when it is needed
---@field lacks? fun(): string? of a kind with a driver: what is missing in this process; nil: nothing

local function cannot_visit(message)
   return function()
      return nil, errors.new { kind = "store", message = message }
   end
end

---@type table<string, kenar.InboxKind>
local kinds = urls.named {
   sqlite = {
      blocks = true, shared = false, is_file = true, driver = "kenar.db.sqlite",
      open = function(path, host, options)
         return require("kenar.inbox.sqlite").new { path = path, host = host, options = options }
      end,
      visit = function(path)
         return require("kenar.inbox.sqlite.visitor").open(path)
      end,
   },
   shdict = {
      blocks = false, shared = true, is_file = false, driver = "kenar.db.shdict",
      open = function(zone, host, options)
         return require("kenar.inbox.shdict").new { zone = zone, host = host, options = options }
      end,
      visit = cannot_visit "shdict: is in nginx's memory: look at it there, with bot.inbox:dead()",
   },
   redis = {
      blocks = false, shared = true, is_file = false, driver = "kenar.db.redis",
      open = function(rest, host, options)
         return require("kenar.inbox.redis").new { url = rest, host = host, options = options }
      end,
      visit = cannot_visit "redis: is looked at inside nginx: bot.inbox:dead(), bot.inbox:replay(number)",
   },
}

--- The kind of inbox that a URL names.
---@param url any
---@return kenar.InboxKind? kind
---@return string rest the URL after the colon; without a kind, a message
function inbox.kind(url)
   if type(url) ~= "string" then
      return nil, 'expected a URL such as "sqlite:inbox.db", got ' .. type(url)
   end
   return urls.find(url, kinds, "inbox", "sqlite:inbox.db")
end

--- Whether a value is the URL of a known kind of inbox.
---@param url any
---@return true? ok, string? message
function inbox.check(url)
   local kind, message = inbox.kind(url)
   if not kind then
      return nil, message
   end
   return true
end

--- Open an inbox until `close`. One process at a time may have a file open, any number may have Redis open.
---@param url string "sqlite:inbox.db", from the working directory; "redis://host:6379/0", inside nginx
---@param host kenar.Host
---@param options? { attempts: integer?, max_events: integer?, power_cut: boolean?, name: string? } `attempts` (8): the
---   number of failures after which an event is a dead letter; `max_events` (1,000,000): how many wait at most;
---   `power_cut`: stored events survive a power cut, not only the end of the process, and each commit waits for the
---   disk; `name`: the bot's, part of its keys in a Redis that several bots share
---@return table? inbox, kenar.Error? err kind `store`; its `pid` is the process that has the inbox open
function inbox.open(url, host, options)
   local kind, rest = inbox.kind(url)
   local message = not kind and rest or kind and kind.lacks and kind.lacks()
   if message then
      return nil, errors.new { kind = "store", message = message }
   end
   return kind.open(rest, host, options or {})
end

--- Look into an inbox that another process may have open: read its dead letters, and have them handled again.
---@param url string
---@return table? visitor with dead(after, n), replay(number | nil for all) -> how many, discard likewise,
---   stats(), close()
---@return kenar.Error? err kind `store`
function inbox.visit(url)
   local kind, rest = inbox.kind(url)
   -- SQLite is missing everywhere; the others are only out of reach here, which `visit` says.
   local message = not kind and rest or kind and kind.is_file and kind.lacks()
   if message then
      return nil, errors.new { kind = "store", message = message }
   end
   return kind.visit(rest)
end

return inbox
