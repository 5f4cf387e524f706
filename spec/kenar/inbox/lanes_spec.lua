local lanes = require "kenar.inbox.lanes"

describe("kenar.inbox.lanes", function()
   local subject

   before_each(function()
      subject = lanes.new()
   end)

   it("gives what has come in its order, with its key, and nil at the end", function()
      subject:add("1", "a")
      subject:add("2", nil)
      subject:add("3", "b")
      assert.same({ "1", "a" }, { subject:pop() })
      assert.same({ "2" }, { subject:pop() })
      assert.is_true(subject:has_ready())
      assert.same({ "3", "b" }, { subject:pop() })
      assert.is_false(subject:has_ready())
      assert.is_nil(subject:pop())
   end)

   it("gives the next one of a key when the key is released", function()
      for i = 1, 4 do
         subject:add(i, "a")
      end
      for i = 1, 4 do
         assert.equal(i, (subject:pop()))
         assert.is_nil(subject:pop())
         subject:release "a"
      end
      assert.is_false(subject:has "a")
      subject:add(5, "a")
      assert.equal(5, (subject:pop()))
   end)

   it("keeps what stands behind a key, however many others come and go meanwhile", function()
      subject:add("first", "a")
      subject:add("second", "a")
      subject:pop()
      for number = 1, 5000 do
         subject:add(number, "key " .. number)
         assert.equal(number, (subject:pop()))
         subject:release("key " .. number)
         assert.is_false(subject:has("key " .. number))
      end
      assert.is_true(subject:has "a")
      subject:release "a"
      assert.same({ "second", "a" }, { subject:pop() })
   end)

   it("lets one that comes back go before those behind it", function()
      subject:add("1", "a")
      subject:add("2", "a")
      local item, key = subject:pop()
      subject:ready(item, key)
      assert.equal("1", (subject:pop()))
   end)

   it("holds a key for one that the caller keeps from the beginning", function()
      subject:hold "a"
      assert.is_true(subject:has "a")
      subject:add("2", "a")
      assert.is_nil(subject:pop())
      subject:ready("1", "a")
      assert.equal("1", (subject:pop()))
      subject:release "a"
      assert.equal("2", (subject:pop()))
   end)

   it("has no key for what has none", function()
      subject:hold(nil)
      subject:release(nil)
      assert.is_false(subject:has(nil))
   end)
end)
