local edge = require "spec.support.edge"
local errors = require "kenar.error"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local kenar = require "kenar"
local persian = require "kenar.persian"

-- A bot, and a function that posts to it and returns the response, what it sent to Divar, and its log.
local function new_bot(options, answers)
   options = options or {}
   options.identification_key, options.api_key = "k", "key-1"
   -- The samples share their ids.
   options.dedup_ttl = false
   local bot = kenar.bot(options)
   local host, requests = edge.host(answers or { { status = 200, body = "{}" } })
   bot:attach(host)
   local function post(body, headers)
      headers = headers or {}
      headers.authorization = "k"
      if type(body) == "table" then
         body = assert(json.encode(body))
      end
      return bot:handle { method = "POST", path = "/kenar", headers = headers, body = body }, requests, host
   end
   return bot, post
end

local function chatbot(text, more)
   local message = {
      id = "m1", conversation = { id = "conv-1", type = "BOT" }, sender = { type = "HUMAN" }, type = "TEXT",
      text = text, sent_at = 1729429926140000,
   }
   for name, value in pairs(more or {}) do
      message[name] = value
   end
   return { type = "NEW_CHATBOT_MESSAGE", new_chatbot_message = message }
end

local function post_message(text, sender)
   return {
      type = "NEW_MESSAGE",
      new_message = {
         id = "m2", conversation = { id = "conv-2", type = "POST", post_token = "gZd7omnS" },
         sender = sender or { side = "BUYER", type = "HUMAN" }, type = "TEXT", text = text,
      },
   }
end

local function click(data)
   return { source = "CHAT_MESSAGE_ACTION", conversation_id = "conv-1", user_side = "DEMAND", extra_data = data }
end

local function action(data)
   return { touchpoint = "CHAT", conversation_id = "conv-1", extra_data = data }
end

