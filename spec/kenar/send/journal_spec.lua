local errors = require "kenar.error"
local journals = require "kenar.send.journal"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

describe("a journal", function()
   local folder, path, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      folder = scratch.new()
      path = folder:file "ads.journal"
   end)

   after_each(function()
      folder:remove()
      collectgarbage()
      assert.equal(descriptors, wire.count_fds())
   end)

   -- What `f` returns of the journal at `path`, which is opened for it and closed again.
   local function with(f)
      local journal = assert(journals.open(path))
      local result = f(journal)
      assert.is_true(journal:close())
      return result
   end

   local function states(...)
      local keys = { ... }
      return with(function(journal)
         local found = {}
         for _, key in ipairs(keys) do
            found[key] = journal:state(key)
         end
         return found
      end)
   end

   it("knows nothing of a key that was never begun", function()
      assert.is_nil(states("ad-1")["ad-1"])
   end)

   it("knows what became of each key, in the run that sent it", function()
      with(function(journal)
         assert.is_true(journal:begin "ad-1")
         assert.equal("begun", journal:state "ad-1")
         for _, state in ipairs { "doubt", "retry", "failed", "sent" } do
            assert.is_true(journal:finish("ad-1", state))
            assert.equal(state, journal:state "ad-1")
         end
      end)
   end)

   it("knows it in the next run: what was begun and not finished is in doubt", function()
      with(function(journal)
         for _, state in ipairs { "sent", "failed", "retry", "doubt" } do
            journal:begin(state)
            journal:finish(state, state)
         end
         journal:begin "begun"
      end)
      assert.same({ sent = "sent", failed = "failed", retry = "retry", doubt = "doubt", begun = "doubt" },
         states("sent", "failed", "retry", "doubt", "begun"))
   end)

   it("takes the last line of a key", function()
      with(function(journal)
         journal:begin "ad-1"
         journal:finish("ad-1", "retry")
      end)
      with(function(journal)
         journal:begin "ad-1"
         journal:finish("ad-1", "sent")
      end)
      assert.equal("sent", states("ad-1")["ad-1"])
   end)

   it("is lines that a person can read, there before begin and finish return", function()
      with(function(journal)
         assert.equal("kenar-journal 1\n", folder:read "ads.journal")
         journal:begin "آگهی ۱"
         assert.equal("kenar-journal 1\nbegun\tآگهی ۱\n", folder:read "ads.journal")
         journal:finish("آگهی ۱", "failed", "api: no such\nconversation\t(status 404)")
         assert.equal("kenar-journal 1\nbegun\tآگهی ۱\n"
            .. "failed\tآگهی ۱\tapi: no such conversation (status 404)\n", folder:read "ads.journal")
      end)
   end)

   it("keeps 200 bytes of a note, and no half letters", function()
      with(function(journal)
         journal:begin "ad-1"
         journal:finish("ad-1", "failed", "x" .. ("م"):rep(200))
      end)
      assert.matches("\tx" .. ("م"):rep(99) .. "\n$", folder:read "ads.journal")
   end)

   it("takes any byte in a key", function()
      local keys = { "", " ", "\\", "\\x41", "A", "a\tb", "a\nb", "a\r", "\0", "\127", "\255", "سلام", ("k"):rep(1024),
         ("\n"):rep(1024) }
      with(function(journal)
         for i, key in ipairs(keys) do
            journal:begin(key)
            if i % 2 == 0 then
               journal:finish(key, "sent")
            end
         end
      end)
      with(function(journal)
         local expected = {}
         for i, key in ipairs(keys) do
            assert.equal(i % 2 == 0 and "sent" or "doubt", journal:state(key))
            if i % 2 == 1 then
               expected[#expected + 1] = key
            end
         end
         assert.same(expected, (journal:in_doubt()))
      end)
   end)

   it("lists the keys in doubt in the order in which they were begun, each once", function()
      with(function(journal)
         for _, key in ipairs { "a", "b", "c", "d", "e" } do
            journal:begin(key)
         end
         journal:finish("b", "sent")
         journal:finish("a", "doubt")
         journal:finish("d", "retry")
         journal:begin "d"
         assert.same({ { "a", "c", "d", "e" }, 4 }, { journal:in_doubt() })
      end)
      with(function(journal)
         assert.same({ { "a", "c", "d", "e" }, 4 }, { journal:in_doubt() })
         assert.same({ { "a", "c" }, 4 }, { journal:in_doubt(2) })
         assert.same({ {}, 4 }, { journal:in_doubt(0) })
         journal:finish("a", "sent")
         assert.same({ { "c", "d", "e" }, 3 }, { journal:in_doubt() })
      end)
   end)

   it("has none in doubt where all are finished", function()
      with(function(journal)
         assert.same({ {}, 0 }, { journal:in_doubt() })
      end)
   end)

   it("refuses to begin what is begun or sent", function()
      with(function(journal)
         journal:begin "ad-1"
         assert.error_matches(function() journal:begin "ad-1" end, "journal:begin: ad%-1: begun already")
         journal:finish("ad-1", "sent")
         assert.error_matches(function() journal:begin "ad-1" end, "journal:begin: ad%-1: sent already")
      end)
   end)

   it("takes keys of up to 1024 bytes", function()
      with(function(journal)
         local ok, err = journal:begin(("k"):rep(1025))
         assert.is_nil(ok)
         assert.equal("invalid: a key of more than 1024 bytes", tostring(err))
      end)
   end)

   it("raises where it is used in a wrong way", function()
      local journal = assert(journals.open(path))
      assert.error_matches(function() journal:state(1) end, "journal:state: expected a key, a string, got number")
      assert.error_matches(function() journal:begin() end, "journal:begin: expected a key, a string, got nil")
      assert.error_matches(function() journal:finish("a", "begun") end, "journal:finish: expected sent, failed, retry")
      assert.error_matches(function() journal:finish "a" end,
         "journal:finish: expected sent, failed, retry or doubt, got nil")
      journal:close()
      assert.is_true(journal:close())
      assert.error_matches(function() journal:state "a" end, "the journal is closed")
      assert.error_matches(function() journal:begin "a" end, "the journal is closed")
      assert.error_matches(function() journal:in_doubt() end, "the journal is closed")
   end)

   it("cuts off a last line that is only half there, and says so", function()
      local whole = "kenar-journal 1\nbegun\tad-1\nsent\tad-1\n"
      folder:write("ads.journal", whole .. "begun\tad-")
      with(function(journal)
         assert.is_true(journal.torn)
         assert.equal("sent", journal:state "ad-1")
         assert.is_nil(journal:state "ad-")
      end)
      assert.equal(whole, folder:read "ads.journal")
      with(function(journal)
         assert.is_false(journal.torn)
      end)
   end)

   it("goes on from wherever it was cut", function()
      with(function(journal)
         for _, key in ipairs { "1", "2", "3" } do
            journal:begin(key)
            journal:finish(key, "sent", "a note")
         end
      end)
      local whole = folder:read "ads.journal"
      for length = 0, #whole do
         local rest = whole:sub(1, length)
         folder:write("ads.journal", rest)
         with(function(journal)
            assert.equal(rest ~= "" and not rest:find "\n$", journal.torn)
            for _, key in ipairs { "1", "2", "3" } do
               local expected = rest:find("sent\t" .. key .. "\ta note\n", 1, true) and "sent"
                  or rest:find("begun\t" .. key .. "\n", 1, true) and "doubt" or nil
               assert.equal(expected, journal:state(key), ("%s of %q"):format(key, rest))
            end
         end)
      end
   end)

   -- What stands in the file, and what is said of it.
   local others = {
      { "a file that is something else", "key,text\n1,a\n", "not a journal of kenar's; it is left as it is" },
      { "a file of one long line", ("x"):rep(100000), "not a journal of kenar's; it is left as it is" },
      { "a file of zeroes", ("\0"):rep(100), "not a journal of kenar's; it is left as it is" },
      { "a line's end alone", "\n", "not a journal of kenar's; it is left as it is" },
      { "a later version", "kenar-journal 2\nbegun\t1\n", "a journal of another version: kenar-journal 2" },
   }
   for _, row in ipairs(others) do
      it(("refuses %s, and leaves no lock beside it"):format(row[1]), function()
         folder:write("ads.journal", row[2])
         local journal, err = journals.open(path)
         assert.is_nil(journal)
         assert.equal(("store: %s: %s"):format(path, row[3]), tostring(err))
         assert.equal(row[2], folder:read "ads.journal")
         assert.is_nil((io.open(path .. ".lock")))
      end)
   end

   local damages = {
      { "a line of another kind", "began\tad-2\n", "line 3: damaged" },
      { "an empty line", "\n", "line 3: damaged" },
      { "a line without a key", "sent\n", "line 3: damaged" },
      { "a line that is far too long", "sent\t" .. ("x"):rep(100000) .. "\n",
         "line 3: a line of more than 4305 bytes" },
   }
   for _, row in ipairs(damages) do
      it(("refuses %s in the middle, for a row may be lost there"):format(row[1]), function()
         local bytes = "kenar-journal 1\nbegun\tad-1\n" .. row[2] .. "sent\tad-1\n"
         folder:write("ads.journal", bytes)
         local journal, err = journals.open(path)
         assert.is_nil(journal)
         assert.equal(("store: %s: %s"):format(path, row[3]), tostring(err))
         assert.equal(bytes, folder:read "ads.journal")
      end)
   end

   it("says why it cannot be opened", function()
      for place, reason in pairs { ["missing/a"] = "No such file or directory", [""] = "Is a directory" } do
         local journal, err = journals.open(folder:file(place))
         assert.is_nil(journal)
         assert.is_true(errors.is(err))
         assert.equal(("store: %s: %s"):format(folder:file(place), reason), tostring(err))
      end
   end)
end)
