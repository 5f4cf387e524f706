local lines = require "kenar.base.lines"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

describe("lines", function()
   local folder, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      folder = scratch.new()
   end)

   after_each(function()
      folder:remove()
      assert.equal(descriptors, wire.count_fds())
   end)

   -- Every line with its number and what stands before the next one, and how it ended.
   local function read(source)
      local found = {}
      local line, message = source:next()
      while line do
         found[#found + 1] = { line, source.number, source.offset, source.is_cut }
         line, message = source:next()
      end
      source:close()
      return found, message
   end

   it("are given one by one, whether the last one has an end or not", function()
      local expected = { { "a", 1, 2, false }, { "", 2, 3, false }, { "b\r", 3, 6, false }, { "c", 4, 7, true } }
      assert.same(expected, (read(lines.of("a\n\nb\r\nc", 10))))
      assert.same({ { "a", 1, 2, false } }, (read(lines.of("a\n", 10))))
      assert.same({}, (read(lines.of("", 10))))
   end)

   it("keep zero bytes", function()
      assert.same({ { "a\0b", 1, 4, false }, { "\0", 2, 5, true } }, (read(lines.of("a\0b\n\0", 10))))
   end)

   it("of a file are the same, wherever its pieces end", function()
      local made = {}
      for i = 1, 3000 do
         made[i] = ("%d %s"):format(i, ("x"):rep(i % 97))
      end
      made[3001] = ("long"):rep(50000)
      made[3002] = "end"
      local path = folder:write("file", table.concat(made, "\n"))
      local source = assert(lines.open(path, 1000000))
      for i, expected in ipairs(made) do
         local line = source:next()
         if line ~= expected then
            error("wrong at " .. i)
         end
      end
      assert.is_true(source.is_cut)
      assert.is_nil(source:next())
      source:close()
   end)

   it("have a limit, at which nothing more is read", function()
      assert.same({ { "abc", 1, 4, false } }, (read(lines.of("abc\n", 3))))
      local found, message = read(lines.of("a\nabcd\n", 3))
      assert.equal(1, #found)
      assert.equal("a line of more than 3 bytes", message)
      assert.equal("a line of more than 3 bytes", select(2, read(lines.of("abcd", 3))))

      local path = folder:write("file", ("x"):rep(1000000))
      local source = assert(lines.open(path, 1000))
      collectgarbage()
      local before = collectgarbage "count"
      assert.equal("a line of more than 1000 bytes", select(2, source:next()))
      assert.is_true(collectgarbage "count" - before < 300)
      source:close()
   end)

   it("begin behind what was peeked at and skipped", function()
      local source = lines.of("abcdef\nx", 100)
      assert.equal("abc", source:peek(3))
      assert.equal("abcdef\nx", source:peek(100))
      source:skip(3)
      assert.equal("def", source:next())
      assert.equal(7, source.offset)
      assert.equal("x", source:next())
   end)

   it("say why a file cannot be read", function()
      local path = folder:file "missing"
      assert.same({ nil, path .. ": No such file or directory" }, { lines.open(path, 10) })
      local source = assert(lines.open(folder.path, 10))
      assert.same({ nil, "Is a directory" }, { source:next() })
      assert.same({ nil, "Is a directory" }, { source:peek(1) })
      source:close()
   end)

   it("end at close, which may come twice", function()
      local source = assert(lines.open(folder:write("file", "a\nb\n"), 10))
      assert.equal("a", source:next())
      source:close()
      source:close()
      assert.is_nil(source:next())
   end)
end)
