local inboxes = require "kenar.inbox"
local sqlite = require "kenar.db.sqlite"
local stores = require "kenar.store"
local virtual = require "kenar.host.virtual"

describe("kenar.db.sqlite", function()
   describe("in a build without SQLite", function()
      local loaded, preload

      before_each(function()
         loaded, preload = package.loaded["kenar.sqlite"], package.preload["kenar.sqlite"]
         package.loaded["kenar.sqlite"] = nil
         package.preload["kenar.sqlite"] = function() error("module 'kenar.sqlite' not found", 0) end
      end)

      after_each(function()
         package.loaded["kenar.sqlite"], package.preload["kenar.sqlite"] = loaded, preload
      end)

      it("says what to install", function()
         local message = "kenar was built without SQLite: install libsqlite3-dev (Debian's name of it) and build again"
         assert.equal(message, sqlite.lacks())
         for _, open in ipairs { stores.open, inboxes.open, inboxes.visit } do
            local opened, err = open("sqlite:/nowhere/bot.db", virtual.new())
            assert.is_nil(opened)
            assert.equal("store", err.kind)
            assert.equal(message, err.message)
         end
         local db, err = sqlite.open("/nowhere/bot.db", { timeout = 1, setup = {}, statements = {} })
         assert.is_nil(db)
         assert.equal(message, err.message)
      end)
   end)

   it("lacks nothing in a build with SQLite", function()
      assert.is_nil(sqlite.lacks())
   end)
end)
