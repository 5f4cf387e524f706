local core = require "kenar.core"
local kenar = require "kenar"
local scratch = require "spec.support.scratch"

local csv = kenar.rows.csv

describe("rows.csv, at length", function()
   -- The same numbers on every run and every VM.
   local function random(seed)
      return function(n)
         seed = (seed * 16807) % 2147483647
         return seed % n + 1
      end
   end

   local pieces = { "a", "سلام", "‌", "🚗", " ", '"', '""', ",", ";", "\t", "\n", "\r\n", "\r", "0", "\\", "\1" }

   local function make_cell(draw)
      local parts = {}
      for i = 1, draw(6) - 1 do
         parts[i] = pieces[draw(#pieces)]
      end
      return table.concat(parts)
   end

   -- As RFC 4180 has it: quotes where they must stand, and now and then where they need not.
   local function write_cell(cell, separator, draw)
      if cell:find('["\r\n]') or cell:find(separator, 1, true) or draw(4) == 1 then
         return '"' .. cell:gsub('"', '""') .. '"'
      end
      return cell
   end

   it("reads back 3,000 tables of made-up cells", function()
      local draw = random(1403)
      for round = 1, 3000 do
         local separator = ({ ",", ";", "\t" })[draw(3)]
         local line_end = ({ "\n", "\r\n" })[draw(2)]
         local columns = draw(4)
         local written, expected = {}, {}
         for column = 1, columns do
            written[column] = "c" .. column
         end
         written = { table.concat(written, separator) }
         for _ = 1, draw(4) - 1 do
            local row, cells = {}, {}
            for column = 1, columns do
               local cell = make_cell(draw)
               cells[column] = write_cell(cell, separator, draw)
               row["c" .. column] = cell ~= "" and cell or nil
            end
            written[#written + 1] = table.concat(cells, separator)
            expected[#expected + 1] = next(row) and row or nil
         end
         local text = table.concat(written, line_end) .. (draw(2) == 1 and line_end or "")
         local found = {}
         for row in csv { text = text, separator = separator } do
            found[#found + 1] = row
         end
         assert.same(expected, found, ("round %d: %q"):format(round, text))
      end
   end)

   it("reads 10,000 made-up files to their end, or says what is wrong with them", function()
      local draw = random(1404)
      for _ = 1, 10000 do
         local parts = { "a,b\n" }
         for i = 2, draw(12) do
            parts[i] = draw(20) == 1 and string.char(draw(256) - 1) or pieces[draw(#pieces)]
         end
         local text = table.concat(parts)
         local ok, err = pcall(function()
            for row in csv { text = text } do
               assert(next(row))
            end
         end)
         if not ok and not (kenar.error.is(err) and err.kind == "invalid") then
            error(("%q: %s"):format(text, tostring(err)))
         end
      end
   end)

   describe("from a file of 1,000,000 rows", function()
      -- Under the sanitizers a tenth: their allocator makes Lua slow.
      local COUNT = os.getenv "ASAN_OPTIONS" and 100000 or 1000000
      local folder

      before_each(function()
         folder = scratch.new()
      end)

      after_each(function()
         folder:remove()
      end)

      it("takes the memory of a few", function()
         local path = folder:file "ads.csv"
         local file = assert(io.open(path, "wb"))
         file:write "key,conversation_id,name,price\r\n"
         for i = 1, COUNT do
            file:write("ad-", i, ",7a9c0e2e-", i, i % 10 == 0 and ',"مشتری, ' or ",مشتری ", i,
               i % 10 == 0 and '",' or ",", i * 1000, "\r\n")
         end
         local file_bytes = file:seek()
         file:close()

         collectgarbage()
         local before, peak, count = collectgarbage "count", 0, 0
         local started, last = core.cpu()
         for row in csv(path) do
            count = count + 1
            last = row
            if count % 10000 == 0 then
               collectgarbage()
               peak = math.max(peak, collectgarbage "count" - before)
            end
         end
         assert.equal(COUNT, count)
         assert.same({ key = "ad-" .. COUNT, conversation_id = "7a9c0e2e-" .. COUNT, name = "مشتری, " .. COUNT,
            price = COUNT .. "000" }, last)
         print(("\n%d rows, a file of %.1f MB: %.2f MB of memory, %.1f s of CPU"):format(count, file_bytes / 1e6,
            peak * 1024 / 1e6, core.cpu() - started))
         assert.is_true(peak < 1024, ("%.0f KiB"):format(peak))
      end)
   end)
end)
