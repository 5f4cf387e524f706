local timers = require "kenar.host.timers"

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

   it("can be removed from anywhere, and removing twice does nothing", function()
      local orders = {
         { 40, 10, 60, 20, 70, 30, 50 },
         { 10, 50, 20, 60, 70, 30, 40 }, -- the last one, put in the place of one that is removed, has to rise
      }
      for case = 0, 255 do -- every subset of either
         local mask, order = math.floor(case / 2), orders[case % 2 + 1]
         local heap, entries, kept = timers.new(), {}, {}
         for i, at in ipairs(order) do
            entries[i] = { name = at }
            heap:add(entries[i], at)
         end
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
end)
