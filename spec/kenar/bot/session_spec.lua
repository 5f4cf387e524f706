local errors = require "kenar.error"
local kenar = require "kenar"
local memory = require "kenar.store.memory"
local scratch = require "spec.support.scratch"
local stores = require "kenar.store"
local testing = require "kenar.testing"

local rehearsed = {}

-- A bot that runs `handle(ctx)` for each message and `press(ctx)` for each press on its button, and a Divar before it.
local function rehearse(handle, options, store, press)
   local bot = kenar.bot(options)
   local caught = {}
   bot:catch(function(err) caught[#caught + 1] = err end)
   bot:command("button", function(ctx) ctx:reply { text = "x", buttons = { { "دکمه", dynamic_action = "go" } } } end)
   bot:dynamic_action("go", press or handle)
   bot:on("chatbot", handle)
   local divar = testing.divar(bot, { settings = { store = store } })
   rehearsed[#rehearsed + 1] = divar
   return divar:chatbot {}, caught, divar
end

-- Counts a conversation's messages in its session.
local function count(ctx)
   ctx.session.count = (ctx.session.count or 0) + 1
   ctx:reply(("%d"):format(ctx.session.count))
end

for _, kind in ipairs { "memory", "sqlite" } do
   describe("ctx.session, kept in the store " .. kind, function()
      local folder, store

      before_each(function()
         folder = scratch.new()
         store = kind == "memory" and "memory:" or "sqlite:" .. folder:file "bot.db"
      end)

      after_each(function()
         while rehearsed[1] do
            table.remove(rehearsed):close()
         end
         folder:remove()
      end)

      it("is an empty table first, and then what the handlers put there", function()
         local chat = rehearse(count, nil, store)
         assert.equal("1", chat:say("a").text)
         assert.equal("2", chat:say("b").text)
      end)

      it("is one for each conversation", function()
         local chat, _, divar = rehearse(count, nil, store)
         chat:say "a"
         local other = divar:chatbot { user = "other" }
         assert.equal("1", other:say("a").text)
         assert.equal("2", chat:say("b").text)
      end)

      it("is the same for messages and for presses", function()
         local chat = rehearse(count, nil, store, function(ctx) return "count " .. ctx.session.count end)
         chat:say "a"
         chat:say "/button"
         assert.same({ text = "count 1" }, chat:press "دکمه")
      end)

      it("keeps what JSON keeps", function()
         local given = { name = "سارا", list = { 1, 2.5, "x", false }, deep = { { a = true } }, big = 1729429926141234 }
         local seen
         local chat = rehearse(function(ctx)
            seen = ctx.session.given
            ctx.session.given = given
         end, nil, store)
         chat:say "a"
         chat:say "b"
         assert.same(given, seen)
      end)

      it("is replaced by a table, and deleted by nil", function()
         local seen = {}
         local chat = rehearse(function(ctx)
            seen[#seen + 1] = ctx.session
            if ctx.text == "replace" then
               ctx.session = { a = 1 }
            elseif ctx.text == "delete" then
               ctx.session = nil
            end
         end, nil, store)
         for _, text in ipairs { "replace", "look", "delete", "look" } do
            chat:say(text)
         end
         assert.same({ {}, { a = 1 }, { a = 1 }, {} }, seen)
      end)

      it("begins as the option `initial` says, which sees the context", function()
         local chat = rehearse(function(ctx)
            ctx.session.visits = ctx.session.visits + 1
            ctx:reply(("%s %d"):format(ctx.session.first, ctx.session.visits))
         end, { session = { initial = function(ctx) return { first = ctx.text, visits = 0 } end } }, store)
         assert.equal("a 1", chat:say("a").text)
         assert.equal("a 2", chat:say("b").text)
      end)

      it("stays as it was when the handler fails", function()
         local chat, caught = rehearse(function(ctx)
            count(ctx)
            if ctx.text == "fail" then
               error "later"
            end
         end, nil, store)
         chat:say "a"
         chat:say "fail"
         assert.matches("later", caught[1].message)
         assert.equal("2", chat:say("b").text)
      end)

      it("stays as it was when Divar refuses what the handler says", function()
         local chat, caught, divar = rehearse(count, nil, store)
         divar:fail { at = "send_bot_message", status = 429, times = 3 }
         chat:say "a"
         assert.equal("rate_limited", caught[1].kind)
         assert.equal("1", chat:say("b").text)
      end)

      it("is forgotten a day after it was used last", function()
         local chat, _, divar = rehearse(count, nil, store)
         chat:say "a"
         divar:advance(86399)
         assert.equal("2", chat:say("b").text)
         divar:advance(86401)
         assert.equal("1", chat:say("c").text)
      end)

      it("lives as long as the option `ttl` says, and longer where it is only read", function()
         local chat, _, divar = rehearse(function(ctx)
            if ctx.text == "set" then
               ctx.session.set = true
            end
            ctx:reply(tostring(ctx.session.set))
         end, { session = { ttl = 100 } }, store)
         chat:say "set"
         divar:advance(60)
         assert.equal("true", chat:say("look").text)
         divar:advance(60)
         assert.equal("true", chat:say("look").text)
         divar:advance(101)
         assert.equal("nil", chat:say("look").text)
      end)

      it("is saved although it expired while the handler was at work", function()
         local chat, caught = rehearse(function(ctx)
            count(ctx)
            if ctx.text == "slow" then
               ctx.bot.host.sleep(11)
            end
         end, { session = { ttl = 10 } }, store)
         chat:say "a"
         assert.equal("2", chat:say("slow").text)
         assert.equal("3", chat:say("b").text)
         assert.same({}, caught)
      end)
   end)
end

describe("ctx.session", function()
   -- A store that notes the calls that concern sessions.
   local function noting()
      local inner, calls = memory.new(), {}
      local noted = {}
      for _, name in ipairs { "get", "set", "del", "incr", "add", "cas" } do
         noted[name] = function(_, key, ...)
            if key:find("session:", 1, true) then
               calls[#calls + 1] = name
            end
            return inner[name](inner, key, ...)
         end
      end
      return noted, calls
   end

   it("costs nothing in handlers that do not ask for it", function()
      local store, calls = noting()
      rehearse(function(ctx) ctx:reply "x" end, nil, store):say "a"
      assert.same({}, calls)
   end)

   it("is loaded once, and written only where it changed", function()
      local store, calls = noting()
      local chat = rehearse(function(ctx)
         assert.is_nil(ctx.session.a)
         assert.is_nil(ctx.session.b)
         if ctx.text == "set" then
            ctx.session.list = { "a" }
         elseif ctx.text == "deep" then
            table.insert(ctx.session.list, "b")
         end
      end, nil, store)
      chat:say "look"
      assert.same({ "get" }, calls)
      chat:say "set"
      assert.same({ "get", "get", "add" }, calls)
      chat:say "look"
      assert.same({ "get", "get", "add", "get" }, calls)
      chat:say "deep"
      assert.same({ "get", "get", "add", "get", "get", "cas" }, calls)
   end)

   it("leaves nothing in the store when it is deleted", function()
      local store = memory.new()
      local chat = rehearse(function(ctx)
         ctx.session = ctx.text == "set" and { a = 1 } or nil
      end, nil, store)
      local key = "kenar:session:" .. chat.id
      chat:say "set"
      assert.matches('"data":{"a":1}', store:get(key), 1, true)
      chat:say "delete"
      assert.is_nil(store:get(key))
   end)

   it("is that of the conversation in which a user was asked for his consent", function()
      local seen
      local bot = kenar.bot()
      bot:on("chatbot", function(ctx)
         ctx.session.wish = ctx.text
         ctx:reply { text = "x", buttons = { { "اجازه", direct_link = ctx:authorize "USER_ID" } } }
      end)
      bot:granted(function(ctx) seen = ctx.session.wish end)
      local divar = testing.divar(bot)
      local chat = divar:chatbot {}
      chat:say "دوچرخه"
      divar:consent(chat:press("اجازه").url)
      assert.equal("دوچرخه", seen)
   end)

   it("can be read after the handler, and not changed", function()
      local raised = {}
      local function try(f)
         local _, message = pcall(f)
         raised[#raised + 1] = message
      end
      local name
      local chat = rehearse(function(ctx)
         ctx.session.name = "سارا"
         ctx:after(function()
            name = ctx.session.name
            try(function() ctx.session = {} end)
            try(function() ctx:leave() end)
         end)
      end)
      chat:say "a"
      assert.equal("سارا", name)
      assert.matches("session_spec.lua:%d+: the handler has ended.*what changes now is lost", raised[1])
      assert.matches("session_spec.lua:%d+: the handler has ended", raised[2])
      chat = rehearse(function(ctx)
         ctx:after(function() try(function() return ctx.session.name end) end)
      end)
      chat:say "a"
      assert.matches("session_spec.lua:%d+: the handler has ended.*ask for ctx.session in the handler", raised[3])
   end)

   it("cannot be had where an event names no conversation", function()
      local caught
      local bot = kenar.bot()
      bot:catch(function(err) caught = err end)
      bot:on("unknown", function(ctx) return ctx.session.count end)
      testing.divar(bot)
      bot:handle {
         method = "POST", path = "/kenar", headers = { authorization = "testing-identification-key" },
         body = '{"type":"SOMETHING_NEW"}',
      }
      assert.matches("session_spec.lua:%d+: a session belongs to a conversation, and this event %(unknown%)",
         caught.message)
   end)

   -- What a handler does wrong, and what it is told.
   local mistakes = {
      ["a value that is no table"] = { function(ctx) ctx.session = "x" end,
         "session_spec.lua:%d+: ctx.session: expected a table or nil, got string" },
      ["an assignment to ctx.state"] = { function(ctx) ctx.state = "name" end,
         "session_spec.lua:%d+: ctx.state: a dialogue goes to a state by ctx:ask" },
      ["a function in it"] = { function(ctx) ctx.session.fn = print end,
         "a session is kept as JSON: .*function" },
      ["a list with holes"] = { function(ctx) ctx.session.list = { [1] = 1, [5] = 5 } end,
         "a session is kept as JSON" },
   }
   for what, case in pairs(mistakes) do
      it("refuses " .. what, function()
         local chat, caught = rehearse(case[1])
         chat:say "a"
         assert.matches(case[2], caught[1].message)
      end)
   end

   it("says where the value is that it cannot keep", function()
      local chat, caught = rehearse(function(ctx) ctx.session.items = { { "ok" }, { print } } end)
      chat:say "a"
      assert.equal("ctx.session.items[2][1]", caught[1].path)
   end)

   it("refuses an `initial` that gives no table", function()
      local chat, caught = rehearse(count, { session = { initial = function() return 5 end } })
      chat:say "a"
      assert.matches("session.initial: expected to be given a table, got number", caught[1].message)
   end)

   it("refuses options that it does not know", function()
      local _, message = pcall(function()
         kenar.bot { session = 5 }
      end)
      assert.matches("session_spec.lua:%d+: session: expected a table of ttl and initial, got number", message)
      assert.error_matches(function() kenar.bot { session = { tll = 5 } } end,
         'session: unknown option "tll"; options are initial and ttl')
      assert.error_matches(function() kenar.bot { session = { ttl = 0 } } end,
         "session.ttl: expected a number of seconds above 0, got 0")
      assert.error_matches(function() kenar.bot { session = { initial = {} } } end,
         "session.initial: expected a function")
   end)

   it("tells of a store that fails, and of one that fails when it saves", function()
      local broken = {}
      local inner = memory.new()
      local store = setmetatable({}, {
         __index = function(_, name)
            return function(_, ...)
               if broken[name] and (...):find("session:", 1, true) then
                  return nil, errors.new { kind = "store", message = "the disk is full" }
               end
               return inner[name](inner, ...)
            end
         end,
      })
      for _, name in ipairs { "get", "set", "del", "incr", "add", "cas" } do
         store[name] = store[name]
      end
      assert.is_true(stores.is(store))
      local chat, caught = rehearse(count, nil, store)
      broken.get = true
      assert.is_nil(chat:say "a")
      assert.equal("the disk is full", caught[1].message)
      broken.get, broken.add = nil, true
      assert.equal("1", chat:say("b").text)
      assert.equal("store", caught[2].kind)
      broken.add = nil
      assert.equal("1", chat:say("c").text)
   end)
end)

describe("ctx.session of an event that names no conversation", function()
   it("raises, for a payment, a post's update and a revocation, and says where else to keep it", function()
      local bot = kenar.bot {}
      local seen = {}
      local function try(ctx)
         local ok, err = pcall(function() return ctx.session end)
         local is_set = pcall(function() ctx.session = { paid = true } end)
         seen[#seen + 1] = { ctx.kind, ok, is_set, ctx.state == nil, tostring(err) }
         assert(ctx.bot.store:set("paid:" .. ctx.kind, "yes", 60))
      end
      for _, kind in ipairs { "payment_transaction", "post_update", "user_access_revocation" } do
         bot:on(kind, try)
      end
      local divar = testing.divar(bot)
      local post = divar:post { token = "AZf3Uqr3" }
      local token = divar:grant {
         user_id = post.seller, scopes = { "USER_ID", "USER_POSTS_GET", "NOTIFICATION_ACCESS_REVOCATION" },
      }
      assert(bot.client:as({ access_token = token }):subscribe { event_type = "POST_UPDATE", resource_id = post.token })
      divar:pay {}
      divar:update_post { token = post.token }
      divar:revoke "seller"
      assert.equal(3, #seen)
      for _, each in ipairs(seen) do
         assert.same({ each[1], false, false, true }, { each[1], each[2], each[3], each[4] })
         assert.truthy(each[5]:find("(" .. each[1] .. ") names none", 1, true))
         assert.truthy(each[5]:find("ctx.bot.store", 1, true))
      end
      assert.equal("yes", bot.store:get "paid:payment_transaction")
   end)
end)
