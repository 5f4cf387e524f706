local hostile_texts = require "spec.support.hostile_texts"
local work_count = require "spec.support.work_count"

local LONG = 131072
-- What a byte may cost at most, and how much of each cost is too little to be compared: buffers grow by doubling.
local A_BYTE, LITTLE, LITTLE_BYTES = 1500, 400000, 128 * LONG
local MOST = 2.3

describe("text from outside", function()
   lazy_setup(work_count.set_up)
   lazy_teardown(work_count.tear_down)

   local takers = require "spec.support.text_takers"

   local function work(fn, kind, length)
      return work_count.of(LITTLE + A_BYTE * length, fn, hostile_texts.make(kind, length))
   end

   local little = { instructions = LITTLE, steps = LITTLE, bytes = LITTLE_BYTES }

   -- How the work grows too much when the length doubles; nil when it does not.
   local function growth(fn, kind, length)
      local long, much = work(fn, kind, length)
      local short
      for cost, least in pairs(little) do
         if not much and long[cost] > least then
            short = short or work(fn, kind, length / 2)
            if long[cost] > MOST * short[cost] then
               return ("%s: %.0f, then %.0f"):format(cost, short[cost], long[cost])
            end
         end
      end
      return much
   end

   it("takes work in proportion to its length, whatever it is", function()
      local wrong = {}
      for name, fn in pairs(takers()) do
         for _, kind in ipairs(hostile_texts.kinds) do
            local how = growth(fn, kind, LONG)
            if how then
               wrong[#wrong + 1] = ("%s, %s: %s"):format(name, kind.name, how)
            end
         end
      end
      table.sort(wrong)
      assert.same({}, wrong)
   end)

   -- Each does what has held a bot or a client, or would.
   local slow = {
      ["(.-)%s*$"] = function(text) return ("/a x" .. text .. "b"):match "^/(%S+)%s*(.-)%s*$" end,
      ["%s+$"] = function(text) return (text .. "b"):gsub("%s+$", "") end,
      ["a sub in a loop"] = function(text)
         while text ~= "" do
            text = text:sub(2)
         end
      end,
      ["a joined string in a loop"] = function(text)
         local whole = ""
         for i = 1, #text do
            whole = whole .. text:sub(i, i)
         end
      end,
      ["a loop in a loop"] = function(text)
         for i = 1, #text do
            for _ = 1, i do
               local _ = i
            end
         end
      end,
      ["a plain find that never gets on"] = function(text)
         for i = 1, #text do
            local _ = text:find("never", i, true)
         end
      end,
   }

   for name, fn in pairs(slow) do
      it("is counted: " .. name .. " is found", function()
         assert.is_string(growth(fn, { piece = " " }, 8192))
      end)
   end
end)
