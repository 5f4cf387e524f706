local errors = require "kenar.error"
local kenar = require "kenar"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

local csv = kenar.rows.csv

-- All rows of a text.
local function read(text, separator)
   local found = {}
   for row in csv { text = text, separator = separator } do
      found[#found + 1] = row
   end
   return found
end

local function mistake(text, separator)
   local ok, err = pcall(read, text, separator)
   assert.is_false(ok)
   assert.is_true(errors.is(err), tostring(err))
   assert.equal("invalid", err.kind)
   return tostring(err)
end

describe("rows.csv", function()
   it("names the cells of a line by those of the first one", function()
      assert.same({ { key = "1", text = "سلام" }, { key = "2", text = "خداحافظ" } },
         read "key,text\n1,سلام\n2,خداحافظ\n")
   end)

   it("takes Persian names, with zero-width non-joiners and without spaces around them", function()
      assert.same({ { ["شناسه گفت‌وگو"] = "۱۲", ["نام"] = " علی " } }, read "شناسه گفت‌وگو , نام\n۱۲, علی \n")
   end)

   it("takes the last line without an end, and lines that end with CR LF", function()
      assert.same({ { a = "1", b = "2" }, { a = "3", b = "4" } }, read "a,b\r\n1,2\r\n3,4")
      assert.same({ { a = "1", b = "2" } }, read 'a,b\r\n"1","2"\r\n')
   end)

   it("leaves out a byte order mark", function()
      assert.same({ { a = "1" } }, read "\239\187\191a\n1\n")
      assert.same({ { a = "1" } }, read '\239\187\191"a"\n1\n')
   end)

   it("takes what stands in quotes as it stands there", function()
      assert.same({ { a = "1,2", b = 'a "b" c', c = "two\nlines\r\n and more" } },
         read 'a,b,c\n"1,2","a ""b"" c","two\nlines\r\n and more"\n')
      assert.same({ { a = '"', b = '""', c = "\n" } }, read 'a,b,c\n"""","""""","\n"\n')
   end)

   it("keeps CR LF within quotes, on the first line too", function()
      assert.same({ { a = "one\r\ntwo\r\n", b = "3\r\n" } }, read 'a,b\r\n"one\r\ntwo\r\n","3\r\n"\r\n')
   end)

   it("takes a quote that does not begin a cell as a quote", function()
      assert.same({ { a = '5" lens', b = 'a"' } }, read 'a,b\n5" lens,a"\n')
   end)

   it("takes names in quotes", function()
      assert.same({ { ["a,b"] = "1", ["c\nd"] = "2" } }, read '"a,b","c\nd"\n1,2\n')
   end)

   it("leaves out cells that are empty or not there", function()
      assert.same({ { a = "1" }, { b = "2", c = "3" }, { a = "4" } }, read 'a,b,c\n1,,\n"",2,3\n4\n')
   end)

   it("leaves out lines with nothing in them", function()
      assert.same({ { a = "1" }, { a = "2" } }, read '\n\r\na,b\n\n1\n\r\n,\n"",""\n2\n\n')
   end)

   it("keeps a line of spaces", function()
      assert.same({ { a = " " } }, read "a\n \n")
   end)

   it("takes another separator", function()
      assert.same({ { a = "1,5", b = "x" }, { a = "2;0" } }, read('a;b\n1,5;x\n"2;0";\n', ";"))
      assert.same({ { a = "1", b = "x y" } }, read("a\tb\n1\tx y\n", "\t"))
      assert.same({ { a = "1", b = "2" } }, read("a؛b\n1؛2\n", "؛"))
   end)

   it("has no rows where there are only names", function()
      assert.same({}, read "a,b\n")
      assert.same({}, read "a,b")
   end)

   it("lets columns at the end be without a name as long as they are empty", function()
      assert.same({ { a = "1", b = "2" } }, read "a,b,,\n1,2,,\n")
   end)

   it("says on which line a row begins", function()
      local rows = csv { text = 'a\n1\n\n"2\n\n"\n3\n' }
      local found = {}
      for _ in rows do
         found[#found + 1] = rows.line
      end
      assert.same({ 2, 4, 7 }, found)
   end)

   -- What is wrong, and what is said of it.
   local mistakes = {
      { "a quote that is not closed, by its line", 'a,b\n1,2\n3,"4\n5,6\n',
         "invalid: text:3: a quote that is never closed" },
      { "a quote that is not closed among the names", '"a\n1\n', "invalid: text:1: a quote that is never closed" },
      { "what follows a quote", 'a,b\n"1"2,3\n',
         'invalid: text:2: a quote is followed by neither "," nor the line\'s end' },
      { "what follows a quote on a later line", 'a,b\n"1\n\n"2,3\n',
         'invalid: text:4: a quote is followed by neither "," nor the line\'s end' },
      { "more cells than names", "a,b\n1,2\n1,2,3\n", "invalid: text:3: cell 3 has no column: the first line names 2" },
      { "more cells than names, in quotes", 'a,b\n1,"2",3\n',
         "invalid: text:2: cell 3 has no column: the first line names 2" },
      { "a cell in a column without a name", "a,,c\n1,2,3\n",
         "invalid: text:2: cell 2 has no column: the first line names 3" },
      { "two columns of one name", "a,b,a\n", "invalid: text:1: columns 1 and 3 have the same name, a" },
      { "no names at all", "", "invalid: text: no first line with the names of the columns" },
      { "names that are all empty", " ,\n1,2\n", "invalid: text:1: no column has a name" },
      { "bytes that are not UTF-8", "a\n1\n\199\225\n",
         'invalid: text:3: not UTF-8 at byte 1 of the line (in Excel: save as "CSV UTF-8")' },
      { "bytes that are not UTF-8 within quotes", 'a\n"1\n\199\225"\n',
         'invalid: text:3: not UTF-8 at byte 1 of the line (in Excel: save as "CSV UTF-8")' },
      { "UTF-16", "\255\254a\0\n\0", 'invalid: text: UTF-16, expected UTF-8 (in Excel: save as "CSV UTF-8")' },
      { "UTF-16 with the high byte first", "\254\255\0a\0\n",
         'invalid: text: UTF-16, expected UTF-8 (in Excel: save as "CSV UTF-8")' },
      { "UTF-16 without its mark", "F\6,\0F\6\n\0",
         'invalid: text: UTF-16, expected UTF-8 (in Excel: save as "CSV UTF-8")' },
      { "a separator that seems to be another one", "key;text\n1;2\n",
         'invalid: text:1: one column, key;text: is the separator ";"?' },
   }
   for _, row in ipairs(mistakes) do
      it("refuses " .. row[1], function()
         assert.equal(row[3], mistake(row[2]))
      end)
   end

   it("refuses a row of more than 1 MiB, on one line or on many", function()
      local long = ("x"):rep(1024 * 1024)
      assert.equal("invalid: text:3: a line of more than 1048576 bytes", mistake("a\n1\nx" .. long .. "\n"))
      assert.equal("invalid: text:2: a row of more than 1048576 bytes; is a quote never closed?",
         mistake('a\n"' .. ("x\n"):rep(600000)))
      assert.equal(1024 * 1024, #read("a\n" .. long .. "\n")[1].a)
   end)

   it("gives the rows before a mistake", function()
      local rows = csv { text = 'a\n1\n2\n"3"x\n4\n' }
      assert.same({ a = "1" }, rows())
      assert.same({ a = "2" }, rows())
      local ok, err = pcall(rows)
      assert.is_false(ok)
      assert.equal(4, err.line)
      assert.is_nil(rows())
   end)

   it("expects a path or a text, and options that it knows", function()
      assert.error_matches(function() csv() end, "rows.csv: expected a path or a table, got nil")
      assert.error_matches(function() csv {} end, "rows.csv: expected either path or text")
      assert.error_matches(function() csv { path = "a", text = "b" } end, "rows.csv: expected either path or text")
      assert.error_matches(function() csv { text = "a", seperator = ";" } end, 'rows.csv: unknown option "seperator"')
      assert.error_matches(function() csv { path = 1 } end, "rows.csv: path: expected a string, got number")
      for _, separator in ipairs { "", '"', "\n" } do
         assert.error_matches(function() csv { text = "a", separator = separator } end, "rows.csv: separator: expected")
      end
   end)

   describe("from a file", function()
      local folder, descriptors

      before_each(function()
         descriptors = wire.count_fds()
         folder = scratch.new()
      end)

      after_each(function()
         folder:remove()
         assert.equal(descriptors, wire.count_fds())
      end)

      it("reads a path, and closes it at the end", function()
         local found = {}
         for row in csv(folder:write("ads.csv", "key\n1\n2\n")) do
            found[#found + 1] = row.key
         end
         assert.same({ "1", "2" }, found)
         assert.equal(descriptors, wire.count_fds())
      end)

      it("names it where something is wrong, and closes it", function()
         local path = folder:write("ads.csv", 'key\n1\n"2\n')
         local rows = csv { path = path }
         rows()
         local ok, err = pcall(rows)
         assert.is_false(ok)
         assert.equal(path .. ":3", err.path)
         assert.equal(descriptors, wire.count_fds())
      end)

      it("can be closed before the end", function()
         local rows = csv(folder:write("ads.csv", "key\n1\n2\n"))
         assert.same({ key = "1" }, rows())
         rows:close()
         rows:close()
         assert.is_nil(rows())
         assert.equal(descriptors, wire.count_fds())
      end)

      it("says when there is none, or a folder", function()
         local ok, err = pcall(csv, folder:file "missing.csv")
         assert.is_false(ok)
         assert.equal(("invalid: %s: No such file or directory"):format(folder:file "missing.csv"), tostring(err))
         ok, err = pcall(csv, folder.path)
         assert.is_false(ok)
         assert.equal(("invalid: %s: Is a directory"):format(folder.path), tostring(err))
      end)
   end)
end)
