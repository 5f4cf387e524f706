local scratch = require "spec.support.scratch"
local sqlite = require "kenar.sqlite"
local wire = require "spec_wire"

describe("a database of kenar.sqlite", function()
   local folder

   before_each(function()
      folder = scratch.new()
   end)

   after_each(function()
      folder:remove()
   end)

   local function rows(db)
      local statement = assert(db:prepare "SELECT count(*) FROM t")
      assert.equal("row", statement:step())
      local count = statement:values()
      statement:close()
      return count
   end

   it("is a file, made where there is none, for its owner's eyes only", function()
      local db = assert(sqlite.open(folder:file "a.db"))
      assert.is_true(db:exec "CREATE TABLE t (value); INSERT INTO t VALUES (1), (2)")
      assert.equal(2, db:changes())
      assert.equal("kenar.sqlite.database (open)", tostring(db))
      db:close()
      db:close()
      assert.equal("kenar.sqlite.database (closed)", tostring(db))
      assert.error_matches(function() db:exec "SELECT 1" end, "the database is closed")
      local stat = io.popen("stat -c %a " .. folder:file "a.db")
      assert.equal("600", stat:read "*l")
      stat:close()

      db = assert(sqlite.open(folder:file "a.db"))
      assert.equal(2, rows(db))
      db:close()
   end)

   it("is for its owner's eyes only when its path is a link to a file that is missing, and its log too", function()
      os.execute(("umask 022; ln -s bot.db %s; ln -s link %s"):format(folder:file "link", folder:file "a.db"))
      local db = assert(sqlite.open(folder:file "a.db"))
      assert.is_true(db:exec "PRAGMA journal_mode = WAL; CREATE TABLE t (value); INSERT INTO t VALUES (1)")
      local stat = io.popen("cd " .. folder.path .. " && stat -c '%a %n' bot.db*")
      assert.equal("600 bot.db\n600 bot.db-shm\n600 bot.db-wal\n", stat:read "*a")
      stat:close()
      db:close()
   end)

   it("leaves no file open, with statements half-way as well", function()
      local before = wire.count_fds()
      local db = assert(sqlite.open(folder:file "a.db"))
      assert(db:exec "PRAGMA journal_mode = WAL; CREATE TABLE t (value); INSERT INTO t VALUES (1), (2)")
      local statement = assert(db:prepare "SELECT value FROM t")
      assert.equal("row", statement:step())
      assert.is_true(wire.count_fds() > before)
      db:close()
      assert.equal(before, wire.count_fds())
   end)

   it("says which file it could not open", function()
      local db, message, code, name = sqlite.open(folder:file "missing/a.db")
      assert.same({ nil, "unable to open database file", 14, "SQLITE_CANTOPEN" }, { db, message, code, name })
      assert.equal("SQLITE_CANTOPEN", select(4, sqlite.open(folder:file "a.db", { read_only = true })))
   end)

   it("refuses to write where it only reads", function()
      local db = assert(sqlite.open(folder:file "a.db"))
      assert(db:exec "CREATE TABLE t (value)")
      db:close()
      db = assert(sqlite.open(folder:file "a.db", { read_only = true }))
      assert.equal(0, rows(db))
      local ok, message, code, name = db:exec "INSERT INTO t VALUES (1)"
      assert.same({ nil, "attempt to write a readonly database", 8, "SQLITE_READONLY" }, { ok, message, code, name })
      db:close()
   end)

   it("notices a file that is no database, and one that is broken", function()
      local db = assert(sqlite.open(folder:write("a.db", ("no database "):rep(500))))
      assert.equal("SQLITE_NOTADB", select(4, db:exec "CREATE TABLE t (value)"))
      db:close()

      db = assert(sqlite.open(folder:file "b.db"))
      assert(db:exec "CREATE TABLE t (value); INSERT INTO t VALUES (1)")
      db:close()
      local bytes = folder:read "b.db"
      folder:write("b.db", bytes:sub(1, 4096) .. ("\255"):rep(#bytes - 4096))
      db = assert(sqlite.open(folder:file "b.db"))
      local statement = assert(db:prepare "SELECT value FROM t")
      assert.same({ nil, "database disk image is malformed", 11, "SQLITE_CORRUPT" }, { statement:step() })
      db:close()
   end)

   it("tells that there is no room", function()
      local db = assert(sqlite.open(folder:file "a.db"))
      assert(db:exec "CREATE TABLE t (value); PRAGMA max_page_count = 4")
      local ok, message, code, name = db:exec "INSERT INTO t VALUES (zeroblob(100000))"
      assert.same({ nil, "database or disk is full", 13, "SQLITE_FULL" }, { ok, message, code, name })
      db:close()
   end)

   it("gives up on another's lock after its timeout", function()
      local first = assert(sqlite.open(folder:file "a.db"))
      local second = assert(sqlite.open(folder:file "a.db", { timeout = 0.01 }))
      assert(first:exec "BEGIN IMMEDIATE")
      local ok, message, code, name = second:exec "BEGIN IMMEDIATE"
      assert.same({ nil, "database is locked", 5, "SQLITE_BUSY" }, { ok, message, code, name })
      assert(first:exec "COMMIT")
      assert.is_true(second:exec "BEGIN IMMEDIATE")
      first:close()
      second:close()
   end)

   it("rolls back what was not committed when it is closed", function()
      local db = assert(sqlite.open(folder:file "a.db"))
      assert(db:exec "CREATE TABLE t (value); BEGIN; INSERT INTO t VALUES (1)")
      db:close()
      db = assert(sqlite.open(folder:file "a.db"))
      assert.equal(0, rows(db))
      db:close()
   end)

   it("belongs to the process that opened it", function()
      local db = assert(sqlite.open(folder:file "a.db"))
      assert(db:exec "PRAGMA journal_mode = WAL; CREATE TABLE t (value)")
      local statement = assert(db:prepare "INSERT INTO t VALUES (1)")
      assert.is_false(db:is_foreign())
      local child = assert(wire.fork(function()
         assert(db:is_foreign())
         for _, f in ipairs { function() db:exec "SELECT 1" end, function() statement:run() end } do
            local ok, message = pcall(f)
            assert(not ok and message:find "fork", message)
         end
         statement:close()
         db:close()
      end))
      assert.equal(0, child:wait(10))
      child:close()
      assert.is_true(statement:run())
      assert.equal(1, rows(db))
      db:close()
   end)

   it("takes a path and the options it knows", function()
      for _, f in ipairs {
         function() sqlite.open() end, function() sqlite.open "" end, function() sqlite.open "a\0b" end,
         function() sqlite.open(":memory:", { readonly = true }) end,
         function() sqlite.open(":memory:", { timeout = -1 }) end,
         function() sqlite.open(":memory:", { read_only = 1 }) end,
      } do
         assert.has_error(f)
      end
   end)
end)
