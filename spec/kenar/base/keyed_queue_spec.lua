local keyed_queues = require "kenar.base.keyed_queue"

describe("kenar.base.keyed_queue", function()
   local queue

   before_each(function()
      queue = keyed_queues.new()
   end)

   it("gives a key to one holder at a time", function()
      assert.is_false(queue:is_held "k")
      assert.is_true(queue:take "k")
      assert.is_false(queue:take "k")
      assert.is_true(queue:take "other")
      assert.same({ true, 2 }, { queue:is_held "k", queue:count() })
      assert.is_nil(queue:release "k")
      assert.same({ false, 1 }, { queue:is_held "k", queue:count() })
      assert.is_true(queue:take "k")
   end)

   it("passes a key on in the order in which its items came", function()
      queue:take "k"
      queue:push("k", "a")
      queue:push("k", "b")
      assert.equal("a", queue:release "k")
      queue:push("k", "c")
      assert.same({ "b", "c" }, { queue:release "k", queue:release "k" })
      assert.is_true(queue:is_held "k")
      assert.is_nil(queue:release "k")
      assert.equal(0, queue:count())
   end)

   it("removes an item that is still behind the holder", function()
      queue:take "k"
      local first, second = queue:push("k", "a"), queue:push("k", "b")
      assert.is_true(queue:remove("k", first, "a"))
      assert.is_false(queue:remove("k", first, "a"))
      assert.equal("b", queue:release "k")
      assert.is_false(queue:remove("k", second, "b"))
      assert.is_nil(queue:release "k")
      assert.is_false(queue:remove("k", second, "b"))
   end)

   it("keeps held keys and forgets released ones, however many come and go", function()
      queue:take "held"
      queue:push("held", "a")
      for number = 1, 5000 do
         queue:take("key " .. number)
         queue:release("key " .. number)
      end
      local known = 0
      for _ in pairs(queue._states) do
         known = known + 1
      end
      assert.is_true(known <= 1025)
      assert.equal("a", queue:release "held")
      assert.equal(1, queue:count())
   end)
end)
