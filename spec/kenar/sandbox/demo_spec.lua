local demo = require "kenar.sandbox.demo"
local kenar = require "kenar"
local wire = require "spec_wire"

describe("the demo", function()
   local function play(bot)
      local written = {}
      local happened = demo(bot, {
         input = false,
         write = function(text)
            written[#written + 1] = text
         end,
      })
      return happened, table.concat(written)
   end

   it("plays the example bot's conversation over HTTP and ends by itself", function()
      local happened, transcript = play(dofile "examples/shop_bot.lua")
      assert.is_true(happened)
      assert.truthy(transcript:find("customer        /start MY_POST gZd7omnS", 1, true))
      assert.truthy(transcript:find("Divar %-> bot    POST /kenar/events  200  [%d.]+ ms"))
      assert.truthy(transcript:find(
         "bot %-> Divar    POST /v1/open%-platform/chat/bot/conversations/[%x-]+/messages  200  [%d.]+ ms"))
      assert.truthy(transcript:find("[7 گارانتی] [8 صفحهٔ آگهی] [9 مدیریت آگهی]", 1, true))
      assert.truthy(transcript:find("opens: https://shop.example.ir/item/gZd7omnS", 1, true))
      assert.truthy(transcript:find("sees: قیمت: ۱۲٬۵۰۰٬۰۰۰ تومان", 1, true))
      assert.truthy(transcript:find("all 3 steps happened", 1, true))
   end)

   it("fails when the bot does not answer", function()
      local happened, transcript = play(kenar.bot {})
      assert.is_false(happened)
      assert.truthy(transcript:find("step 1 did not happen: the bot sent no message", 1, true))
   end)

   it("fails when the grid is not there", function()
      local bot = kenar.bot {}
      bot:start("MY_POST", function(ctx)
         ctx:reply "سلام"
      end)
      local happened, transcript = play(bot)
      assert.is_false(happened)
      assert.truthy(transcript:find("step 1 did not happen: the bot's message has no buttons", 1, true))
   end)

   it("shows what went wrong in the bot", function()
      local bot = kenar.bot {}
      bot:start("MY_POST", function()
         error "ouch"
      end)
      local happened, transcript = play(bot)
      assert.is_false(happened)
      assert.truthy(transcript:find 'level=error msg="handler failed"[^\n]* error="handler: [^\n]*ouch"')
   end)

   describe("as a program", function()
      local program = [[os.exit(require "kenar.sandbox.demo"(dofile "examples/shop_bot.lua"), true)]]
      local process, output

      -- Read until the pattern has come.
      local function expect(pattern)
         while not output:find(pattern) do
            local bytes, message = process:read()
            if not bytes then
               error(("no %q came (%s) in:\n%s"):format(pattern, message, output), 2)
            end
            output = output .. bytes
         end
         output = output:match(pattern .. "(.*)$")
      end

      before_each(function()
         output = ""
      end)

      after_each(function()
         process:close()
      end)

      it("ends by itself with status 0 where stdin is no terminal", function()
         process = assert(wire.spawn({ wire.executable(), "-e", program }, { stdin = "pipe" }))
         expect "all 3 steps happened\n"
         assert.equal(0, process:wait())
         assert.equal("", output)
      end)

      it("stays on a terminal: what is typed is said, a number presses a button, Ctrl-D ends it", function()
         local line = ("%s -e '%s'"):format(wire.executable(), program)
         process = assert(wire.spawn({ "script", "-qefc", line, "/dev/null" }, {
            -- Under a sanitizer script(1) would be judged too, and it does not clean up.
            stdin = "pipe", env = { ASAN_OPTIONS = "detect_leaks=0" },
         }))
         expect "Now you are the customer"
         process:write "قیمت\n"
         expect "customer        قیمت"
         expect "bot             قیمت: ۱۲٬۵۰۰٬۰۰۰ تومان"
         process:write "5\n"
         expect "sees: سه عدد در انبار مانده است."
         process:write "10\n"
         expect "there is no button 10; there are %[1 دیدن کالا%]"
         process:write "\4"
         assert.equal(0, process:wait())
      end)
   end)
end)
