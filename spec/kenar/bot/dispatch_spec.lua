local unpack = table.unpack or unpack -- luacheck: ignore 143

local json = require "kenar.json"
local kenar = require "kenar"
local testing = require "kenar.testing"

describe("a bot's handlers", function()
   local bot, divar, host, log

   before_each(function()
      log = {}
      bot = kenar.bot {}
   end)

   local function open(settings)
      divar = testing.divar(bot, { settings = settings })
      host = divar.host
   end

   -- What Divar would post: a message in a conversation.
   local function post(conversation, id, text)
      return host.spawn(bot.handle, bot, {
         method = "POST", path = "/kenar", headers = { authorization = bot:setting("identification_key")[1] },
         body = assert(json.encode {
            type = "NEW_CHATBOT_MESSAGE", new_chatbot_message = {
               id = id, conversation = { id = conversation, type = "BOT" }, sender = { type = "HUMAN" }, type = "TEXT",
               text = text or id,
            },
         }),
      })
   end

   local function press(conversation, name)
      return host.spawn(bot.handle, bot, {
         method = "POST", path = "/kenar", headers = { authorization = bot:setting("identification_key")[1] },
         body = assert(json.encode {
            touchpoint = "CHAT", conversation_id = conversation, extra_data = { kenar_action = name },
         }),
      })
   end

   describe("of one conversation", function()
      before_each(function()
         bot:on("chatbot", function(ctx)
            log[#log + 1] = ctx.text .. " begins"
            ctx.bot.host.sleep(tonumber(ctx.text:match "%d+$"))
            log[#log + 1] = ctx.text .. " ends"
         end)
         bot:dynamic_action("price", function() return "12" end)
         open()
      end)

      it("hear its messages one after the other, in the order they came", function()
         post("c1", "m1", "a 3")
         post("c1", "m2", "b 1")
         host:run()
         assert.same({ "a 3 begins", "a 3 ends", "b 1 begins", "b 1 ends" }, log)
      end)

      it("delay no other conversation", function()
         post("c1", "m1", "a 3")
         post("c2", "m2", "b 1")
         host:run()
         assert.same({ "a 3 begins", "b 1 begins", "b 1 ends", "a 3 ends" }, log)
      end)

      it("answer a press at once while a message is being handled", function()
         post("c1", "m1", "a 3")
         local pressed = press("c1", "price")
         divar:advance(0.1)
         local _, response = pressed:wait(0)
         assert.equal('{"text_message":"12"}', response.body)
         divar:advance(5)
      end)

      it("that hang keep it for a minute, and the next event then fails", function()
         local caught = {}
         bot:catch(function(err, ctx) caught[#caught + 1] = ctx.id .. " " .. err.kind end)
         post("c1", "m1", "a 90")
         local waiting = post("c1", "m2", "b 1")
         divar:advance(61)
         local _, response = waiting:wait(0)
         assert.equal(200, response.status)
         assert.same({ "m2 timeout" }, caught)
         divar:advance(60)
         assert.same({ "a 90 begins", "a 90 ends" }, log)
      end)

      it("get the next event although catch asked for the session of one that never had its turn", function()
         local caught = {}
         bot:catch(function(_, ctx)
            local ok, raised = pcall(function() return ctx.session end)
            caught[#caught + 1] = ok or tostring(raised)
         end)
         post("c1", "m1", "a 61")
         post("c1", "m2", "b 1")
         divar:advance(70)
         assert.equal(1, #caught)
         assert.matches("the handler has ended", caught[1])
         log = {}
         post("c1", "m3", "c 1")
         divar:advance(2)
         assert.same({ "c 1 begins", "c 1 ends" }, log)
      end)
   end)

   it("give their turn back where the program's store raises", function()
      local caught = {}
      bot = kenar.bot { store = setmetatable({ shared = true, cas = function() error "cas is broken" end },
         { __index = require("kenar.store.memory").new() }) }
      bot:catch(function(err, ctx) caught[#caught + 1] = ctx.id .. err.message:match "[^:]*$" end)
      bot:on("chatbot", function(ctx)
         log[#log + 1] = ctx.text
         if ctx.text == "a" then
            ctx.session.count = (ctx.session.count or 0) + 1
         end
      end)
      testing.divar(bot, { settings = { store = bot:setting "store" } })
      host = bot.host
      bot.store:set("session:c1", "{}")
      post("c1", "m1", "a")
      post("c1", "m2", "b")
      host:advance(1)
      assert.same({ "a", "b" }, log)
      assert.same({ "m1 cas is broken" }, caught)
   end)

   describe("ctx:after", function()
      it("runs when the answer has left", function()
         local pressed
         bot:dynamic_action("price", function(ctx)
            ctx:after(function(same)
               log[1] = { same == ctx, pressed.done }
            end)
            return "12"
         end)
         open()
         pressed = press("c1", "price")
         host:run()
         assert.same({ { true, true } }, log)
      end)

      it("runs in the order given, each even where one before it raised", function()
         local caught = {}
         bot:catch(function(err) caught[#caught + 1] = err.message:match "[^:]*$" end)
         bot:on("chatbot", function(ctx)
            ctx:after(function() log[#log + 1] = 1 end)
            ctx:after(function() error "broken" end)
            ctx:after(function() log[#log + 1] = 3 end)
         end)
         open()
         post("c1", "m1")
         host:run()
         assert.same({ 1, 3 }, log)
         assert.same({ " broken" }, caught)
      end)

      it("does not run when the handler failed", function()
         bot:catch(function() end)
         bot:on("chatbot", function(ctx)
            ctx:after(function() log[#log + 1] = "after" end)
            error "failed"
         end)
         open()
         post("c1", "m1")
         host:run()
         assert.same({}, log)
      end)

      it("takes a function", function()
         bot:on("chatbot", function(ctx)
            assert.error_matches(function() ctx:after "x" end, "expected a function, got string")
            log[1] = true
         end)
         open()
         post("c1", "m1")
         host:run()
         assert.is_true(log[1])
      end)
   end)

   describe("ctx:once", function()
      local should_fail

      before_each(function()
         should_fail = true
         bot:catch(function() end)
      end)

      -- A handler that fails the first time, behind what may happen once only.
      local function handle_with(f, settings)
         bot:on("chatbot", function(ctx)
            f(ctx)
            if should_fail then
               should_fail = false
               error "not this time"
            end
         end)
         open(settings)
      end

      it("runs once for an event that is handled again", function()
         handle_with(function(ctx)
            local is_first = ctx:once("charge", function() log[#log + 1] = "charged" end)
            log[#log + 1] = tostring(is_first)
         end)
         post("c1", "m1")
         host:run()
         post("c1", "m1")
         host:run()
         post("c1", "m2")
         host:run()
         assert.same({ "charged", "true", "false", "charged", "true" }, log)
      end)

      it("runs again when it failed itself", function()
         handle_with(function(ctx)
            ctx:once("charge", function()
               log[#log + 1] = "tried"
               assert(log[2])
            end)
            should_fail = false
         end, { dedup_ttl = false })
         post("c1", "m1")
         host:run()
         post("c1", "m1")
         host:run()
         assert.same({ "tried", "tried" }, log)
      end)

      it("is in doubt when its call may have been acted on, and done when it was", function()
         local happened
         handle_with(function(ctx)
            local _, result = pcall(ctx.once, ctx, "greet", function()
               log[#log + 1] = "tried"
               ctx:reply("hello", { deadline = 5 })
            end, happened)
            log[#log + 1] = type(result) == "table" and (result.code_name or result.sent) or result
            should_fail = false
         end, { dedup_ttl = false })
         local function handle_twice(id, kind)
            log = {}
            divar:fail { at = "send_bot_message", kind = kind, times = 1 }
            for _ = 1, 2 do
               post("c1", id)
               host:run()
            end
            return log
         end
         divar:chatbot {}
         assert.same({ "tried", "maybe", "IN_DOUBT" }, handle_twice("m1", "drop"))
         happened = function() return true end
         assert.same({ "tried", "maybe", false }, handle_twice("m2", "drop"))
      end)

      it("asks the program where a process died inside, and raises where it cannot be asked", function()
         local happened
         handle_with(function(ctx)
            local _, result = pcall(ctx.once, ctx, "charge", function() log[#log + 1] = "charged" end, happened)
            log[#log + 1] = result
            should_fail = false
         end, { dedup_ttl = false })
         bot.store:set("once:m1:charge", "begun")
         post("c1", "m1")
         host:run()
         assert.equal("IN_DOUBT", log[1].code_name)
         happened = function() return false end
         bot.store:set("once:m2:charge", "begun")
         post("c1", "m2")
         host:run()
         happened = function() return true end
         bot.store:set("once:m3:charge", "begun")
         post("c1", "m3")
         host:run()
         assert.same({ "charged", true, false }, { unpack(log, 2) })
      end)

      it("raises for an event that has no id", function()
         local raised
         bot:dynamic_action("x", function(ctx)
            raised = select(2, pcall(ctx.once, ctx, "charge", function() end))
         end)
         open()
         press("c1", "x")
         host:run()
         assert.error_matches(function() error(raised, 0) end, "once: a dynamic_action has no id")
      end)
   end)
end)
