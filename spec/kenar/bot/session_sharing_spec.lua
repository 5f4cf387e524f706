local crowds = require "spec.support.crowd"
local loop = require "kenar.host.loop"
local json = require "kenar.json"
local kenar = require "kenar"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

-- Counts in the session, and takes its time over it.
local function count_slowly(seconds)
   return function(ctx)
      local seen = ctx.session.count or 0
      ctx.bot.host.sleep(seconds)
      ctx.session.count = seen + 1
   end
end

-- What the last message is told of the count.
local function tell(ctx)
   ctx:reply(tostring(ctx.session.count))
end

describe("two events of one customer", function()
   local crowd

   before_each(function()
      crowd = crowds.new()
   end)

   after_each(function()
      assert.equal(0, crowd.host:count())
      crowd:close()
   end)

   local function new_bot(options, seconds)
      local bot = crowd:bot(options)
      bot:hears("چند", tell)
      bot:on("chatbot", count_slowly(seconds or 1))
      bot:dynamic_action("add", count_slowly(seconds or 1))
      bot:dynamic_action("look", function() return "دیدم" end)
      return bot
   end

   it("never see the same old session, when both are messages", function()
      local bot = new_bot {}
      for i = 1, 5 do
         crowd:say(bot, "m" .. i)
      end
      crowd:run()
      crowd:say(bot, "چند")
      crowd:run()
      assert.equal("5", crowd.sent[1].text_message)
   end)

   it("have their turn where a task of an earlier handler still wanted the session when that had ended", function()
      local bot = crowd:bot {}
      local raised
      bot:hears("چند", tell)
      bot:on("chatbot", count_slowly(2))
      bot:dynamic_action("forgetful", function(ctx)
         ctx.bot.host.spawn(function()
            raised = select(2, pcall(function() return ctx.session end))
         end)
         ctx.bot.host.sleep(0.1)
      end)
      crowd:say(bot, "a")
      crowd:press(bot, { kenar_action = "forgetful" })
      crowd:run()
      crowd:say(bot, "b")
      crowd:say(bot, "چند")
      crowd:run()
      assert.equal("2", crowd.sent[1].text_message)
      assert.matches("the handler has ended", raised)
   end)

   it("never see the same old session, when presses are among them", function()
      local bot = new_bot {}
      crowd:press(bot, { kenar_action = "add" })
      crowd:say(bot, "a")
      crowd:press(bot, { kenar_action = "add" })
      crowd:press(bot, { kenar_action = "add" })
      crowd:run()
      crowd:say(bot, "چند")
      crowd:run()
      assert.equal("4", crowd.sent[1].text_message)
      assert.equal(4, crowd.host.clock())
   end)

   it("wait for each other only when a press uses the session", function()
      local bot = new_bot {}
      crowd:say(bot, "a")
      local press = crowd:press(bot, { kenar_action = "look" })
      local _, response = press:wait()
      assert.same({ text_message = "دیدم" }, json.decode(response.body))
      assert.equal(0, crowd.host.clock())
      crowd:run()
   end)

   it("do not wait for those of another customer", function()
      local bot = new_bot {}
      for i = 1, 5 do
         crowd:say(bot, "a", "conv-" .. i)
      end
      crowd:run()
      assert.equal(1, crowd.host.clock())
   end)

   it("end with an error when the first never lets go", function()
      local bot = new_bot({ budget = 100 }, 30)
      crowd:press(bot, { kenar_action = "add" })
      crowd:press(bot, { kenar_action = "add" })
      crowd.host:advance(25)
      assert.equal(1, #crowd.errors)
      assert.equal("timeout", crowd.errors[1].kind)
      assert.matches("another event of this conversation has had the session for 20 s", crowd.errors[1].message)
      crowd:run()
   end)

   it("are not the two tasks of one handler, which share a session once it is there", function()
      local bot = crowd:bot {}
      bot:on("chatbot", function() crowd.host.sleep(1) end)
      bot:dynamic_action("twice", function(ctx)
         local function load()
            return pcall(function() return ctx.session end)
         end
         local first, second = crowd.host.spawn(load), crowd.host.spawn(load)
         assert.is_true(select(2, first:wait()))
         return tostring(select(3, second:wait()))
      end)
      -- The message has the turn, so that the session cannot be had at once.
      crowd:say(bot, "a")
      crowd.host:advance(0)
      local _, response = crowd:press(bot, { kenar_action = "twice" }):wait()
      assert.matches("another task of this handler is loading the session", response.body)
      crowd:run()
   end)
end)

describe("a session in a store that several processes share", function()
   local crowd, folder, store

   before_each(function()
      crowd, folder = crowds.new(), scratch.new()
      store = "sqlite:" .. folder:file "bot.db"
   end)

   after_each(function()
      assert.equal(0, crowd.host:count())
      crowd:close()
      folder:remove()
   end)

   -- As in another process: the two have nothing in common but the file.
   local function new_bot(seconds)
      local bot = crowd:bot { store = store }
      bot:hears("چند", tell)
      bot:on("chatbot", count_slowly(seconds))
      return bot
   end

   it("is had by one of them at a time", function()
      local bots = { new_bot(0.5), new_bot(0.5) }
      for i = 1, 8 do
         crowd:say(bots[i % 2 + 1], "m" .. i)
      end
      crowd:run()
      assert.same({}, crowd.errors)
      crowd:say(bots[1], "چند")
      crowd:run()
      assert.equal("8", crowd.sent[1].text_message)
   end)

   it("stays with a handler that takes longer than the lock lives", function()
      local slow, other = new_bot(19), new_bot(0)
      crowd:say(slow, "a")
      crowd.host:advance(1)
      crowd:say(other, "b")
      crowd:run()
      assert.same({}, crowd.errors)
      crowd:say(other, "چند")
      crowd:run()
      assert.equal("2", crowd.sent[1].text_message)
   end)

   it("is free again seconds after a process died with it", function()
      local bot = new_bot(0)
      assert.is_true(bot.store:add("session-lock:conv-1", "of a process that is gone", 15))
      crowd:say(bot, "a")
      crowd:run()
      assert.same({}, crowd.errors)
      assert.is_true(crowd.host.clock() >= 15 and crowd.host.clock() < 16)
   end)

   it("is free again seconds after that, though the clock of the machine was set back by an hour", function()
      local bot = new_bot(0)
      assert.is_true(bot.store:add("session-lock:conv-1", "of a process that is gone", 3600 + 15))
      crowd:say(bot, "a")
      crowd:run()
      assert.same({}, crowd.errors)
      assert.is_true(crowd.host.clock() < 16)
   end)

   it("is not overwritten by who lost the lock to a machine that stood still", function()
      for _ = 1, 2 do -- with no session there yet, and with one
         local slow, other = new_bot(2), new_bot(0)
         crowd:say(slow, "a")
         crowd.host:advance(1)
         assert.is_true(slow.store:del "session-lock:conv-1")
         crowd:say(other, "b")
         crowd:run()
         assert.equal("SESSION_CHANGED", table.remove(crowd.errors).code_name)
         crowd:say(other, "چند")
         crowd:run()
      end
      assert.same({ "1", "2" }, { crowd.sent[1].text_message, crowd.sent[2].text_message })
   end)

   it("loses no update of real processes", function()
      local PROCESSES, EVENTS = 2, 15
      local children = {}
      for process = 1, PROCESSES do
         children[process] = assert(wire.fork(function()
            local host = loop.new {}
            local bot = kenar.bot { store = store, identification_key = "k", api_key = "key-1" }:attach(host)
            bot:catch(function(err) error(err, 0) end)
            bot:on("chatbot", count_slowly(0.001))
            for event = 1, EVENTS do
               host.spawn(function()
                  assert(bot:handle {
                     method = "POST", path = "/kenar", headers = { authorization = "k" },
                     body = ([[{"type":"NEW_CHATBOT_MESSAGE","new_chatbot_message":{"id":"m%d-%d","type":"TEXT",
                        "conversation":{"id":"conv-1","type":"BOT"},"sender":{"type":"HUMAN"},"text":"a"}}]]):format(
                        process, event),
                  }.status == 200)
               end)
            end
            host:run()
         end))
      end
      for _, child in ipairs(children) do
         assert.equal(0, child:wait(60))
         child:close()
      end
      local bot = new_bot(0)
      crowd:say(bot, "چند")
      crowd:run()
      assert.equal(("%d"):format(PROCESSES * EVENTS), crowd.sent[1].text_message)
   end)
end)
