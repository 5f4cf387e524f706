local dedup = require "kenar.bot.dedup"
local kenar = require "kenar"
local memory = require "kenar.store.memory"
local scratch = require "spec.support.scratch"
local sqlite_store = require "kenar.store.sqlite"
local testing = require "kenar.testing"
local json = require "kenar.json"

-- One row a place where ids are remembered: how it is opened for a store of that kind.
local places = {
   memory = function() return dedup.in_memory() end,
   ["a memory store"] = function() return dedup.in_store(memory.new(), 60) end,
   ["a SQLite store"] = function(folder)
      local store = assert(sqlite_store.new { path = folder:file "bot.db" })
      return dedup.in_store(store, 60), store
   end,
}

for name, open in pairs(places) do
   describe("an event's id in " .. name, function()
      local ids, folder, store

      before_each(function()
         folder = scratch.new()
         ids, store = open(folder)
      end)

      after_each(function()
         if store then
            store:close()
         end
         folder:remove()
      end)

      it("is claimed once", function()
         assert.truthy(ids:claim "m1")
         assert.is_false(ids:claim "m1")
         assert.truthy(ids:claim "m2")
      end)

      it("stays claimed when the handler is done", function()
         assert.is_true(ids:done("m1", ids:claim "m1"))
         assert.is_false(ids:claim "m1")
      end)

      it("can be claimed again when the handler failed", function()
         assert.is_true(ids:release("m1", ids:claim "m1"))
         assert.truthy(ids:claim "m1")
      end)
   end)
end

describe("ids in memory", function()
   it("are bounded: the oldest are forgotten first", function()
      local ids = dedup.in_memory { max = 4 }
      for number = 1, 5 do
         ids:claim("m" .. number)
      end
      assert.truthy(ids:claim "m1")
      assert.is_false(ids:claim "m5")
   end)
end)

describe("ids in a store", function()
   it("claimed by a process that has died are free again after a minute", function()
      local now = 0
      local store = memory.new { now = function() return now end }
      local claim = dedup.in_store(store, 3600):claim "m1"
      now = 59
      assert.is_false(dedup.in_store(store, 3600):claim "m1")
      now = 61
      local again = dedup.in_store(store, 3600)
      local new_claim = again:claim "m1"
      assert.truthy(new_claim)
      assert.is_false(again:release("m1", claim))
      assert.is_true(again:done("m1", new_claim))
      now = 3600
      assert.is_false(again:claim "m1")
      now = 3662
      assert.truthy(again:claim "m1")
   end)
end)

describe("an event in a store", function()
   it("whose handler took longer than its claim lasts is not handled again when it is done", function()
      local now = 0
      local store = memory.new { now = function() return now end }
      local ids = dedup.in_store(store, 3600)
      local claim = ids:claim "m1"
      now = 90
      assert.is_true(ids:done("m1", claim))
      assert.is_false(ids:claim "m1")
   end)
end)

describe("a bot", function()
   local divar, bot, heard

   local function open(options)
      heard = {}
      bot = kenar.bot(options or {})
      divar = testing.divar(bot)
   end

   local function post(id)
      return bot:handle {
         method = "POST", path = "/kenar", headers = { authorization = bot:setting("identification_key")[1] },
         body = assert(json.encode {
            type = "NEW_CHATBOT_MESSAGE", new_chatbot_message = {
               id = id, conversation = { id = "c1", type = "BOT" }, sender = { type = "HUMAN" }, type = "TEXT",
               text = "x",
            },
         }),
      }
   end

   it("handles an event that comes twice once, and answers both with 200", function()
      open()
      bot:on("chatbot", function(ctx) heard[#heard + 1] = ctx.id end)
      assert.equal(200, post("m1").status)
      assert.equal(200, post("m1").status)
      assert.equal(200, post("m2").status)
      assert.same({ "m1", "m2" }, heard)
   end)

   it("does not handle it while another one is being handled", function()
      open()
      bot:on("chatbot", function(ctx)
         ctx.bot.host.sleep(1)
         heard[#heard + 1] = ctx.id
      end)
      local first, second = divar.host.spawn(post, "m1"), divar.host.spawn(post, "m1")
      divar:advance(3)
      assert.is_true(first.done and second.done)
      assert.same({ "m1" }, heard)
   end)

   it("handles it again when the handler failed", function()
      open()
      bot:catch(function() end)
      bot:on("chatbot", function(ctx)
         heard[#heard + 1] = ctx.id
         assert(heard[2], "the first time it fails")
      end)
      for _ = 1, 3 do
         assert.equal(200, post("m1").status)
      end
      assert.same({ "m1", "m1" }, heard)
   end)

   it("handles it as often as it comes with dedup_ttl = false", function()
      open { dedup_ttl = false }
      bot:on("chatbot", function(ctx) heard[#heard + 1] = ctx.id end)
      post "m1"
      post "m1"
      assert.same({ "m1", "m1" }, heard)
   end)

   it("answers 503 when the store cannot tell", function()
      open()
      bot:attach(divar.host, {
         api_key = "k", identification_key = "k", store = {
            add = function() return nil, kenar.error.new { kind = "store", message = "the disk is full" } end,
            get = function() end, set = function() end, del = function() end, incr = function() end,
            cas = function() end,
         },
      })
      local caught
      bot:catch(function(err) caught = err end)
      bot:on("chatbot", function() heard[1] = true end)
      assert.equal(503, post("m1").status)
      assert.equal("store", caught.kind)
      assert.same({}, heard)
   end)
end)
