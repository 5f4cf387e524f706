--- The tables of an inbox in a SQLite file, and every statement that is run on them.
--
-- A store may live in the same file: its table is another.

local schema = {}

-- What becomes of an event: `replay` was dead until somebody asked for it to be handled again.
schema.states = { pending = 0, dead = 1, replay = 2 }

-- What deletes nothing needs the right to write all the same: a file that may only be read is noticed now.
schema.tables = [[
   CREATE TABLE IF NOT EXISTS inbox_events (
      number INTEGER PRIMARY KEY, id TEXT, order_key TEXT, kind TEXT, path TEXT, headers TEXT, body BLOB,
      received_at REAL, state INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, due REAL, reason TEXT);
   CREATE INDEX IF NOT EXISTS inbox_not_pending ON inbox_events (state) WHERE state > 0;
   CREATE TABLE IF NOT EXISTS inbox_handled (number INTEGER PRIMARY KEY, at REAL NOT NULL, ids BLOB NOT NULL);
   DELETE FROM inbox_events WHERE 0;
]]

-- Those that the process which works on the inbox needs.
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
   -- Changes nothing, and is written all the same.
   probe = "PRAGMA user_version = 0",
}

-- Those that the reserve needs, to make room.
schema.reserve = {
   -- What was handled is in the log of recent writes until that is begun anew.
   checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)",
   page_size = "PRAGMA page_size",
   page_count = "PRAGMA page_count",
   free_pages = "PRAGMA freelist_count",
   vacuum = "VACUUM",
}

-- Those of somebody who looks at the dead letters.
schema.visitor = {
   dead = [[SELECT number, id, order_key, kind, path, headers, body, received_at, attempts, due, reason
      FROM inbox_events WHERE state = 1 AND number > ?1 ORDER BY number LIMIT ?2]],
   count_dead = "SELECT count(*) FROM inbox_events WHERE state = 1",
}

-- And of one who decides what becomes of them.
schema.verdicts = {
   replay = [[UPDATE inbox_events SET state = 2, attempts = 0, due = NULL, reason = NULL
      WHERE state = 1 AND number = ?1]],
   replay_all = "UPDATE inbox_events SET state = 2, attempts = 0, due = NULL, reason = NULL WHERE state = 1",
   discard = "DELETE FROM inbox_events WHERE state = 1 AND number = ?1",
   discard_all = "DELETE FROM inbox_events WHERE state = 1",
}

-- What only a visitor needs, for the owner counts in memory.
schema.counts = {
   count_living = "SELECT count(*), min(received_at) FROM inbox_events WHERE state <> 1",
   count_delayed = "SELECT count(*) FROM inbox_events WHERE state = 0 AND due > ?1",
}

--- The statements of several of these tables as one.
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
