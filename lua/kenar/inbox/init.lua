--- What must not be lost: events on their way from Divar to the handlers.
--
-- Every inbox is one contract:
--
--    put({ { id, order_key, kind, path, headers, body, received_at, event } }) -> { true | "duplicate" } | nil, err
--       waits until all of them are stored
--    take(worker, n, lease_s) -> { { lease, attempts, ... } } | nil, err
--       what is to be handled now: the oldest of each `order_key`, and none whose `order_key` has one out
--    done(leases) -> true               they are deleted; their ids are remembered
--    fail(lease, delay, reason) -> "retry" | "dead" | nil, err      again after `delay` seconds, or never by itself
--    extend(lease, s) -> true | nil, err
--    dead(after, n) -> list | nil, err  the dead letters
--    replay(number) -> true | nil, err  one of them is handled again        discard(number) -> true | nil, err
--    stats() -> { pending, running, delayed, dead, oldest, failure }        close() -> true | nil, err
--
-- `inbox.on_ready`, a function of the program's, is called when `take` may have something that it had not before. An
-- event that fails holds up those behind it with the same `order_key`, and no others. Errors are of kind `store`.

local errors = require "kenar.error"
local url_scheme = require "kenar.db.url"

local inbox = {}

---@class kenar.InboxEntry
---@field id? string           of two with one id the second is a duplicate
---@field order_key? string    those with one key are handled one after the other, in the order of `put`
---@field kind? string
---@field path? string
---@field headers? table<string, string> stored without `authorization`
---@field body? string
---@field received_at? number  wall seconds
---@field event? any           given back by `take` while it is still in memory; it is not stored
---@field lease? integer       of one that was taken: what `done`, `fail` and `extend` know it by
---@field attempts? integer    of one that was taken: 1 the first time

local function needs_sqlite()
   if not pcall(require, "kenar.sqlite") then
      return "kenar was built without SQLite: install libsqlite3-dev (Debian's name of it) and build again"
   end
end

local function needs_nginx()
   if not ngx then
      return "an inbox in Redis is opened inside nginx only (see kenar.resty)"
   end
end

-- One row a scheme: what opens it, given what stands behind the colon, and what it lacks here.
local schemes = {
   sqlite = {
      lacks = needs_sqlite,
      open = function(path, host, options)
         return require("kenar.inbox.sqlite").new { path = path, host = host, options = options }
      end,
      visit = function(path)
         return require("kenar.inbox.sqlite.visitor").open(path)
      end,
   },
   shdict = {
      open = function(zone, host, options)
         return require("kenar.inbox.shdict").new { zone = zone, host = host, options = options }
      end,
      visit = function()
         return nil, errors.new {
            kind = "store", message = "shdict: is in nginx's memory: look at it there, with bot.inbox:dead()",
         }
      end,
   },
   redis = {
      lacks = needs_nginx,
      open = function(rest, host, options)
         return require("kenar.inbox.redis").new { url = rest, host = host, options = options }
      end,
      visit = function()
         return nil, errors.new {
            kind = "store", message = "redis: is looked at inside nginx: bot.inbox:dead(), bot.inbox:replay(number)",
         }
      end,
   },
}

local function scheme_of(url)
   return url_scheme.find(url, schemes, "inbox", "sqlite:inbox.db")
end

--- Whether a value is the URL of an inbox that could be opened.
---@param url any
---@return true? ok, string? message
function inbox.check(url)
   if type(url) ~= "string" then
      return nil, 'expected a URL such as "sqlite:inbox.db", got ' .. type(url)
   end
   local scheme, message = scheme_of(url)
   if not scheme then
      return nil, message
   end
   return true
end

local function find(url)
   local ok, message = inbox.check(url)
   local scheme, rest
   if ok then
      scheme, rest = scheme_of(url)
      message = scheme.lacks and scheme.lacks()
   end
   if message then
      return nil, errors.new { kind = "store", message = message }
   end
   return scheme, rest
end

--- Open an inbox until `close`: a file as the one process that works on it, Redis as one of any number.
---@param url string "sqlite:inbox.db", from the working directory; "redis://host:6379/0", inside nginx
---@param host table
---@param options? { attempts: integer?, max_events: integer?, power_cut: boolean?, name: string? } `attempts` (8):
---   after so many failures an event is a dead letter; `max_events` (1,000,000): how many wait at most; `power_cut`:
---   what was stored outlives not only the process, but the machine's power too; then each commit waits for the disk;
---   `name`: the bot's, whose events have their own keys where several share a Redis
---@return table? inbox, kenar.Error? err kind `store`; with `pid` it is the process that has the inbox
function inbox.open(url, host, options)
   local scheme, rest = find(url)
   if not scheme then
      return nil, rest
   end
   return scheme.open(rest, host, options or {})
end

--- Look into an inbox that another process may be working on: its dead letters, and to have them handled again.
---@param url string
---@return table? visitor with dead(after, n), replay(number | nil for all) -> how many, discard likewise,
---   stats(), close()
---@return kenar.Error? err kind `store`
function inbox.visit(url)
   local scheme, rest = find(url)
   if not scheme then
      return nil, rest
   end
   return scheme.visit(rest)
end

return inbox
