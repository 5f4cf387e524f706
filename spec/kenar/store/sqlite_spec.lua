local contract = require "spec.support.store_contract"
local scratch = require "spec.support.scratch"
local small_disk = require "spec.support.small_disk"
local sqlite = require "kenar.sqlite"
local sqlite_store = require "kenar.store.sqlite"
local stores = require "kenar.store"
local virtual = require "kenar.host.virtual"
local wire = require "spec_wire"

describe("kenar.store.sqlite", function()
   local folder, time, store

   local function open(options)
      options = options or {}
      options.path = options.path or folder:file "bot.db"
      options.now = function() return time end
      return sqlite_store.new(options)
   end

   -- How many rows stand in the file, expired ones too.
   local function count_rows()
      local db = assert(sqlite.open(folder:file "bot.db"))
      local statement = assert(db:prepare "SELECT count(*) FROM kv")
      assert.equal("row", statement:step())
      local count = statement:values()
      db:close()
      return count
   end

   before_each(function()
      folder = scratch.new()
      time = 1000
      store = assert(open())
   end)

   after_each(function()
      store:close()
      folder:remove()
   end)

   contract(function()
      local own = scratch.new()
      local now = 0
      local subject = assert(sqlite_store.new { path = own:file "bot.db", now = function() return now end })
      return {
         store = subject,
         advance = function(seconds) now = now + seconds end,
         close = function()
            subject:close()
            own:remove()
         end,
      }
   end)

   it("keeps its keys, and how long they live, when it is opened again", function()
      store:set("a", "1\0\255", 10)
      store:set("b", "2")
      store:incr("c", 5)
      store:close()
      store = assert(open())
      assert.equal("1\0\255", store:get "a")
      assert.equal("2", store:get "b")
      assert.equal(6, store:incr "c")
      time = time + 10
      assert.is_nil(store:get "a")
   end)

   it("opens the file again after a close", function()
      store:set("a", "1")
      store:close()
      store:close()
      assert.equal("1", store:get "a")
   end)

   it("is one with another connection to its file", function()
      local other = assert(open())
      assert.is_true(store:add("lock", "1", 10))
      assert.is_false(other:add("lock", "2", 10))
      assert.equal(1, store:incr "n")
      assert.equal(2, other:incr "n")
      assert.is_true(other:cas("lock", "1", nil))
      assert.is_nil(store:get "lock")
      other:close()
   end)

   it("loses no count between processes, and lets one of them in", function()
      local children = {}
      for i = 1, 3 do
         children[i] = assert(wire.fork(function()
            for _ = 1, 100 do
               assert(store:incr "n")
               if store:add("lock", "x") then
                  assert(store:incr "winners")
               end
            end
         end))
      end
      for _, child in ipairs(children) do
         assert.equal(0, child:wait(60))
         child:close()
      end
      assert.equal("300", store:get "n")
      assert.equal("1", store:get "winners")
   end)

   it("may be made by several processes at once", function()
      local FILES, PROCESSES = 20, 4
      local children = {}
      for i = 1, PROCESSES do
         children[i] = assert(wire.fork(function()
            for file = 1, FILES do
               local fresh = assert(open { path = folder:file(file .. ".db") })
               assert(fresh:incr "n")
               fresh:close()
            end
         end))
      end
      for _, child in ipairs(children) do
         assert.equal(0, child:wait(60))
         child:close()
      end
      for file = 1, FILES do
         local made = assert(open { path = folder:file(file .. ".db") })
         assert.equal(tostring(PROCESSES), made:get "n")
         made:close()
      end
   end)

   it("waits for a program that writes to a file which no store has opened before", function()
      local path = folder:file "plain.db"
      local child = assert(wire.fork(function()
         local db = assert(sqlite.open(path))
         assert(db:exec "BEGIN IMMEDIATE")
         local until_then = wire.clock() + 0.3
         while wire.clock() < until_then do end -- luacheck: ignore 542
         assert(db:exec "COMMIT")
         db:close()
      end))
      local probe = assert(sqlite.open(path, { timeout = 0 }))
      local give_up = wire.clock() + 10
      local name
      repeat
         name = select(4, probe:exec "BEGIN IMMEDIATE; ROLLBACK")
      until name == "SQLITE_BUSY" or wire.clock() > give_up
      probe:close()
      local opened = assert(open { path = path })
      assert.is_true(opened:set("a", "1"))
      opened:close()
      assert.equal(0, child:wait(60))
      child:close()
   end)

   it("is not to be used by the children of a process that has used it: they are told, the file is unharmed", function()
      store:set("a", "1")
      local child = assert(wire.fork(function()
         for _, f in ipairs { store.get, store.del, store.incr } do
            local value, err = f(store, "a")
            assert(value == nil and err.kind == "store" and err.message:find "before a fork", tostring(err))
         end
         store:close()
      end))
      assert.equal(0, child:wait(60))
      child:close()
      assert.equal("1", store:get "a")
      assert.is_true(store:set("b", "2"))
   end)

   it("sweeps what has expired as it writes, and nothing else", function()
      store:set("stays", "1")
      store:set("lives", "1", 1e6)
      for i = 1, 500 do
         store:set("key:" .. i, "1", 10)
      end
      assert.equal(502, count_rows())
      time = time + 11
      for _ = 1, 200 do
         store:set("stays", "2")
      end
      assert.equal(2, count_rows())
      assert.equal("1", store:get "lives")
   end)

   it("on a full disk starts, reads and refuses to write; it writes again when there is room", function()
      os.execute("mkdir " .. folder:file "disk")
      local status, output = small_disk.run(folder:file "disk", 3000, [[
         local host = require("kenar.host.virtual").new()
         local function open()
            return assert(require("kenar.store").open("sqlite:" .. disk .. "/bot.db", host))
         end
         local function is_full(ok, err)
            return not ok and err.kind == "store" and err.code_name == "SQLITE_FULL"
         end
         local value = ("x"):rep(3000)
         local ballast = io.open(disk .. "/ballast", "wb")
         ballast:write(("x"):rep(1048576))
         ballast:close()
         local store, count, ok, err = open(), 0
         repeat
            ok, err = store:set("key:" .. count + 1, value)
            count = count + (ok and 1 or 0)
         until not ok
         assert(count > 10 and is_full(ok, err), tostring(err))
         for _ = 1, 2 do
            assert(store:get "key:1" == value)
            assert(is_full(store:set("key:1", value:rep(100))))
            store:close()
            store = open()
         end
         os.remove(disk .. "/ballast")
         assert(store:set("key:1", value:rep(100)))
         assert(store:del "key:2")
         store:close()
         print "good"
      ]])
      assert.equal("good\n", output)
      assert.equal(0, status)
   end)

   it("refuses a key for which it has no room, drops none that lives, and has room when one is deleted", function()
      local small = assert(open { max_bytes = 32768 })
      local big = ("x"):rep(2000)
      local count, ok, err = 0
      repeat
         ok, err = small:set("key:" .. count + 1, big)
         count = count + (ok and 1 or 0)
      until not ok or count == 100
      assert.equal("store", err.kind)
      assert.equal("SQLITE_FULL", err.code_name)
      assert.matches("bot.db: database or disk is full %(SQLITE_FULL%)", err.message)
      assert.is_true(count >= 5)
      assert.is_nil(small:add("other", big))
      for i = 1, count do
         assert.equal(big, small:get("key:" .. i))
      end
      assert.is_true(small:del "key:1")
      assert.is_true(small:set("other", big))
      small:close()
   end)

   it("tells that another process holds the lock for longer than its timeout, and works when it is gone", function()
      local hasty = assert(open { timeout = 0.01 })
      local db = assert(sqlite.open(folder:file "bot.db"))
      hasty:set("a", "1")
      assert(db:exec "BEGIN IMMEDIATE")
      for _, f in ipairs {
         function() return hasty:set("a", "2") end, function() return hasty:incr "a" end,
         function() return hasty:add("b", "2") end, function() return hasty:cas("a", "1", "2") end,
         function() return hasty:del "a" end,
      } do
         local ok, err = f()
         assert.is_nil(ok)
         assert.equal("SQLITE_BUSY", err.code_name)
      end
      assert.equal("1", hasty:get "a")
      db:close()
      assert.equal(2, hasty:incr "a")
      hasty:close()
   end)

   it("says what is wrong with a file when it is opened", function()
      local cases = {
         { folder:file "missing/bot.db", "SQLITE_CANTOPEN", "missing/bot.db: unable to open database file" },
         { folder.path, "SQLITE_CANTOPEN", "unable to open database file" },
         { folder:write("letter.db", ("Dear reader, "):rep(400)), "SQLITE_NOTADB", "file is not a database" },
      }
      -- chmod stops no root; a file of a format that may only be read stops everyone.
      local bytes = folder:read "bot.db"
      local read_only = folder:write("read_only.db", bytes:sub(1, 18) .. "\3" .. bytes:sub(20))
      cases[#cases + 1] = { read_only, "SQLITE_READONLY", "attempt to write a readonly database" }
      for _, case in ipairs(cases) do
         local opened, err = open { path = case[1] }
         assert.is_nil(opened)
         assert.equal("store", err.kind)
         assert.equal(case[2], err.code_name)
         assert.matches(case[3], err.message, 1, true)
      end
   end)

   it("tells that its file was damaged", function()
      for i = 1, 50 do
         store:set("key:" .. i, ("x"):rep(1000))
      end
      store:close()
      local bytes = folder:read "bot.db"
      folder:write("bot.db", bytes:sub(1, 4096) .. ("\255"):rep(#bytes - 4096))
      store = assert(open())
      local value, err = store:get "key:1"
      assert.is_nil(value)
      assert.equal("store", err.kind)
      assert.equal("SQLITE_CORRUPT", err.code_name)
   end)

   it("shows no value when printed", function()
      store:set("key", "ory_at_1")
      assert.equal("kenar.store.sqlite: " .. folder:file "bot.db", tostring(store))
   end)

   describe("by its URL", function()
      it("keeps time by the host's wall clock", function()
         local host = virtual.new()
         local opened = assert(stores.open("sqlite:" .. folder:file "url.db", host))
         opened:set("key", "1", 60)
         assert.equal("1", opened:get "key")
         host:advance(61)
         assert.is_nil(opened:get "key")
         opened:close()
      end)

      it("needs a path", function()
         local opened, err = stores.open("sqlite:", virtual.new())
         assert.is_nil(opened)
         assert.equal("store", err.kind)
         assert.matches("the path of a file", err.message)
      end)
   end)
end)
