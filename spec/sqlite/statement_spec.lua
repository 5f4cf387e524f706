local sqlite = require "kenar.sqlite"

describe("a statement of kenar.sqlite", function()
   local db

   before_each(function()
      db = assert(sqlite.open ":memory:")
      assert(db:exec "CREATE TABLE t (id INTEGER PRIMARY KEY, value)")
   end)

   after_each(function()
      db:close()
   end)

   -- What comes back of a value that went in, and SQLite's name of its type.
   local function echo(value)
      local statement = assert(db:prepare "SELECT ?1, typeof(?1)")
      assert(statement:bind(value))
      assert.equal("row", statement:step())
      return statement:values()
   end

   it("binds each kind of value, and gives it back", function()
      local every_byte = {}
      for byte = 0, 255 do
         every_byte[byte + 1] = string.char(byte)
      end
      every_byte = table.concat(every_byte)
      for _, case in ipairs {
         { 5, "integer" }, { -1, "integer" }, { 2 ^ 53 - 1, _VERSION == "Lua 5.4" and "real" or "integer" },
         { 0.5, "real" }, { 1e300, "real" }, { math.huge, "real" }, { "", "text" }, { "سلام", "text" },
         { every_byte, "text" },
      } do
         local value, type_name = echo(case[1])
         assert.equal(case[1], value)
         assert.equal(case[2], type_name)
      end
      local value, type_name = echo(nil)
      assert.is_nil(value)
      assert.equal("null", type_name)
      assert.equal(1, (echo(true)))
      assert.equal(0, (echo(false)))
   end)

   it("binds bytes as a blob where it is told to, NUL and none at all", function()
      local statement = assert(db:prepare "SELECT ?1, typeof(?1), length(?1), ?2")
      for _, bytes in ipairs { "a\0b\255", "", "\0" } do
         assert(statement:bind(nil, "text"))
         assert.is_true(statement:bind_blob(1, bytes))
         assert.equal("row", statement:step())
         assert.same({ bytes, "blob", #bytes, "text" }, { statement:values() })
      end
   end)

   it("never rounds an integer: beyond 2^53 LuaJIT gets its digits, and can give them back", function()
      local statement = assert(db:prepare "INSERT INTO t (id) VALUES (?1)")
      local read = assert(db:prepare "SELECT id FROM t ORDER BY id")
      local texts = { "-9223372036854775808", "-9007199254740993", "9007199254740993", "9223372036854775807" }
      for _, text in ipairs(texts) do
         assert(statement:run(math.tointeger and math.tointeger(tonumber(text)) or text))
      end
      for _, text in ipairs(texts) do
         assert.equal("row", read:step())
         local id = read:values()
         assert.equal(text, math.type and ("%d"):format(id) or id)
      end
      assert.equal("done", read:step())
      assert.equal(9007199254740992, (echo(9007199254740992)))
   end)

   it("refuses a value that SQLite has no type for, and NaN, which would be stored as NULL", function()
      for _, value in ipairs { {}, print, 0 / 0 } do
         assert.has_error(function() echo(value) end)
      end
   end)

   it("takes as many values as it has parameters", function()
      local statement = assert(db:prepare "SELECT ?1, ?2")
      assert.error_matches(function() statement:bind(1) end, "takes 2 values, got 1")
      assert.error_matches(function() statement:run(1, 2, 3) end, "takes 2 values, got 3")
      assert.is_true(statement:bind(1, nil))
      assert.error_matches(function() statement:bind_blob(3, "x") end, "no such parameter")
   end)

   it("steps over rows to the end, and begins anew after reset", function()
      assert(db:exec "INSERT INTO t VALUES (1, 'a'), (2, 'b')")
      local statement = assert(db:prepare "SELECT id, value FROM t ORDER BY id")
      for _ = 1, 2 do
         assert.equal("row", statement:step())
         assert.same({ 1, "a" }, { statement:values() })
         assert.equal("row", statement:step())
         assert.same({ 2, "b" }, { statement:values() })
         assert.equal("done", statement:step())
         assert.error_matches(function() statement:values() end, "there is no row")
         assert.is_true(statement:reset())
      end
   end)

   it("runs to its end at once", function()
      local statement = assert(db:prepare "INSERT INTO t VALUES (?1, ?2) RETURNING id")
      assert.is_true(statement:run(1, "a"))
      assert.equal(1, db:changes())
      assert(statement:bind(2, nil))
      assert(statement:bind_blob(2, "b"))
      assert.is_true(statement:run())
      local read = assert(db:prepare "SELECT group_concat(value) FROM t")
      assert.equal("row", read:step())
      assert.equal("a,b", read:values())
   end)

   it("is cleared of its values by reset and run", function()
      local statement = assert(db:prepare "SELECT ?1")
      statement:bind "secret"
      statement:reset()
      assert.equal("row", statement:step())
      assert.is_nil((statement:values()))
   end)

   it("tells a failure with SQLite's message, number and name, and can be used again", function()
      local statement = assert(db:prepare "INSERT INTO t VALUES (?1, ?2)")
      assert(statement:run(1, "a"))
      local ok, message, code, name = statement:run(1, "b")
      assert.same({ nil, "UNIQUE constraint failed: t.id", 19, "SQLITE_CONSTRAINT" }, { ok, message, code, name })
      assert.equal(19, sqlite.codes.SQLITE_CONSTRAINT)
      statement:bind(1, "c")
      assert.equal("SQLITE_CONSTRAINT", select(4, statement:step()))
      assert.is_true(statement:run(2, "b"))
   end)

   it("is one statement, without a mistake", function()
      local statement, message, code, name = db:prepare "SELEC 1"
      assert.same({ nil, 'near "SELEC": syntax error', 1, "SQLITE_ERROR" }, { statement, message, code, name })
      assert.error_matches(function() db:prepare "SELECT 1; SELECT 2" end, "more than one statement")
      assert.error_matches(function() db:prepare " " end, "no statement")
      assert.error_matches(function() db:prepare "SELECT 1\0" end, "NUL")
      assert(db:prepare "SELECT 1; ")
   end)

   it("keeps its database while that is only collected, and ends when it is closed", function()
      local statement = assert(assert(sqlite.open ":memory:"):prepare "SELECT 1")
      collectgarbage()
      collectgarbage()
      assert.equal("row", statement:step())
      assert.equal(1, statement:values())

      local other = assert(db:prepare "SELECT 1")
      assert.equal("row", other:step())
      db:close()
      assert.error_matches(function() other:step() end, "the database is closed")
      other:close()
      other:close()
      assert.error_matches(function() other:step() end, "the statement is closed")
      assert.equal("kenar.sqlite.statement (closed)", tostring(other))
   end)
end)
