local queues = require "kenar.base.queue"

describe("kenar.base.queue", function()
   local queue

   before_each(function()
      queue = queues.new()
   end)

   local function pop_all()
      local items = {}
      for item in queue.pop, queue do
         items[#items + 1] = item
      end
      return items
   end

   it("is empty at first", function()
      assert.is_nil(queue:pop())
      assert.is_nil(queue:peek())
      assert.is_true(queue:is_empty())
      assert.equal(0, queue:count())
   end)

   it("gives its items in the order in which they came", function()
      queue:push "a"
      queue:push "b"
      assert.equal("a", queue:peek())
      assert.equal("a", queue:pop())
      queue:push "c"
      assert.same({ 2, false }, { queue:count(), queue:is_empty() })
      assert.same({ "b", "c" }, pop_all())
      assert.is_true(queue:is_empty())
   end)

   it("begins its numbers again once it is empty", function()
      for round = 1, 3 do
         for number = 1, 100 do
            assert.equal(number, queue:push(("%d-%d"):format(round, number)))
         end
         assert.equal(100, #pop_all())
      end
   end)

   it("passes over items that were removed, at either end and between", function()
      local places = {}
      for _, item in ipairs { "a", "b", "c", "d", "e", "f" } do
         places[item] = queue:push(item)
      end
      for _, item in ipairs { "c", "b", "f", "a", "e" } do
         assert.is_true(queue:remove(places[item], item))
         assert.is_false(queue:remove(places[item], item))
      end
      assert.same({ "d", 1 }, { queue:peek(), queue:count() })
      assert.is_true(queue:remove(places.d, "d"))
      assert.is_true(queue:is_empty())
   end)

   it("keeps nothing of items that are gone", function()
      local gone = setmetatable({}, { __mode = "v" })
      local places = {}
      for number = 1, 20 do
         gone[number] = {}
         places[number] = queue:push(gone[number])
      end
      for number = 2, 20, 2 do
         queue:remove(places[number], gone[number])
      end
      pop_all()
      collectgarbage()
      collectgarbage()
      assert.is_nil(next(gone))
      assert.same({ first = 1, last = 0, removed = 0 }, setmetatable(queue, nil))
   end)

   it("does not remove a later item that has the same number", function()
      local place = queue:push "old"
      queue:pop()
      assert.equal(place, queue:push "new")
      assert.is_false(queue:remove(place, "old"))
      assert.same({ "new" }, pop_all())
   end)

   it("agrees with a list, whatever is pushed, popped and removed", function()
      local state = 7
      local function random(most)
         state = state * 16807 % 2147483647
         return state % most + 1
      end
      local list, places = {}, {}
      for step = 1, 20000 do
         local act = random(5)
         if act <= 2 then
            list[#list + 1], places[step] = step, queue:push(step)
         elseif act <= 4 or not list[1] then
            assert.equal(table.remove(list, 1), queue:pop())
         else
            local item = table.remove(list, random(#list))
            assert.is_true(queue:remove(places[item], item))
         end
         assert.equal(#list, queue:count())
         assert.equal(list[1], queue:peek())
         assert.equal(list[1] == nil, queue:is_empty())
      end
   end)
end)
