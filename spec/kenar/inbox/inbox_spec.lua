local inboxes = require "kenar.inbox"
local virtual = require "kenar.host.virtual"

describe("kenar.inbox", function()
   it("knows which URLs it could open", function()
      assert.is_true(inboxes.check "sqlite:inbox.db")
      for url, message in pairs {
         ["memory:"] = '^unknown kind of inbox "memory"; known are .*sqlite:$',
         ["inbox.db"] = '^expected a URL such as "sqlite:inbox.db"; known are .*sqlite:$',
      } do
         local ok, why = inboxes.check(url)
         assert.is_nil(ok)
         assert.matches(message, why)
      end
      assert.equal('expected a URL such as "sqlite:inbox.db", got nil', select(2, inboxes.check(nil)))
   end)

   it("opens no other, and shows no password", function()
      for _, open in ipairs { inboxes.open, inboxes.visit } do
         local opened, err = open("pigeon://bird:secret@roof", virtual.new())
         assert.is_nil(opened)
         assert.equal("store", err.kind)
         assert.is_nil(tostring(err):find("secret", 1, true))
      end
   end)

   it("knows of each kind whether it blocks, is shared, and is a file", function()
      for url, expected in pairs {
         ["sqlite:inbox.db"] = "sqlite true false true", ["shdict:zone"] = "shdict false true false",
         ["redis://host"] = "redis false true false",
      } do
         local kind = assert(inboxes.kind(url))
         assert.equal(expected, ("%s %s %s %s"):format(kind.scheme, tostring(kind.blocks), tostring(kind.shared),
            tostring(kind.is_file)))
      end
   end)

   it("is not opened where its kind lacks something, and says what", function()
      for url, message in pairs {
         ["shdict:zone"] = "shdict: is for bots that run inside nginx",
         ["redis://host"] = "Redis is reached from inside nginx only (see kenar.resty)",
      } do
         local opened, err = inboxes.open(url, virtual.new())
         assert.is_nil(opened)
         assert.equal("store", err.kind)
         assert.equal(message, err.message)
      end
   end)

   it("needs a path", function()
      local opened, err = inboxes.open("sqlite:", virtual.new())
      assert.is_nil(opened)
      assert.matches("the path of a file", err.message)
   end)

   it("does not make a file to look into", function()
      local visitor, err = inboxes.visit "sqlite:/nowhere/inbox.db"
      assert.is_nil(visitor)
      assert.equal("INBOX_MISSING", err.code_name)
      assert.equal("/nowhere/inbox.db: No such file or directory", err.message)
   end)
end)
