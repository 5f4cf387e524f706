-- The codec keeps memory from call to call. What that must not be seen in.
local core = require "kenar.core"

local codec = core.codec { array_mt = {} }

-- An object whose collection runs `finalizer`, on either VM.
local function finalized(finalizer)
   local newproxy = rawget(_G, "newproxy")
   if newproxy then
      local proxy = newproxy(true)
      getmetatable(proxy).__gc = finalizer
      return proxy
   end
   return setmetatable({}, { __gc = finalizer })
end

-- Runs `work` with a collector that is never idle and `finalizer` pending all the time; how often it ran.
local function with_finalizers(finalizer, work)
   local runs = 0
   local function counted()
      runs = runs + 1
      finalizer(runs)
   end
   collectgarbage()
   local pause = collectgarbage("setpause", 1)
   local multiplier = collectgarbage("setstepmul", 1000)
   for _ = 1, 50 do
      for _ = 1, 20 do
         finalized(counted)
      end
      work()
   end
   collectgarbage("setpause", pause)
   collectgarbage("setstepmul", multiplier)
   collectgarbage()
   collectgarbage()
   return runs
end

describe("kenar.core codec: reuse", function()
   it("lets a finalizer decode in the middle of decoding", function()
      local list = {}
      for i = 1, 300 do
         list[i] = { id = i, name = "name " .. i, tags = { "a" .. i, "b" .. i } }
      end
      local bytes = codec.encode(list)
      local inner = {}
      local runs = with_finalizers(function(run)
         inner[run] = codec.decode('{"run":' .. run .. ',"text":"' .. ("x"):rep(run % 50) .. '"}')
      end, function()
         assert.same(list, codec.decode(bytes))
      end)
      assert.equal(1000, runs)
      for run = 1, runs do
         assert.same({ run = run, text = ("x"):rep(run % 50) }, inner[run])
      end
   end)

   it("lets a finalizer encode in the middle of encoding", function()
      -- Each result is new and larger than the collector's step, so that each is made with a step.
      local text, count, wrong, inner = ("outer "):rep(1000), 0, 0, {}
      local runs = with_finalizers(function(run)
         inner[run] = codec.encode { "inner", run }
      end, function()
         for _ = 1, 100 do
            count = count + 1
            if codec.encode { text, count } ~= '["' .. text .. '",' .. count .. "]" then
               wrong = wrong + 1
            end
         end
      end)
      assert.equal(0, wrong)
      assert.equal(1000, runs)
      for run = 1, runs do
         assert.equal('["inner",' .. run .. "]", inner[run])
      end
   end)

   it("keeps codecs apart", function()
      local other = core.codec { array_mt = { "other" } }
      assert.same({ "other" }, getmetatable(other.decode "[]"))
      assert.same({}, getmetatable(codec.decode "[]"))
      assert.equal("{}", codec.encode(setmetatable({}, getmetatable(other.decode "[]"))))
   end)

   it("reads keys and texts the same the first time, the second and the hundredth", function()
      local document = '{"type":"NEW_MESSAGE","sender":{"type":"HUMAN","side":"BUYER"},"":"","a\\u0062":"TEXT"}'
      local wanted = { type = "NEW_MESSAGE", sender = { type = "HUMAN", side = "BUYER" }, [""] = "", ab = "TEXT" }
      for _ = 1, 100 do
         assert.same(wanted, codec.decode(document))
      end
      for i = 1, 5000 do
         assert.equal("v" .. i, codec.decode('{"k' .. i .. '":"v' .. i .. '"}')["k" .. i])
      end
      collectgarbage()
      assert.same(wanted, codec.decode(document))
   end)
end)
