--- The tables of an inbox in a SQLite file, and all their statements.
--
-- A store may use the same file, with a table of its own.

local schema = {}

-- States of an event. A dead letter that is to be handled again is in the state `replay` until the inbox's process
-- notices it.
schema.states = { pending = 0, dead = 1, replay = 2 }

-- The last statement deletes nothing, but it fails if the file is read-only.
schema.tables = [[
   CREATE TABLE IF NOT EXISTS inbox_events (
      number INTEGER PRIMARY KEY, id TEXT, order_key TEXT, kind TEXT, path TEXT, headers TEXT, body BLOB,
      received_at REAL, state INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, due REAL, reason TEXT);
   CREATE INDEX IF NOT EXISTS inbox_not_pending ON inbox_events (state) WHERE state > 0;
   CREATE TABLE IF NOT EXISTS inbox_handled (number INTEGER PRIMARY KEY, at REAL NOT NULL, ids BLOB NOT NULL);
   DELETE FROM inbox_events WHERE 0;
]]

-- For the process that works on the inbox.
schema.owner = {
   begin = "BEGIN IMMEDIATE",
   commit = "COMMIT",
   rollback = "ROLLBACK",
   insert = [[INSERT INTO inbox_events (number, id, order_key, kind, path, headers, body, received_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)]],
   change = "UPDATE inbox_events SET state = ?2, attempts = ?3, due = ?4, reason = ?5 WHERE number = ?1",
   delete = "DELETE FROM inbox_events WHERE number BETWEEN ?1 AND ?2",
   load = "SELECT id, order_key, kind, path, headers, body, received_at, attempts FROM inbox_events WHERE number = ?1",
   remember = "INSERT INTO inbox_handled VALUES (?1, ?2, ?3)",
   forget = "DELETE FROM inbox_handled WHERE number <= ?1",
   remembered = "SELECT number, at, ids FROM inbox_handled ORDER BY number",
   living = "SELECT number, id, order_key, due FROM inbox_events WHERE state <> 1 ORDER BY number",
   highest = "SELECT coalesce(max(number), 0) FROM inbox_events",
   oldest = "SELECT received_at FROM inbox_events WHERE state = 0 ORDER BY number LIMIT 1",
   replays = "SELECT number, order_key FROM inbox_events WHERE state = 2 ORDER BY number",
   -- Writes the file without changing it.
   probe = "PRAGMA user_version = 0",
}

-- For the reserve, to make room.
schema.reserve = {
   -- The write-ahead log has the bytes of handled events until it is truncated.
   checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)",
   page_size = "PRAGMA page_size",
   page_count = "PRAGMA page_count",
   free_pages = "PRAGMA freelist_count",
   vacuum = "VACUUM",
}

-- For reading the dead letters.
schema.visitor = {
   dead = [[SELECT number, id, order_key, kind, path, headers, body, received_at, attempts, due, reason
      FROM inbox_events WHERE state = 1 AND number > ?1 ORDER BY number LIMIT ?2]],
   count_dead = "SELECT count(*) FROM inbox_events WHERE state = 1",
}

-- For replaying and discarding dead letters.
schema.verdicts = {
   replay = [[UPDATE inbox_events SET state = 2, attempts = 0, due = NULL, reason = NULL
      WHERE state = 1 AND number = ?1]],
   replay_all = "UPDATE inbox_events SET state = 2, attempts = 0, due = NULL, reason = NULL WHERE state = 1",
   discard = "DELETE FROM inbox_events WHERE state = 1 AND number = ?1",
   discard_all = "DELETE FROM inbox_events WHERE state = 1",
}

-- For a visitor. The process that works on the inbox counts in memory.
schema.counts = {
   count_living = "SELECT count(*), min(received_at) FROM inbox_events WHERE state <> 1",
   count_delayed = "SELECT count(*) FROM inbox_events WHERE state = 0 AND due > ?1",
}

--- Merge several of these tables.
---@param ... table<string, string>
---@return table<string, string>
function schema.together(...)
   local all = {}
   for _, statements in ipairs { ... } do
      for name, sql in pairs(statements) do
         all[name] = sql
      end
   end
   return all
end

return schema
