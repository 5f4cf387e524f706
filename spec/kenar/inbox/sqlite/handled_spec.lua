local handled = require "kenar.inbox.sqlite.handled"

-- Statements that write into a table in place of a file.
local function statements(file)
   return {
      remember = { run = function(_, number, at, ids)
         file[number] = { at, ids }
         return true
      end },
      forget = { run = function(_, last)
         for number in pairs(file) do
            if number <= last then
               file[number] = nil
            end
         end
         return true
      end },
   }
end

local function rows(file)
   local numbers, place = {}, 0
   for number in pairs(file) do
      numbers[#numbers + 1] = number
   end
   table.sort(numbers)
   return function()
      place = place + 1
      local number = numbers[place]
      if number then
         return number, file[number][1], file[number][2]
      end
   end
end

describe("kenar.inbox.sqlite.handled", function()
   local file, known

   local function load()
      known = {}
      return handled.load(rows(file), statements(file), function(id) known[#known + 1] = id end)
   end

   local function pieces(...)
      local list = {}
      for _, id in ipairs { ... } do
         handled.collect(list, id)
      end
      return list
   end

   local function count()
      local rows_left = 0
      for _ in pairs(file) do
         rows_left = rows_left + 1
      end
      return rows_left
   end

   before_each(function()
      file = {}
   end)

   it("reads what it wrote, whatever bytes are in an id", function()
      local ids = load()
      assert.is_true(ids:write(pieces("a", "", "3:x", "\0\n\255"), 1000))
      assert.is_true(ids:write(pieces "b", 1001))
      assert.equal("1:a0:3:3:x3:\0\n\255", file[1][2])
      load()
      assert.same({ "a", "", "3:x", "\0\n\255", "b" }, known)
   end)

   it("goes on behind the rows that are there", function()
      file[7] = { 1000, "1:a" }
      local ids = load()
      ids:write(pieces "b", 1001)
      assert.equal("1:b", file[8][2])
   end)

   it("takes what it can from a row that is not its own", function()
      file[1] = { 1000, "1:anonsense" }
      file[2] = { 1000, "1:b" }
      load()
      assert.same({ "a", "b" }, known)
   end)

   it("forgets ids after a day, as it writes", function()
      local ids = load()
      ids:write(pieces "old", 1000)
      for i = 1, 600 do
         ids:write(pieces("new " .. i), 90000 + i)
      end
      assert.is_nil(file[1])
      assert.equal(600, count())
   end)

   it("forgets all but the last hundred thousand, as it writes", function()
      local ids = load()
      local thousand = {}
      for i = 1, 1000 do
         handled.collect(thousand, "id " .. i)
      end
      for i = 1, 512 do
         ids:write(thousand, 1000 + i)
      end
      assert.equal(100, count())
      assert.is_truthy(file[512])
   end)

   it("writes anew what was rolled back", function()
      local ids = load()
      ids:write(pieces "a", 1000)
      local mark = ids:mark()
      ids:write(pieces "b", 1001)
      file[2] = nil
      ids:undo(mark)
      ids:write(pieces "c", 1002)
      load()
      assert.same({ "a", "c" }, known)
   end)
end)
