local errors = require "kenar.error"
local kenar = require "kenar"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

local jsonl = kenar.rows.jsonl

local function read(text)
   local found = {}
   for row in jsonl { text = text } do
      found[#found + 1] = row
   end
   return found
end

describe("rows.jsonl", function()
   it("gives one object a line", function()
      assert.same({ { key = "1", message = { text = "سلام", buttons = { { "بله" } } } }, { key = 2 } },
         read '{"key":"1","message":{"text":"سلام","buttons":[["بله"]]}}\n{"key":2}\n')
   end)

   it("leaves null out", function()
      assert.same({ { key = "1" } }, read '{"key":"1","as":null}')
   end)

   it("leaves out blank lines and a byte order mark, and takes CR LF", function()
      assert.same({ { key = 1 }, { key = 2 } }, read '\239\187\191{"key":1}\r\n\r\n \t\n{"key":2}\r\n')
      assert.same({}, read "")
   end)

   it("says on which line a row stands", function()
      local rows = jsonl { text = '\n{"key":1}\n\n{"key":2}\n' }
      rows()
      assert.equal(2, rows.line)
      rows()
      assert.equal(4, rows.line)
   end)

   -- What is wrong, and what is said of it.
   local mistakes = {
      { "what is not JSON", '{"key":1}\n{"key":2,}\n', "invalid: text:2: not JSON: .* at byte 10" },
      { "an object over two lines", '{"key":\n1}\n', "invalid: text:1: not JSON: " },
      { "an array", "[1]\n", "invalid: text:1: expected a JSON object" },
      { "an empty array", "[]\n", "invalid: text:1: expected a JSON object" },
      { "null", "null\n", "invalid: text:1: expected a JSON object" },
      { "false", "false\n", "invalid: text:1: expected a JSON object" },
      { "bytes that are not UTF-8", '{"key":"\199"}\n', "invalid: text:1: not JSON: " },
      { "UTF-16", "{\0}\0", "invalid: text: UTF%-16, expected UTF%-8" },
      { "a line of more than 1 MiB", '{"key":"' .. ("x"):rep(1024 * 1024) .. '"}',
         "invalid: text:1: a line of more than 1048576 bytes" },
   }
   for _, row in ipairs(mistakes) do
      it("refuses " .. row[1], function()
         local ok, err = pcall(read, row[2])
         assert.is_false(ok)
         assert.is_true(errors.is(err), tostring(err))
         assert.matches("^" .. row[3], tostring(err))
      end)
   end

   it("has no separator", function()
      assert.error_matches(function() jsonl { text = "", separator = ";" } end,
         'rows.jsonl: unknown option "separator"')
   end)

   it("reads a file, and closes it at the end", function()
      local descriptors = wire.count_fds()
      local folder = scratch.new()
      local found = {}
      for row in jsonl(folder:write("ads.jsonl", '{"key":"1"}\n{"key":"2"}\n')) do
         found[#found + 1] = row.key
      end
      assert.same({ "1", "2" }, found)
      assert.equal(descriptors, wire.count_fds())
      folder:remove()
   end)
end)
