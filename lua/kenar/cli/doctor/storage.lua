--- Checks that the store and the inbox of a bot open and can be written.
--
-- A missing file is not made: the bot makes it, so that it belongs to the user that runs the bot.

local core = require "kenar.core"
local inboxes = require "kenar.inbox"
local stores = require "kenar.store"

-- The space that SQLite's write-ahead log needs, and a little more.
local ROOM = 256 * 1024
-- Seconds to wait while another process writes.
local PATIENCE = 5
-- Of the keys with which the store is tried.
local TTL = 60

local function exists(path)
   local file = io.open(path, "rb")
   return file ~= nil and file:close()
end

-- SQLite writes beside its files, so the folder must be writable and have space.
local function check_folder(path)
   local name = ("%s.%.0f.doctor"):format(path, core.now() * 1e6)
   local file, message = io.open(name, "wb")
   if not file then
      return nil, message
   end
   local written, why = file:write(("\0"):rep(ROOM))
   local closed, later = file:close()
   os.remove(name)
   if not (written and closed) then
      return nil, name .. ": " .. (why or later)
   end
   return true
end

local function check_lock(path)
   local sqlite = require "kenar.sqlite"
   local db, message, _, code = sqlite.open(path, { timeout = PATIENCE })
   local ok = db
   if db then
      ok, message, _, code = db:exec "BEGIN IMMEDIATE; ROLLBACK"
      db:close()
   end
   return ok, not ok and ("%s: %s (%s)"):format(path, message, code) or nil
end

local function use_store(store)
   local key, value = "kenar:doctor:" .. core.base64_encode(core.random_bytes(9)), "written"
   local ok, err = store:set(key, value, TTL)
   local read
   if ok then
      read, err = store:get(key)
   end
   local deleted, why = store:del(key)
   if not (ok and deleted) or err then
      return nil, tostring(err or why)
   end
   return read == value, "what was written is not what is read"
end

local function open_and_use(where, host)
   local store, err = stores.open(where, host)
   if not store then
      return nil, tostring(err)
   end
   local ok, message = use_store(store)
   if type(where) == "string" and store.close then
      store:close()
   end
   return ok, message
end

-- Check a file of SQLite. `kind` and `path` are from its URL.
local function check_file(report, subject, kind, path, try)
   local lacking = kind.lacks()
   if lacking then
      return report:problem(subject, "%s", lacking)
   end
   local ok, message = check_folder(path)
   if ok and not exists(path) then
      return report:ok(subject, "%s:%s will be made when the bot runs", kind.scheme, path)
   elseif ok then
      ok, message = check_lock(path)
   end
   if ok then
      ok, message = try()
   end
   if not ok then
      return report:problem(subject, "cannot be written: %s; see who owns it, and whether the disk is full", message)
   elseif type(ok) ~= "string" then
      return report:ok(subject, "%s:%s opens and can be written", kind.scheme, path)
   end
   report:warning(subject, "%s:%s can be written; %s", kind.scheme, path, ok)
end

local function check_store(report, where, host)
   local kind, path = stores.kind(where)
   if kind and not kind.shared then
      return report:warning("store", "%s: ends with the process, and consents and sessions with it; "
         .. "KENAR_STORE=sqlite:bot.db keeps them", kind.scheme)
   elseif kind and not kind.is_file then
      return report:warning("store", "%s: was not looked at; it is there where the bot runs, in nginx", kind.scheme)
   elseif kind then
      return check_file(report, "store", kind, path, function() return open_and_use(where, host) end)
   end
   local ran, ok, message = pcall(open_and_use, where, host)
   if ran and ok then
      return report:ok("store", "one of the program's own takes what is written")
   end
   report:problem("store", "the program's own: %s", tostring(ran and message or ok))
end

local function count_dead(url)
   local visitor, err = inboxes.visit(url)
   if not visitor then
      return nil, err.message
   end
   local counts
   counts, err = visitor:stats()
   visitor:close()
   if not counts then
      return nil, err.message
   end
   return counts.dead == 0 or ("dead letters in it: %d; `kenar inbox` lists them"):format(counts.dead)
end

local function check_inbox(report, inbox)
   if not inbox then
      return report:warning("inbox", "none: an event that is being handled when the process is killed is lost; "
         .. "KENAR_INBOX=sqlite:inbox.db keeps it")
   end
   local kind, path = inboxes.kind(inbox.url)
   if not kind.is_file then
      return report:warning("inbox", "%s: was not looked at; it is there where the bot runs, in nginx", kind.scheme)
   end
   check_file(report, "inbox", kind, path, function() return count_dead(inbox.url) end)
end

--- Check the store and the inbox.
---@param report kenar.cli.doctor.Report
---@param bot kenar.Bot
---@param host table
return function(report, bot, host)
   check_store(report, bot:setting "store", host)
   check_inbox(report, bot:setting "inbox")
end
