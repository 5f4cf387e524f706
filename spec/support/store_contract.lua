--- What every store promises, as specs: call it inside a `describe` with a function that makes one.
--
-- `make()` returns a subject: `store`, which is empty; `advance(seconds)`, which lets time pass by the store's clock;
-- `together(f, n)`, which calls `f(i)` n times as concurrently as the store can be used (absent: one after the other);
-- and `close()`.

local assert = require "luassert"
---@param make fun(): table
---@param runner? table what the specs are defined with (default: busted)
return function(make, runner)
   runner = runner or require "busted"
   local describe, it, before_each, after_each = runner.describe, runner.it, runner.before_each, runner.after_each
   local subject, store

   before_each(function()
      subject = make()
      store = subject.store
   end)

   after_each(function()
      subject.close()
   end)

   local function together(n, f)
      if subject.together then
         return subject.together(n, f)
      end
      for i = 1, n do
         f(i)
      end
   end

   describe("get and set", function()
      it("give back every byte", function()
         local bytes = {}
         for byte = 0, 255 do
            bytes[byte + 1] = string.char(byte)
         end
         bytes = table.concat(bytes)
         assert.is_true(store:set("key", bytes))
         assert.equal(bytes, store:get "key")
         assert.is_true(store:set("empty", ""))
         assert.equal("", store:get "empty")
      end)

      it("take any byte in a key", function()
         store:set("a\0b\255:سلام", "1")
         store:set("a", "2")
         assert.equal("1", store:get "a\0b\255:سلام")
         assert.equal("2", store:get "a")
      end)

      it("know nothing of a key that was not set: nil and no error", function()
         local value, err = store:get "key"
         assert.is_nil(value)
         assert.is_nil(err)
      end)

      it("replace a value, and its time to live", function()
         store:set("key", "1", 10)
         store:set("key", "2")
         subject.advance(11)
         assert.equal("2", store:get "key")
         store:set("key", "3", 10)
         subject.advance(11)
         assert.is_nil(store:get "key")
      end)

      it("keep a key for its seconds and no longer", function()
         store:set("key", "1", 10)
         store:set("other", "2", 100)
         subject.advance(9)
         assert.equal("1", store:get "key")
         subject.advance(2)
         assert.is_nil(store:get "key")
         assert.equal("2", store:get "other")
      end)

      it("keep a key without a time to live", function()
         store:set("key", "1")
         subject.advance(400 * 86400)
         assert.equal("1", store:get "key")
      end)
   end)

   describe("del", function()
      it("deletes a key; one that is not there as well", function()
         store:set("key", "1")
         assert.is_true(store:del "key")
         assert.is_nil(store:get "key")
         assert.is_true(store:del "key")
      end)
   end)

   describe("incr", function()
      it("counts from zero, by one or by what is given", function()
         assert.equal(1, store:incr "key")
         assert.equal(6, store:incr("key", 5))
         assert.equal(4, store:incr("key", -2))
         assert.equal(4, tonumber(store:get "key"))
      end)

      it("counts past 2^32", function()
         store:set("key", "4294967296")
         assert.equal(4294967297, store:incr "key")
      end)

      it("begins the time to live when it makes the key, and leaves it alone afterwards", function()
         store:incr("key", 1, 10)
         subject.advance(6)
         assert.equal(2, store:incr("key", 1, 10))
         subject.advance(5)
         assert.equal(1, store:incr("key", 1, 10))
      end)

      it("loses no count", function()
         together(100, function() store:incr "key" end)
         assert.equal(101, store:incr "key")
      end)

      it("does not count what is no number", function()
         store:set("key", "x")
         local value, err = store:incr "key"
         assert.is_nil(value)
         assert.equal("store", err.kind)
         assert.equal("x", store:get "key")
      end)
   end)

   describe("add", function()
      it("sets a key that is not there, once", function()
         assert.is_true(store:add("key", "1", 10))
         assert.is_false(store:add("key", "2", 10))
         assert.equal("1", store:get "key")
         subject.advance(11)
         assert.is_true(store:add("key", "3", 10))
         assert.equal("3", store:get "key")
      end)

      it("lets one of many in", function()
         local winners = 0
         together(50, function(i)
            if store:add("lock", tostring(i), 10) then
               winners = winners + 1
            end
         end)
         assert.equal(1, winners)
      end)
   end)

   describe("cas", function()
      it("sets a value where the old one is as said", function()
         store:set("key", "1")
         assert.is_false(store:cas("key", "2", "3"))
         assert.equal("1", store:get "key")
         assert.is_true(store:cas("key", "1", "3"))
         assert.equal("3", store:get "key")
      end)

      it("deletes where no new value is given", function()
         store:set("key", "1")
         assert.is_false(store:cas("key", "2", nil))
         assert.is_true(store:cas("key", "1", nil))
         assert.is_nil(store:get "key")
      end)

      it("does nothing where there is no key, or none any more", function()
         assert.is_false(store:cas("key", "1", "2"))
         assert.is_false(store:cas("key", "", "2"))
         store:set("key", "1", 10)
         subject.advance(11)
         assert.is_false(store:cas("key", "1", "2"))
         assert.is_nil(store:get "key")
      end)

      it("gives the new value its own time to live", function()
         store:set("key", "1", 10)
         assert.is_true(store:cas("key", "1", "2", 100))
         subject.advance(50)
         assert.equal("2", store:get "key")
         subject.advance(51)
         assert.is_nil(store:get "key")
      end)

      it("lets one of many take a value", function()
         store:set("state", "1")
         local winners = 0
         together(50, function()
            if store:cas("state", "1", nil) then
               winners = winners + 1
            end
         end)
         assert.equal(1, winners)
      end)
   end)

   it("takes nothing but strings for keys and values, and a time to live above 0", function()
      assert.has_error(function() store:get(5) end)
      assert.has_error(function() store:set("key", 5) end)
      assert.has_error(function() store:set("key", "1", 0) end)
      assert.has_error(function() store:add("key", "1", -1) end)
      assert.has_error(function() store:set("key", "1", 0 / 0) end)
      assert.has_error(function() store:cas("key", nil, "1") end)
   end)
end