describe("bot:on", function()
   -- filter, what is posted, whether it is heard
   local cases = {
      { "chatbot", chatbot "x", true }, { "chatbot", post_message "x", false },
      { "post", post_message "x", true }, { "post", chatbot "x", false },
      { "message", chatbot "x", true }, { "message", post_message "x", true },
      { "chatbot:text", chatbot "x", true }, { "chatbot:image", chatbot "x", false },
      { "chatbot:location", chatbot(nil, { type = "LOCATION" }), true },
      { "message:unknown", chatbot(nil, { type = "STICKER" }), true },
      { { "post", "chatbot:text" }, chatbot "x", true },
      { "session_init", click { a = "b" }, true }, { "server_link", click { a = "b" }, false },
      { "server_link", click { kenar_action = "v" }, true },
      { "dynamic_action", action { a = "b" }, true },
      { "unknown", { type = "SOMETHING_NEW" }, true }, { "unknown", chatbot "x", false },
      { "post_update:retire", { type = "POST_UPDATE", post_update = { type = "RETIRE" } }, true },
      { "post_update:publish", { type = "POST_UPDATE", post_update = { type = "RETIRE" } }, false },
      { "payment_transaction:completed",
         { type = "PAYMENT_TRANSACTION", transaction = { id = "1", state = "TRANSACTION_STATE_COMPLETED" } }, true },
      { "user_access_revocation",
         { type = "USER_ACCESS_REVOCATION", user_access_revocation = { user_id = "u" } }, true },
      { "*", { type = "SOMETHING_NEW" }, true },
   }
   for _, case in ipairs(cases) do
      local names = type(case[1]) == "table" and table.concat(case[1], " or ") or case[1]
      it(("%s %s %s"):format(names, case[3] and "hears" or "does not hear",
         case[2].type or case[2].source or case[2].touchpoint), function()
         local bot, post = new_bot()
         local count = 0
         bot:on(case[1], function() count = count + 1 end)
         assert.equal(200, post(case[2]).status)
         assert.equal(case[3] and 1 or 0, count)
      end)
   end

   it("gives an event to the first handler that matches; next() passes it on", function()
      local bot, post = new_bot()
      local order = {}
      bot:on("post", function() order[#order + 1] = "post" end)
      bot:on("message", function(_, next) order[#order + 1] = "first" return next() end)
      bot:on("chatbot", function() order[#order + 1] = "second" end)
      bot:on("*", function() order[#order + 1] = "third" end)
      post(chatbot "x")
      assert.same({ "first", "second" }, order)
   end)

   it("takes conditions: side, a pattern of the text, who wrote, or a function of ctx", function()
      local bot, post = new_bot()
      local heard = {}
      local function hear(name) return function(_, next) heard[#heard + 1] = name return next() end end
      bot:on("post", { side = "SELLER" }, hear "seller")
      bot:on("post", { side = "BUYER" }, hear "buyer")
      bot:on("message", { text = "^%d+$" }, hear "number")
      bot:on("message", { from = "BOT" }, hear "bot")
      bot:on("message", { from = "any" }, hear "any")
      bot:on("message", function(ctx) return ctx.text == "12" end, hear "twelve")
      post(post_message "12")
      assert.same({ "buyer", "number", "any", "twelve" }, heard)
      heard = {}
      post(post_message("12", { side = "SELLER", type = "BOT" }))
      assert.same({ "bot", "any" }, heard)
   end)

   it("passes over what bots wrote, its own messages among them", function()
      local bot, post = new_bot()
      local count = 0
      bot:on("*", function() count = count + 1 end)
      bot:hears("Hello!", function() count = count + 1 end)
      post(fixture.bytes "in.new_message.text")
      assert.equal(0, count)
   end)

   it("raises for a filter or a condition it does not know, naming those it does", function()
      local bot = kenar.bot()
      local function nothing() end
      assert.error_matches(function() bot:on("chatbott", nothing) end, 'unknown filter "chatbott"; filters are')
      assert.error_matches(function() bot:on("chatbot:picture", nothing) end, "chatbot: takes contact, file")
      assert.error_matches(function() bot:on("server_link:x", nothing) end, "nothing behind a colon")
      assert.error_matches(function() bot:on("chatbot", { sied = "SELLER" }, nothing) end, 'unknown condition "sied"')
      assert.error_matches(function() bot:on("chatbot", { side = "Supply" }, nothing) end, "side is one of")
      assert.error_matches(function() bot:on("chatbot", { text = "[" }, nothing) end, "text is a Lua pattern")
      assert.error_matches(function() bot:on("chatbot", "x", nothing) end, "a condition is a function or a table")
      assert.error_matches(function() bot:on "chatbot" end, "expected a function as the handler, got nil")
   end)
end)

describe("bot:hears", function()
   it("hears a text that says one of its phrases, whichever keyboard wrote it", function()
      local bot, post = new_bot()
      local heard = {}
      bot:hears({ "قیمت", "اتاق ۲ کجاست" }, function(ctx) heard[#heard + 1] = ctx.text end)
      post(chatbot "قیمت")
      post(chatbot " قيمت\n")
      post(post_message "اتاق 2 كجاست")
      post(chatbot "قیمت چند")
      assert.same({ "قیمت", " قيمت\n", "اتاق 2 كجاست" }, heard)
   end)

   it("normalises a text once, however many phrases wait for it", function()
      local bot, post = new_bot()
      for i = 1, 50 do
         bot:hears("phrase " .. i, print)
      end
      local heard
      bot:hears({ "قیمت" }, function(ctx) heard = ctx.text end)
      local normalise, count = persian.normalise, 0
      persian.normalise = function(text)
         count = count + 1
         return normalise(text)
      end
      finally(function() persian.normalise = normalise end)
      post(chatbot "قيمت")
      assert.equal("قيمت", heard)
      assert.equal(1, count)
      post(chatbot "بله")
      assert.equal(2, count)
   end)

   it("leaves nothing of that in ctx.event", function()
      local bot, post = new_bot()
      local with, without
      bot:on("*", function(ctx, next)
         without = assert(json.decode(assert(json.encode(ctx.event))))
         return next()
      end)
      bot:hears("x", function(ctx) with = ctx.event end)
      post(chatbot "x")
      assert.same(without, json.decode(assert(json.encode(with))))
   end)

   it("raises without a phrase", function()
      assert.error_matches(function() kenar.bot():hears({}, print) end, "at least one phrase")
      assert.error_matches(function() kenar.bot():hears({ 5 }, print) end, "phrase 1: expected a string, got number")
   end)
end)

describe("bot:command", function()
   it("hears /name and gets what stands behind it", function()
      local bot, post = new_bot()
      local heard = {}
      bot:command("restart", function(_, arguments) heard[#heard + 1] = arguments end)
      for _, text in ipairs { "/restart", "/restart  now please ", "/restarted", "restart", "x /restart" } do
         post(chatbot(text))
      end
      assert.same({ "", "now please" }, heard)
   end)

   it("takes arguments that are white space at length, and keeps what is in them", function()
      local bot, post = new_bot()
      local heard
      bot:command("/a", function(_, arguments) heard = arguments end)
      local space = (" \t"):rep(10000)
      post(chatbot("/a" .. space .. "x" .. space .. "b" .. space))
      assert.equal("x" .. space .. "b", heard)
   end)

   it("does not look at the text of a message that does not count", function()
      local bot, post = new_bot()
      bot:command("a", print)
      local read
      bot:use(function(ctx, next)
         next()
         read = rawget(ctx._event, "text")
      end)
      post(chatbot("/a", { sender = { type = "BOT" } }))
      assert.is_nil(read)
      post(chatbot "/b")
      assert.equal("/b", read)
   end)
end)

describe("bot:start", function()
   it("hears the touch point from which the bot was opened, and gets its id", function()
      local bot, post = new_bot()
      local heard = {}
      bot:start("MY_POST", function(_, id) heard[#heard + 1] = id or "no id" end)
      post(fixture.bytes "in.new_chatbot_message.start_my_post")
      post(fixture.bytes "in.new_chatbot_message.start_my_post_no_token")
      post(fixture.bytes "in.new_chatbot_message.start_my_divar")
      assert.same({ "gZd7omnS", "no id" }, heard)
   end)

   it("consumes the message: handlers of `on` do not fire, wherever they stand", function()
      local bot, post = new_bot()
      local heard = {}
      bot:on("chatbot", function() heard[#heard + 1] = "on" end)
      bot:start("MY_POST", function() heard[#heard + 1] = "start" end)
      post(fixture.bytes "in.new_chatbot_message.start_my_post")
      post(chatbot "/start MY_DIVAR")
      assert.same({ "start", "on" }, heard)
   end)

   it("takes every touch point with a star", function()
      local bot, post = new_bot()
      local heard
      bot:start("*", function(ctx) heard = ctx.start.touch_point end)
      post(chatbot "/start SOMETHING_NEW 5")
      assert.equal("SOMETHING_NEW", heard)
   end)
end)

describe("a click", function()
   it("on our server link calls the handler named by the button and opens the URL it returns", function()
      local bot, post = new_bot()
      local seen
      bot:server_link("visit", function(ctx)
         seen = ctx.data
         return "https://shop.example.ir/visit"
      end)
      local response = post(click { kenar_action = "visit", kenar_via = "bot", post = "gZd7omnS" })
      assert.equal(200, response.status)
      assert.same({ url = "https://shop.example.ir/visit" }, json.decode(response.body))
      assert.same({ post = "gZd7omnS" }, seen)
   end)

   it("goes back to Divar where the handler returns nil, by Divar's own URL only", function()
      local bot, post = new_bot()
      bot:server_link("visit", function() end)
      local function url_for(return_url)
         local body = click { kenar_action = "visit" }
         body.return_url = return_url
         return json.decode(post(body).body).url
      end
      local completion = "https://open-platform-redirect.divar.ir/completion"
      assert.equal(completion, url_for(nil))
      assert.equal("https://divar.ir/v/x", url_for "https://divar.ir/v/x")
      assert.equal("https://chat.divar.ir", url_for "https://chat.divar.ir")
      for _, hostile in ipairs {
         "https://divar.ir.example.com/", "http://divar.ir/", "https://example.com/divar.ir", "javascript:alert(1)",
         "https://divar.ir@example.com/", "https://a.b.divar.ir/", "https://divar.ir:8080/",
      } do
         assert.equal(completion, url_for(hostile))
      end
   end)

   it("opens the app's own session where no button of ours was pressed", function()
      local bot, post = new_bot()
      bot:session_init("CHAT", function() return "https://shop.example.ir/chat" end)
      bot:session_init("*", function(ctx) return "https://shop.example.ir/" .. (ctx.source or "legacy") end)
      assert.same({ url = "https://shop.example.ir/chat" },
         json.decode(post(fixture.bytes "in.session_init_v2.management_provider_data").body))
      assert.same({ url = "https://shop.example.ir/POST_ADDON" },
         json.decode(post(fixture.bytes "in.session_init_v2.post_adodn_typo").body))
   end)

   it("answers the old form in the old form", function()
      local bot, post = new_bot()
      bot:session_init("*", function() return "https://yourdomain.com/some/where/to/start" end)
      assert.same(fixture.value "reply.session_init_legacy.status_string",
         json.decode(post(fixture.bytes "in.legacy_session_init.captured_shape").body))
   end)

   it("on our dynamic action shows the text that the handler returns", function()
      local bot, post = new_bot()
      bot:dynamic_action("vote", function(ctx) return "رأی: " .. ctx.data.answer end)
      local response = post(action { kenar_action = "vote", answer = "yes" })
      assert.same({ text_message = "رأی: yes" }, json.decode(response.body))
   end)

   it("on our dynamic action does what the handler returns", function()
      local bot, post = new_bot()
      local answer
      bot:dynamic_action("go", function() return answer end)
      local function reply_to(value)
         answer = value
         return json.decode(post(action { kenar_action = "go", kenar_via = "bot" }).body)
      end
      assert.same(fixture.value "reply.dynamic_action.direct_link", reply_to {
         text = "متن اختیاری", direct_link = "https://your-domain.com/direct-link",
      })
      assert.same(fixture.value "reply.dynamic_action.open_post_page", reply_to { post_page = "gZd7omnS" })
      assert.same({ action = { open_server_link = { data = { kenar_action = "visit", kenar_via = "bot", n = 1 } } } },
         reply_to { server_link = "visit", data = { n = 1 } })
      assert.same({}, reply_to(nil))
   end)

   it("that no handler wants goes back to Divar, and is logged", function()
      local _, post = new_bot()
      local response, _, host = post(click { kenar_action = "gone" })
      assert.same({ url = "https://open-platform-redirect.divar.ir/completion" }, json.decode(response.body))
      assert.matches('msg="no handler" action=gone', host.lines[1])
      assert.equal("{}", post(action { kenar_action = "gone" }).body)
   end)
end)

describe("a message that no handler wants", function()
   it("is logged, so that nobody has to wonder why the bot is silent", function()
      local _, post = new_bot { log_level = "info" }
      local _, _, host = post(chatbot "x")
      assert.matches('level=info msg="no handler" conversation=conv%-1 event=message type=NEW_CHATBOT_MESSAGE',
         host.lines[1])
   end)

   it("is not, where a bot wrote it, or where a handler heard it", function()
      local bot, post = new_bot { log_level = "info" }
      bot:on("post", function() end)
      local _, _, host = post(chatbot("x", { sender = { type = "BOT" } }))
      post(post_message "x")
      assert.is_nil(table.concat(host.lines, "\n"):find("no handler", 1, true))
      assert.equal(2, #host.lines)
   end)
end)

describe("a handler that fails", function()
   it("leaves the event answered 200, and says why in the log", function()
      local bot, post = new_bot()
      bot:on("chatbot", function() error "shop is closed" end)
      local response, _, host = post(chatbot "x")
      assert.equal(200, response.status)
      assert.equal("{}", response.body)
      assert.matches("level=error", host.lines[1])
      assert.matches("shop is closed", host.lines[1])
   end)

   it("is not built with a fallback that leads nowhere", function()
      assert.error_matches(function() kenar.bot { fallback = { url = "shop.example.ir/sorry" } } end,
         "fallback.url: expected an absolute URL of at most 2048 bytes, got shop.example.ir/sorry")
   end)

   it("gives the user of a click the fallback", function()
      local bot, post = new_bot { fallback = { url = "https://shop.example.ir/sorry", text = "بعداً" } }
      bot:server_link("visit", function() error "x" end)
      bot:dynamic_action("vote", function() error "x" end)
      assert.same({ url = "https://shop.example.ir/sorry" }, json.decode(post(click { kenar_action = "visit" }).body))
      assert.same({ text_message = "بعداً" }, json.decode(post(action { kenar_action = "vote" }).body))
   end)

   it("has failed too when it returns what cannot be answered", function()
      local bot, post = new_bot()
      local caught = {}
      bot:catch(function(err) caught[#caught + 1] = err end)
      bot:server_link("visit", function() return "not a url" end)
      bot:dynamic_action("vote", function() return { direct_link = "https://a", post_page = "b" } end)
      assert.equal(200, post(click { kenar_action = "visit" }).status)
      assert.equal("{}", post(action { kenar_action = "vote" }).body)
      assert.equal("handler", caught[1].kind)
      assert.matches('absolute URL or nil, got "not a url"', caught[1].message)
      assert.matches("exactly one action", caught[2].message)
   end)

   it("is handed to catch with its context", function()
      local bot, post = new_bot()
      local caught
      bot:catch(function(err, ctx) caught = { err = err, text = ctx.text } end)
      bot:on("chatbot", function() error "shop is closed" end)
      local _, _, host = post(chatbot "hello")
      assert.equal("handler", caught.err.kind)
      assert.matches("bot_spec.lua:%d+: shop is closed", caught.err.message)
      assert.equal("hello", caught.text)
      assert.same({}, host.lines)
   end)

   it("hands Divar's own error to catch as it is", function()
      local bot, post = new_bot(nil, { { status = 429, body = "{}" } })
      local caught
      bot:catch(function(err) caught = err end)
      bot:on("chatbot", function(ctx) ctx:reply "x" end)
      post(chatbot "hello")
      assert.is_true(errors.is(caught))
      assert.equal("rate_limited", caught.kind)
      assert.equal("send_bot_message", caught.endpoint)
   end)

   it("does not take the bot down when catch fails as well", function()
      local bot, post = new_bot()
      bot:catch(function() error "catch too" end)
      bot:on("chatbot", function() error "first" end)
      local response, _, host = post(chatbot "x")
      assert.equal(200, response.status)
      assert.matches("catch too", host.lines[1])
      assert.matches("first", host.lines[1])
   end)
end)

describe("bot:use", function()
   it("wraps every event, in the order given", function()
      local bot, post = new_bot()
      local order = {}
      for _, name in ipairs { "a", "b" } do
         bot:use(function(_, next)
            order[#order + 1] = name .. " in"
            local value = next()
            order[#order + 1] = name .. " out"
            return value
         end)
      end
      bot:dynamic_action("vote", function()
         order[#order + 1] = "handler"
         return "ok"
      end)
      assert.same({ text_message = "ok" }, json.decode(post(action { kenar_action = "vote" }).body))
      assert.same({ "a in", "b in", "handler", "b out", "a out" }, order)
   end)

   it("may answer by itself", function()
      local bot, post = new_bot()
      bot:use(function() return "https://shop.example.ir/closed" end)
      bot:server_link("visit", function() return "https://shop.example.ir/visit" end)
      assert.same({ url = "https://shop.example.ir/closed" },
         json.decode(post(click { kenar_action = "visit" }).body))
   end)
end)

describe("ctx:reply", function()
   it("answers in the bot's chat", function()
      local bot, post = new_bot()
      bot:on("chatbot", function(ctx) ctx:reply "سلام" end)
      local _, requests = post(chatbot "x")
      assert.matches("/v1/open%-platform/chat/bot/conversations/conv%-1/messages$", requests[1].url)
      assert.same({ type = "TEXT", text_message = "سلام" }, json.decode(requests[1].body))
   end)

   it("answers in the post's chat with the client's own token", function()
      local bot, post = new_bot { access_token = "ory_at_1" }
      bot:on("post", function(ctx) ctx:reply { text = "سلام" } end)
      local _, requests = post(post_message "x")
      assert.matches("/v2/open%-platform/conversations/conv%-2/messages$", requests[1].url)
      assert.equal("Bearer ory_at_1", requests[1].headers.authorization)
   end)

   it("answers a press in the chat that the button says it stood in", function()
      local bot, post = new_bot { access_token = "ory_at_1" }
      bot:dynamic_action("vote", function(ctx)
         ctx:reply "x"
         return nil
      end)
      local body = action { kenar_action = "vote", kenar_via = "bot" }
      body.post_token = "gZd7omnS"
      local _, requests = post(body)
      assert.matches("/chat/bot/conversations/conv%-1/", requests[1].url)
      body.extra_data.kenar_via = nil
      post(body)
      assert.matches("/v2/open%-platform/conversations/conv%-1/", requests[2].url)
   end)

   it("raises when the event names no conversation", function()
      local bot, post = new_bot()
      local caught
      bot:catch(function(err) caught = err end)
      bot:on("unknown", function(ctx) ctx:reply "x" end)
      post { type = "SOMETHING_NEW" }
      assert.equal("invalid", caught.kind)
      assert.equal("conversation_id", caught.path)
   end)
end)

describe("kenar.bot", function()
   it("does no I/O and reads no environment when it is built", function()
      local bot = kenar.bot {}
      assert.is_nil(bot.client)
      assert.is_nil(bot.host)
   end)

   it("takes what its options leave out from the environment, once it is attached", function()
      local settings = require "kenar.settings"
      local environment = { KENAR_API_KEY = "from env", KENAR_IDENTIFICATION_KEY = "id", KENAR_BASE_URL = "" }
      local values = settings.resolve({ api_key = "given" }, nil, function(name) return environment[name] end)
      assert.equal("given", values.api_key)
      assert.same({ "id" }, values.identification_key)
      assert.equal("https://open-api.divar.ir", values.base_url)
   end)

   it("names what it lacks", function()
      local bot = kenar.bot():attach(edge.host {})
      assert.same({ "api_key", "identification_key" }, bot:missing())
   end)

   it("raises for an option it does not know", function()
      assert.error_matches(function() kenar.bot { api_kye = "x" } end, 'unknown option "api_kye"')
      assert.error_matches(function() kenar.bot { prefix = "kenar" } end, "prefix: expected a path")
      assert.error_matches(function() kenar.bot { identification_key = { 5 } } end, "expected strings, got number at 1")
   end)

   it("shows no secret when printed", function()
      local bot = kenar.bot { name = "shop", api_key = "key-1" }
      assert.equal("kenar.bot shop", tostring(bot))
   end)
end)
