local bulk_edge = require "spec.support.bulk_edge"
local fault_server = require "spec.support.fault_server"
local kenar = require "kenar"
local loop = require "kenar.host.loop"
local testing = require "kenar.testing"

local function connection_that_hangs(connection)
   connection:wait_for_close()
end

describe("bot:send_many", function()
   local edge, bot

   before_each(function()
      edge = bulk_edge.new()
      bot = edge.bot
   end)

   after_each(function()
      assert.equal(0, edge.host:count())
   end)

   local function row(number, fields)
      local made = { key = "k" .. number, bot_conversation_id = "c" .. number, message = "text " .. number }
      for name, value in pairs(fields or {}) do
         made[name] = value
      end
      return made
   end

   local function rows_of(count)
      local list = {}
      for number = 1, count do
         list[number] = row(number)
      end
      return list
   end

   it("sends each row, and reports", function()
      local report = bot:send_many(rows_of(3))
      assert.same({ "text 1", "text 2", "text 3" }, edge:texts())
      assert.same({ sent = 3, failed = 0, skipped = 0, in_doubt = {}, in_doubt_count = 0, left = 0 }, report)
   end)

   it("takes rows from a function, and from a file", function()
      local number = 0
      bot:send_many(function()
         number = number + 1
         return number <= 2 and row(number) or nil
      end)
      bot:send_many(kenar.rows.csv { text = "bot_conversation_id,message\nc1,سلام\n" })
      assert.same({ "text 1", "text 2", "سلام" }, edge:texts())
   end)

   it("sends to each kind of id that bot:send takes", function()
      bot:send_many {
         { user_id = "u1", message = "a" }, { conversation_id = "c1", as = "SELLER", message = "b" },
         { bot_conversation_id = "c2", message = "c" },
      }
      assert.same({ "a", "b", "c" }, edge:texts())
      assert.same({ "c1", "c2" }, { edge.sent[2].to, edge.sent[3].to })
   end)

   it("fills a template with each row's columns", function()
      local results = {}
      local report = bot:send_many(kenar.rows.csv {
         text = "key,bot_conversation_id,نام,price\n1,c1,سارا,1500000\n2,c2,,20000\n",
      }, {
         template = kenar.template { text = "سلام {نام}: {price|toman}" },
         on_result = function(given, _, err) results[given.key] = err and tostring(err) or "ok" end,
      })
      assert.same({ "سلام سارا: ۱٬۵۰۰٬۰۰۰ تومان" }, { (edge.sent[1].text:gsub("\226\129[\166-\169]", "")) })
      assert.equal(1, report.failed)
      assert.equal("ok", results["1"])
      assert.truthy(results["2"]:find("text:3: text: ", 1, true))
   end)

   it("has no more rows under way than it is told", function()
      edge.answer = function() return nil, 1 end
      bot:send_many(rows_of(20), { concurrency = 3 })
      assert.equal(3, edge.most)
      assert.equal(20, #edge.sent)
      assert.equal(6, math.floor(edge.sent[20].at))
   end)

   it("keeps the order of one conversation, and lets the others go on", function()
      edge.answer = function(text) return nil, text == "slow" and 5 or 0.1 end
      local list = { { bot_conversation_id = "c0", message = "slow" } }
      for number = 1, 3 do
         list[#list + 1] = { bot_conversation_id = "c0", message = "after " .. number }
         list[#list + 1] = { bot_conversation_id = "c" .. number, message = "other " .. number }
      end
      bot:send_many(list)
      assert.same({ "slow", "other 1", "other 2", "other 3", "after 1", "after 2", "after 3" }, edge:texts())
   end)

   it("sends a key once, however often it comes", function()
      edge.answer = function() return nil, 1 end
      local report = bot:send_many({ row(1), row(2), row(1), row(3, { key = 2 }), row(4, { key = 2.0 }),
         row(5, { key = "2" }) }, { concurrency = 2 })
      assert.same({ "text 1", "text 2", "text 3" }, edge:texts())
      assert.equal(3, report.skipped)
   end)

   it("goes on where Divar refuses one row", function()
      edge.answer = function(_, to) return to == "c2" and bulk_edge.refusal(412) or nil end
      local results = {}
      local report = bot:send_many(rows_of(3), {
         on_result = function(given, result, err) results[given.key] = result or err.status end,
      })
      assert.same({ 2, 1 }, { report.sent, report.failed })
      assert.same({ k1 = { status = "ok" }, k2 = 412, k3 = { status = "ok" } }, results)
   end)

   it("tells where a row stands that is wrong, and goes on", function()
      local long = {}
      local told = {}
      local report = bot:send_many({
         "text", row(2, { mesage = "x" }), { key = 3, message = "x" }, row(4, { bot_conversation_id = 5 }),
         row(5, { message = false }), row(6, { as = "SELLER" }), row(7, { key = {} }),
         row(8, { message = long }), row(9),
      }, { on_result = function(_, _, err) told[#told + 1] = err and tostring(err) end })
      assert.equal(1, report.sent)
      assert.equal(8, report.failed)
      table.sort(told)
      assert.same({
         "invalid send_bot_message: a message needs a text or a media_token (sent: no)",
         "invalid: row 1: expected a table, got string (sent: no)",
         'invalid: row 2: unknown field "mesage" of send (sent: no)',
         "invalid: row 3: say where: conversation_id, bot_conversation_id or user_id (sent: no)",
         "invalid: row 4: bot_conversation_id: expected the id as Divar gave it, got number (sent: no)",
         "invalid: row 5: message: expected a table or a string, got boolean (sent: no)",
         "invalid: row 6: as, post_token and grant say for whom to speak in a post's chat: conversation_id (sent: no)",
         "invalid: row 7: key: expected a string or a number, got table (sent: no)",
      }, told)
   end)

   it("lists rows that may have been sent, by key or by number", function()
      edge.answer = function() return bulk_edge.refusal(500) end
      local report = bot:send_many { row(1), { bot_conversation_id = "c2", message = "x" } }
      table.sort(report.in_doubt, function(one) return type(one) == "string" end)
      assert.same({ "k1", 2 }, report.in_doubt)
      assert.same({ 2, 0, 0 }, { report.in_doubt_count, report.sent, report.failed })
      assert.equal(2, #edge.sent)
   end)

   it("counts as sent what Divar took with an answer that cannot be read", function()
      edge.answer = function() return { status = 200, headers = {}, body = "<html>" } end
      local told
      local report = bot:send_many({ row(1) }, { on_result = function(_, _, err) told = err.sent end })
      assert.same({ 1, "yes" }, { report.sent, told })
   end)

   it("sends what came before, where the rows raise", function()
      local number = 0
      edge.answer = function() return nil, 1 end
      local report = bot:send_many(function()
         number = number + 1
         if number == 4 then
            error "the database is gone"
         end
         return row(1, { key = number, message = "text " .. number })
      end, { concurrency = 4 })
      assert.same({ "text 1", "text 2", "text 3" }, edge:texts())
      assert.same({ 3, "rows", "handler" }, { report.sent, report.stopped, report.err.kind })
      assert.truthy(report.err.message:find("the database is gone", 1, true))
      assert.is_nil(report.left)
   end)

   it("gives the file and the line, where it is the file that is wrong", function()
      local report = bot:send_many(kenar.rows.csv { text = 'bot_conversation_id,message\nc1,a\nc2,"b\n' })
      assert.same({ "rows", "text:3" }, { report.stopped, report.err.path })
      assert.same({ "a" }, edge:texts())
   end)

   it("raises what on_result has raised, when all that is under way has ended", function()
      edge.answer = function(text) return nil, text == "text 1" and 0.1 or 5 end
      assert.error_matches(function()
         bot:send_many(rows_of(10), { concurrency = 2, on_result = function() error "in on_result" end })
      end, "in on_result")
      assert.same({ "text 1", "text 2" }, edge:texts())
   end)

   it("stops with the host, and counts who was not tried", function()
      edge.answer = function() return nil, 1 end
      edge.host.spawn(function()
         edge.host.sleep(1.5)
         edge.host.scheduler:stop()
      end)
      local report = bot:send_many(rows_of(10), { concurrency = 2 })
      assert.equal("closed", report.stopped)
      assert.equal(10, report.sent + report.left + report.in_doubt_count)
      assert.is_true(report.sent >= 2 and report.left >= 6)
   end)

   it("waits inside a handler as well, and on kenar.testing", function()
      local report
      local own = kenar.bot {}
      local customers = {}
      own:command("notify", function(ctx)
         report = ctx.bot:send_many(customers)
      end)
      local divar = testing.divar(own)
      local ali, sara = divar:chatbot { user = "ali" }, divar:chatbot { user = "sara" }
      customers[1] = { bot_conversation_id = sara.id, message = "برای سارا" }
      customers[2] = { bot_conversation_id = "nobody", message = "برای هیچ‌کس" }
      ali:say "/notify"
      assert.equal("برای سارا", sara:last().text)
      assert.same({ 1, 1 }, { report.sent, report.failed })
   end)

   it("leaves connections for replies, however many rows it has under way", function()
      local behaviours = {}
      local function path_to(conversation)
         return ("/v1/open-platform/chat/bot/conversations/%s/messages"):format(conversation)
      end
      behaviours[path_to "asks"] = function(connection)
         connection:answer(200, { ["content-type"] = "application/json" }, "{}")
      end
      for number = 1, 100 do
         behaviours[path_to("c" .. number)] = connection_that_hangs
      end
      local divar, host = fault_server.start(behaviours), loop.new {}
      finally(function() divar:stop() end)
      local own = kenar.bot { api_key = "key-1", base_url = divar.url }:attach(host)
      local task = host.spawn(own.send_many, own, rows_of(100), { concurrency = 48 })
      repeat assert(host.sleep(0.005)) until host.transfers.count == 48
      assert(own:send { bot_conversation_id = "asks", message = "answer", timeout = 5 })
      assert.equal(48, host.transfers.count)
      host:stop(0)
      host:run()
      local _, report = task:wait()
      assert.same({ 48, 52, "closed" }, { report.in_doubt_count, report.left, report.stopped })
   end)

   -- What is passed, and what is said of it.
   local mistakes = {
      { { 5 }, "rows: expected a list, a function or kenar.rows, got number" },
      { { {}, { jurnal = "x" } }, 'unknown option "jurnal" of send_many' },
      { { {}, { journal = true } }, "journal: expected a string, got a boolean" },
      { { {}, { concurrency = 0 } }, "concurrency: expected a whole number from 1 to 48" },
      { { {}, { concurrency = 49 } }, "concurrency: expected a whole number from 1 to 48" },
      { { {}, { concurrency = "8" } }, "concurrency: expected a whole number" },
      { { {}, { on_day_quota = "go" } }, 'on_day_quota: expected "stop" or "wait", got go' },
      { { {}, { progress = "bar" } }, "progress: expected true, false or a function, got string" },
      { { {}, { template = {} } }, "template: expected what kenar.template gives" },
   }
   for _, mistake in ipairs(mistakes) do
      it("raises: " .. mistake[2], function()
         local ok, message = pcall(function() bot:send_many(mistake[1][1], mistake[1][2]) end)
         assert.is_false(ok)
         assert.truthy(message:find("many_spec.lua", 1, true), message)
         assert.truthy(message:find(mistake[2], 1, true), message)
      end)
   end
end)
