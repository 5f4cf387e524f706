local timers = require "kenar.base.timers"

describe("timers", function()
   local function pop_all(heap, now)
      local names = {}
      local entry = heap:pop(now)
      while entry do
         names[#names + 1] = entry.name
         entry = heap:pop(now)
      end
      return names
   end

   it("fall due in the order of their times, equal ones in the order they were added", function()
      local heap = timers.new()
      for i, at in ipairs { 5, 1, 3, 1, 5, 2 } do
         heap:add({ name = i }, at)
      end
      assert.equal(1, heap:next_at())
      assert.same({ 2, 4, 6 }, pop_all(heap, 2))
      assert.equal(3, heap:next_at())
      assert.same({ 3, 1, 5 }, pop_all(heap, 100))
      assert.is_nil(heap:next_at())
      assert.equal(0, heap.count)
   end)

   local function filled(times)
      local heap, entries = timers.new(), {}
      for i, at in ipairs(times) do
         entries[i] = { name = at }
         heap:add(entries[i], at)
      end
      return heap, entries
   end

   it("can be removed, any of them, and removing twice does nothing", function()
      -- Every subset of seven.
      for mask = 0, 127 do
         local heap, entries = filled { 40, 10, 60, 20, 70, 30, 50 }
         local kept = {}
         for i, entry in ipairs(entries) do
            if math.floor(mask / 2 ^ (i - 1)) % 2 == 1 then
               heap:remove(entry)
               heap:remove(entry)
            else
               kept[#kept + 1] = entry.name
            end
         end
         table.sort(kept)
         assert.same(kept, pop_all(heap, 100))
      end
   end)

   it("stay in order when the last one takes the place of a later one below another parent", function()
      local heap, entries = filled { 10, 50, 20, 60, 70, 61, 22, 80, 81, 90, 91, 63, 64, 65, 40 }
      heap:remove(entries[8])
      assert.same({ 10, 20, 22, 40, 50, 60, 61, 63, 64, 65, 70, 81, 90, 91 }, pop_all(heap, 100))
   end)
end)
