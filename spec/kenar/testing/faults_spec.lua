local kenar = require "kenar"
local testing = require "kenar.testing"

describe("divar:fail, in kenar.testing", function()
   local bot, divar, chat, heard, result, err

   before_each(function()
      bot = kenar.bot {}
      heard = {}
      result, err = nil, nil
      bot:on("chatbot", function(ctx)
         heard[#heard + 1] = ctx.text
         result, err = ctx.client:send_bot_message(ctx.conversation_id, "بله")
      end)
      divar = testing.divar(bot, { settings = { attempts = 1 } })
      chat = divar:chatbot {}
   end)

   -- What a call comes to, and whether the message is there.
   local function outcome(fault)
      fault.at = "send_bot_message"
      divar:fail(fault)
      local message = chat:say "سلام"
      return { result and "ok" or err.kind, err and err.sent, message and message.text }
   end

   it("breaks a call off before or after it was carried out, or half-way through its answer", function()
      assert.same({ "network", "maybe" }, outcome { kind = "drop" })
      assert.same({ "network", "maybe" }, outcome { kind = "reset_before" })
      assert.same({ "network", "maybe", "بله" }, outcome { kind = "reset_after" })
      assert.same({ "network", "yes", "بله" }, outcome { kind = "half" })
      assert.same({ "tls", "no" }, outcome { kind = "tls", sent = "no" })
   end)

   it("draws by a rate, the same in each run", function()
      local function run()
         divar = testing.divar(bot, { settings = { attempts = 1 } })
         chat = divar:chatbot {}
         divar:fail { at = "send_bot_message", kinds = { "drop", "half", 412 }, rate = 0.5 }
         local seen = {}
         for i = 1, 30 do
            chat:say(tostring(i))
            seen[i] = err and (err.status or err.sent) or "ok"
         end
         return seen
      end
      local first = run()
      assert.same(first, run())
      local met = {}
      for _, each in ipairs(first) do
         met[each] = true
      end
      assert.same({ ok = true, maybe = true, yes = true, [412] = true }, met)
   end)

   it("lets a token expire", function()
      divar:fail { at = "send_bot_message", kind = "expired_token" }
      chat:say "سلام"
      assert.same({ "auth", 401 }, { err.kind, err.status })
   end)

   it("drops a webhook", function()
      divar:fail { at = "webhook", kind = "drop" }
      assert.is_nil(chat:say "یک")
      chat:say "دو"
      assert.same({ "دو" }, heard)
      assert.equal("drop", divar.deliveries[1].fault.kind)
   end)

   it("gives a webhook twice, which a bot hears once", function()
      divar:fail { at = "NEW_CHATBOT_MESSAGE", kind = "duplicate" }
      chat:say "یک"
      assert.equal(2, #divar.deliveries)
      assert.same({ "یک" }, heard)
   end)

   it("gives a webhook late", function()
      divar:fail { at = "webhook", delay = 3 }
      chat:say "یک"
      assert.same({ "یک" }, heard)
      assert.equal(3, divar.host.clock())
   end)

   it("gives a webhook behind the next one of its conversation", function()
      divar:fail { at = "webhook", kind = "reorder", delay = 60 }
      chat:say "یک"
      assert.same({}, heard)
      divar:chatbot({ user = "other" }):say "دیگر"
      chat:say "دو"
      assert.same({ "دیگر", "دو", "یک" }, heard)
      assert.equal(0, divar.host.clock())
   end)

   it("gives a webhook late where none follows it", function()
      divar:fail { at = "webhook", kind = "reorder", delay = 60 }
      chat:say "یک"
      divar:advance(59)
      assert.same({}, heard)
      divar:advance(1)
      assert.same({ "یک" }, heard)
   end)

   it("puts Divar's clock forward, and not the bot's", function()
      divar:fail { at = "clock", skew = 3600 }
      local sent_at
      bot:use(function(ctx, next_handler)
         sent_at = ctx.sent_at
         return next_handler()
      end)
      chat:say "سلام"
      assert.equal(3600, sent_at / 1000000 - divar.host.now())
   end)
end)
