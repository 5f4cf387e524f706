local sandboxed = require "spec.support.sandboxed"

describe("what the sandbox's page can do", function()
   local site

   before_each(function()
      site = sandboxed.open()
   end)

   after_each(function()
      site:close()
   end)

   local function chat()
      local _, conversation = site:call("POST", "/sandbox/chatbots", {})
      return conversation
   end

   local function act(fields)
      fields.brief = true
      local status, answer = site:call("POST", "/sandbox/acts", fields)
      assert.equal(200, status, answer.error)
      return answer
   end

   local function say(conversation, text)
      return act { act = "say", conversation_id = conversation.id, side = "USER", text = text }
   end

   local function exchange(number)
      local status, answer = site:call("GET", "/sandbox/exchange?number=" .. number)
      assert.equal(200, status, answer.error)
      return answer
   end

   describe("with an argument of the wrong type", function()
      local right = {
         say = { side = "USER", text = "x" }, send = { side = "USER", kind = "image", content = {} },
         start = { touch_point = "CHAT", id = "x" }, open = { side = "USER", source = "CHAT" },
         press = { side = "USER", which = 1 }, visit = { user = "a", source = "POST_ADDON", post_token = "gZd7omnS" },
         direct_link = { post_token = "gZd7omnS" }, consent = { user = "a", url = "x", deny = true },
         revoke = { user = "a" }, pay = { transaction = {}, metadata = {} },
         update_post = { post_token = "gZd7omnS", change = "PUBLISH", fields = {} },
      }

      local function takes(fit, value)
         if type(fit) == "table" then
            return type(value) == "table" and value.a ~= nil
         end
         return type(value) == type(fit)
      end

      for name, arguments in pairs(right) do
         it("of " .. name .. " is refused, and the argument named", function()
            local conversation = chat()
            for argument, fit in pairs(arguments) do
               for _, value in ipairs { false, 1.5, "x", { a = 1 }, { 1, 2 } } do
                  local body = { act = name, conversation_id = conversation.id }
                  for each, given in pairs(arguments) do
                     body[each] = given
                  end
                  body[argument] = value
                  local status, answer = site:call("POST", "/sandbox/acts", body)
                  if argument == "which" or takes(fit, value) then
                     assert.is_true(status == 200 or status == 400, answer.error)
                  else
                     assert.equal(400, status)
                     assert.equal(argument .. ": expected ", answer.error:sub(1, #argument + 11))
                  end
               end
            end
         end)
      end

      it("of another call is refused", function()
         local fields = {
            replay = { "number" }, hearing = { "post_token", "is_heard" }, blocking = { "conversation_id" },
            urls = { "bot", "events", "session", "action", "fallback", "redirect" }, faults = { "kind", "at", "times" },
         }
         for name, names in pairs(fields) do
            for _, field in ipairs(names) do
               for _, value in ipairs { 1.5, { a = 1 }, { 1, 2 } } do
                  local status, answer = site:call("POST", "/sandbox/" .. name, { [field] = value })
                  assert.equal(400, status, name .. ": " .. field)
                  assert.is_string(answer.error)
               end
            end
         end
      end)
   end)

   describe("press", function()
      it("means the button that was pointed at, also where a newer message has one of that name", function()
         local asked = {}
         site.bot:on("chatbot", function(ctx)
            ctx:reply { text = ctx.text, buttons = { { "یکی", dynamic_action = "ask", data = { of = ctx.text } } } }
         end)
         site.bot:dynamic_action("ask", function(ctx)
            asked[#asked + 1] = ctx.data.of
            return ctx.data.of
         end)
         local conversation = chat()
         say(conversation, "الف")
         say(conversation, "ب")
         local older = site.judge.state.conversations[conversation.id].messages[2]
         local answer = act {
            act = "press", conversation_id = conversation.id, side = "USER",
            which = { message_id = older.id, number = 1 },
         }
         assert.equal("الف", answer.seen.text)
         assert.same({ "الف" }, asked)
      end)

      it("says that a button is not there any more", function()
         local conversation = chat()
         site.bot:on("chatbot", function(ctx) ctx:reply { text = "x", buttons = { { "a", post_page = "p" } } } end)
         say(conversation, "x")
         local status, answer = site:call("POST", "/sandbox/acts", {
            act = "press", conversation_id = conversation.id, side = "USER",
            which = { message_id = "gone", number = 1 },
         })
         assert.same({ 400, "there is no such button any more" }, { status, answer.error })
      end)

      it("tells which exchanges it led to", function()
         site.bot:on("chatbot", function(ctx)
            ctx:reply { text = "x", buttons = { { "a", server_link = "visit" } } }
         end)
         site.bot:server_link("visit", function() return "https://example.com" end)
         local conversation = chat()
         say(conversation, "x")
         local answer = act { act = "press", conversation_id = conversation.id, side = "USER", which = "a" }
         assert.equal(1, #answer.exchanges)
         local shown = exchange(answer.exchanges[1])
         assert.same({ "session_init", 200 }, { shown.event, shown.response.status })
         assert.equal('{"url":"https://example.com"}', shown.response.body)
      end)
   end)

   describe("an exchange", function()
      it("comes with its headers, its secrets masked", function()
         site.bot:on("chatbot", function(ctx) ctx:reply "بله" end)
         say(chat(), "سلام")
         local sent = exchange(1)
         assert.same({ "send_bot_message", "***" }, { sent.endpoint, sent.headers["x-api-key"] })
         assert.equal("application/json", sent.headers["content-type"])
         assert.truthy(sent.url:find("^" .. site.sandbox:url():gsub("%p", "%%%0") .. "/v1/"))
         local told = exchange(2)
         assert.equal("***", told.headers.authorization)
         assert.equal(("http://127.0.0.1:%d/kenar/events"):format(site.listener:port()), told.url)
      end)

      it("has what is wrong with a body, and where", function()
         site:ask("POST", "/v1/open-platform/chat/bot/conversations/x/messages", {
            ["x-api-key"] = "sandbox-api-key", ["content-type"] = "application/json",
         }, '{"text_message": "a", "colour": "red"}')
         local shown = exchange(1)
         assert.is_true(shown.has_errors)
         assert.equal("colour", shown.findings[1].path)
      end)

      it("has what is wrong with the bot's answer, and where", function()
         site.answer = function()
            return { status = 200, body = '{"action": {"open_direct_link": 7}}' }
         end
         site.judge.state:chatbot(site.judge.state:user("customer").id)
         local conversation = chat()
         local message = site.judge.state:add_message(site.judge.state.conversations[conversation.id], {
            sender = { type = "BOT" }, type = "TEXT", text = "x",
            buttons = { USER = { { { caption = "a", action = { get_dynamic_action = { data = {} } } } } } },
         })
         local answer = act {
            act = "press", conversation_id = conversation.id, side = "USER",
            which = { message_id = message.id, number = 1 },
         }
         local shown = exchange(answer.exchanges[1])
         assert.equal("bad_answer", shown.diagnosis.code)
         assert.equal("action.open_direct_link", shown.answer_findings[1].path)
      end)

      it("is told of briefly in the list", function()
         say(chat(), "سلام")
         local _, log = site:call("GET", "/sandbox/log?brief=1")
         assert.is_nil(log.exchanges[1].headers)
         assert.equal("NEW_CHATBOT_MESSAGE", log.exchanges[1].event)
      end)

      it("that is no more is said to be so", function()
         local status, answer = site:call("GET", "/sandbox/exchange?number=9")
         assert.same({ 400, "there is no exchange 9 any more" }, { status, answer.error })
      end)
   end)

   describe("replay", function()
      it("gives the bot the same bytes again", function()
         local bodies = {}
         site.answer = function(_, request)
            bodies[#bodies + 1] = request.body
            return { status = 200, body = "{}" }
         end
         say(chat(), "سلام")
         local _, answer = site:call("POST", "/sandbox/replay", { number = 1 })
         assert.equal(2, answer.number)
         assert.equal(2, #bodies)
         assert.equal(bodies[1], bodies[2])
         local shown = exchange(2)
         assert.same({ 1, 200 }, { shown.replay_of, shown.response.status })
      end)

      it("calls Divar again with the same key and bytes", function()
         site.bot:on("chatbot", function(ctx) ctx:reply "بله" end)
         local conversation = chat()
         say(conversation, "سلام")
         local _, answer = site:call("POST", "/sandbox/replay", { number = 1 })
         local again = exchange(answer.number)
         assert.same({ "send_bot_message", 200, 1 }, { again.endpoint, again.response.status, again.replay_of })
         local messages = site.judge.state.conversations[conversation.id].messages
         assert.equal("بله", messages[3].text)
      end)

      it("says that there is nothing to repeat", function()
         local status, answer = site:call("POST", "/sandbox/replay", { number = 5 })
         assert.same({ 400, "there is no exchange 5 any more" }, { status, answer.error })
      end)
   end)

   it("follows a direct link, as a browser does", function()
      local asked
      site.answer = function(_, request)
         asked = request
         return { status = 302, headers = { location = "https://example.com/there" }, body = "" }
      end
      local answer = act { act = "direct_link", post_token = "gZd7omnS" }
      assert.equal("https://example.com/there", answer.seen.url)
      assert.same({ "GET", "/kenar/fallback" }, { asked.method, asked.path })
      assert.truthy(asked.query:find "post_token=gZd7omnS")
      assert.is_nil(asked.headers.authorization)
   end)

   it("asks the bot for something without consequence", function()
      local answer = act { act = "check" }
      assert.is_nil(answer.problem)
      assert.equal("SANDBOX_CHECK", exchange(answer.exchanges[1]).event)
   end)

   it("tells the bot of a post's messages without its asking, and stops doing so", function()
      local heard = {}
      site.bot:on("post", function(ctx) heard[#heard + 1] = ctx.text end)
      local _, conversation = site:call("POST", "/sandbox/conversations", { post_token = "gZd7omnS" })
      local function write(text)
         act { act = "say", conversation_id = conversation.id, side = "BUYER", text = text }
      end
      write "الف"
      site:call("POST", "/sandbox/hearing", { post_token = "gZd7omnS", is_heard = true })
      write "ب"
      site:call("POST", "/sandbox/hearing", { post_token = "gZd7omnS", is_heard = false })
      write "پ"
      assert.same({ "ب" }, heard)
   end)

   it("refuses the bot's messages in a conversation, and takes them again", function()
      local statuses = {}
      site.bot:on("chatbot", function(ctx)
         local ok, err = pcall(ctx.reply, ctx, "بله")
         statuses[#statuses + 1] = ok and 200 or err.status
      end)
      local conversation = chat()
      for _, is_blocked in ipairs { true, false } do
         site:call("POST", "/sandbox/blocking", { conversation_id = conversation.id, is_blocked = is_blocked })
         say(conversation, "سلام")
      end
      assert.same({ 412, 200 }, statuses)
   end)

   describe("the panel's URLs", function()
      local function set(urls)
         return site:call("POST", "/sandbox/urls", urls)
      end

      it("can be those of an app with other paths than a kenar bot", function()
         local asked = {}
         site.answer = function(_, request)
            asked[#asked + 1] = request.path .. (request.query and "?" .. request.query or "")
            return { status = 200, body = '{"url":"https://example.com"}' }
         end
         local base = ("http://127.0.0.1:%d"):format(site.listener:port())
         local listener = site:listen()
         assert.equal(200, (set {
            events = base .. "/hook/", session = base .. "/start?app=1", fallback = base .. "/direct",
            redirect = { base .. "/a", base .. "/b" },
         }))
         local told = site:event(listener, "app")
         assert.same({ base .. "/a", base .. "/b" }, told.app.redirect_uris)
         assert.equal(base .. "/kenar/action", told.app.urls.action)
         local conversation = chat()
         say(conversation, "سلام")
         act { act = "open", conversation_id = conversation.id, side = "USER", source = "CHAT" }
         act { act = "direct_link", post_token = "gZd7omnS" }
         assert.same({ "/hook/", "/start?app=1" }, { asked[1], asked[2] })
         assert.truthy(asked[3]:find "^/direct%?post_token=gZd7omnS&")
         local _, consent = site:call("POST", "/sandbox/acts", {
            act = "consent", user = "seller", deny = true, url = "http://x/oauth2/auth?response_type=code"
               .. "&client_id=sandbox-app&state=s&scope=USER_ID&redirect_uri=" .. base .. "/b",
         })
         assert.truthy(consent.seen.url:find(base .. "/b?", 1, true))
      end)

      it("are all those below `bot`, when that is what is set", function()
         set { events = "http://127.0.0.1:1/hook", redirect = { "http://127.0.0.1:1/back" } }
         set { bot = "http://127.0.0.1:2/shop/", action = "http://127.0.0.1:3/act" }
         local _, state = site:call("GET", "/sandbox/state")
         assert.same({
            events = "http://127.0.0.1:2/shop/events", session = "http://127.0.0.1:2/shop/session",
            action = "http://127.0.0.1:3/act", fallback = "http://127.0.0.1:2/shop/fallback",
         }, state.urls)
         assert.same({ "http://127.0.0.1:2/shop/oauth/return" }, state.app.redirect_uris)
      end)

      it("stay as they were when one of them cannot be", function()
         local _, before = site:call("GET", "/sandbox/state")
         for problem, urls in pairs {
            ["session: expected a URL such as http://127.0.0.1:8080/events"] = {
               events = "http://127.0.0.1:1/e", session = "there",
            },
            ["redirect: expected a list of URLs"] = {
               events = "http://127.0.0.1:1/e", redirect = "http://127.0.0.1:1/",
            },
            ["redirect[1]: a redirect URL has no query, such data belong into state"] = {
               redirect = { "http://127.0.0.1:1/?a=b" },
            },
            ["unknown field event; known are action, bot, events, fallback, redirect, session"] = { event = "x" },
         } do
            local status, answer = set(urls)
            assert.same({ 400, problem }, { status, answer.error })
         end
         local _, after = site:call("GET", "/sandbox/state")
         assert.same(before.urls, after.urls)
      end)
   end)

   it("tells what a page needs to know of the sandbox", function()
      local _, state = site:call("GET", "/sandbox/state")
      assert.same({ "KENAR_BASE_URL", site.sandbox:url() }, state.app.environment[1])
      assert.same({ patience = 2, timeout = 10 }, state.app.limits)
      assert.truthy(#state.app.places > 20)
      assert.equal(site.sandbox.boot, state.boot)
   end)
end)
