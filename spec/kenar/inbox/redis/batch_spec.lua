local batches = require "kenar.inbox.redis.batch"
local errors = require "kenar.error"
local virtual = require "kenar.host.virtual"

describe("a batch", function()
   local host, asked, answer

   before_each(function()
      host, asked, answer = virtual.new(), {}, nil
   end)

   after_each(function()
      host:stop()
      assert.equal(0, host:count())
   end)

   -- Answers each item with itself doubled, after a second.
   local function new()
      return batches.new(host, function(items)
         asked[#asked + 1] = items
         host.sleep(1)
         if answer then
            return answer(items)
         end
         local results = {}
         for i, item in ipairs(items) do
            results[i] = item * 2
         end
         return results
      end)
   end

   local function submit(batch, first, last, results)
      for i = first, last do
         host.spawn(function()
            local result, err = batch:submit(i)
            results[i] = result or err
         end)
      end
   end

   it("asks at once for who comes first, and together for all who come meanwhile", function()
      local batch, results = new(), {}
      submit(batch, 1, 1, results)
      submit(batch, 2, 5, results)
      host:advance(3)
      assert.same({ { 1 }, { 2, 3, 4, 5 } }, asked)
      assert.same({ 2, 4, 6, 8, 10 }, results)
   end)

   it("asks for 64 at most", function()
      local batch, results = new(), {}
      submit(batch, 1, 131, results)
      host:advance(5)
      assert.same({ 1, 64, 64, 2 }, { #asked[1], #asked[2], #asked[3], #asked[4] })
      assert.equal(262, results[131])
   end)

   it("tells all who asked of a failure, and goes on", function()
      local batch, results = new(), {}
      function answer(items)
         if items[1] == 2 then
            return nil, errors.new { kind = "store", message = "Redis is down" }
         elseif items[1] == 4 then
            error "a mistake"
         end
         return items
      end
      submit(batch, 1, 3, results)
      host:advance(2)
      submit(batch, 4, 4, results)
      host:advance(2)
      submit(batch, 5, 5, results)
      host:advance(2)
      assert.equal(1, results[1])
      assert.equal("store: Redis is down", tostring(results[2]))
      assert.equal("store: Redis is down", tostring(results[3]))
      assert.matches("a mistake", results[4].message)
      assert.equal(5, results[5])
   end)

   it("waits for nobody on a host that stops", function()
      local batch, results = new(), {}
      submit(batch, 1, 2, results)
      host:stop()
      host:advance(2)
      assert.same({ 2, 4 }, results)
   end)
end)
