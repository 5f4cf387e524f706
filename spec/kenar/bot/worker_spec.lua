local inboxes = require "kenar.inbox"
local json = require "kenar.json"
local kenar = require "kenar"
local loop = require "kenar.host.loop"
local scratch = require "spec.support.scratch"
local virtual = require "kenar.host.virtual"
local working = require "kenar.bot.worker"

describe("a bot with an inbox", function()
   local folder, host, bot, work, heard, caught

   -- A bot, as a process that has just begun has one.
   local function start(define, options)
      options = options or {}
      options.url = "sqlite:" .. folder:file "inbox.db"
      bot = kenar.bot { api_key = "key-1", identification_key = "k" }
      bot:catch(function(err) caught[#caught + 1] = err.message:gsub("^.-: ", "") end)
      define(bot)
      bot:attach(host)
      work = assert(working.start(bot, options))
   end

   before_each(function()
      folder, heard, caught = scratch.new(), {}, {}
      host = virtual.new {}
   end)

   after_each(function()
      if work then
         work:close()
         work = nil
      end
      host:stop()
      assert.equal(0, host:count())
      folder:remove()
   end)

   local function message_of(id, conversation, text)
      return assert(json.encode {
         type = "NEW_CHATBOT_MESSAGE", new_chatbot_message = {
            id = id, conversation = { id = conversation or "c1", type = "BOT" }, sender = { type = "HUMAN" },
            type = "TEXT", text = text or id,
         },
      })
   end

   local function post(id, conversation, text)
      return host.spawn(bot.handle, bot, {
         method = "POST", path = "/kenar/events", headers = { authorization = "k" },
         body = message_of(id, conversation, text),
      })
   end

   local function status_of(task)
      local _, response = task:wait(0)
      return response and response.status
   end

   it("answers 200 before the handler has ended, and handles the event", function()
      start(function(b)
         b:on("chatbot", function(ctx)
            host.sleep(10)
            heard[#heard + 1] = ctx.text
         end)
      end)
      local posted = post("m1", "c1", "سلام")
      host:advance(0.01)
      assert.equal(200, status_of(posted))
      assert.same({}, heard)
      host:advance(10)
      assert.same({ "سلام" }, heard)
      assert.equal(0, work.inbox:stats().pending)
   end)

   it("handles an event that comes twice once", function()
      start(function(b)
         b:on("chatbot", function(ctx) heard[#heard + 1] = ctx.id end)
      end)
      local first, second = post "m1", post "m1"
      host:advance(1)
      local third = post "m1"
      host:advance(1)
      assert.same({ 200, 200, 200 }, { status_of(first), status_of(second), status_of(third) })
      assert.same({ "m1" }, heard)
   end)

   it("does not keep a press in it: the user waits", function()
      start(function(b)
         b:dynamic_action("price", function() return "12" end)
      end)
      local pressed = host.spawn(bot.handle, bot, {
         method = "POST", path = "/kenar/action", headers = { authorization = "k" },
         body = '{"touchpoint":"CHAT","conversation_id":"c1","extra_data":{"kenar_action":"price"}}',
      })
      host:advance(0.01)
      local _, response = pressed:wait(0)
      assert.equal('{"text_message":"12"}', response.body)
   end)

   it("tries an event whose handler failed again, and the later ones of its conversation wait", function()
      start(function(b)
         b:on("chatbot", function(ctx)
            heard[#heard + 1] = ctx.id .. " " .. ctx.attempt
            assert(ctx.id ~= "m1" or ctx.attempt == 3, "not yet")
         end)
      end)
      post("m1", "c1")
      post("m2", "c1")
      post("m3", "c2")
      host:advance(60)
      assert.same({ "m1 1", "m3 1", "m1 2", "m1 3", "m2 1" }, heard)
      assert.same({ "not yet", "not yet" }, caught)
   end)

   it("gives an event up after so many attempts, and goes on with the conversation", function()
      start(function(b)
         b:on("chatbot", function(ctx)
            heard[#heard + 1] = ctx.id
            assert(ctx.id ~= "m1", "never")
         end)
      end, { attempts = 3 })
      post "m1"
      post "m2"
      host:advance(600)
      assert.same({ "m1", "m1", "m1", "m2" }, heard)
      local stats = work.inbox:stats()
      assert.same({ 0, 1 }, { stats.pending, stats.dead })
      assert.matches("never", work.inbox:dead(nil, 10)[1].reason)
   end)

   it("runs ctx:after once the handler succeeded, and not before", function()
      start(function(b)
         b:on("chatbot", function(ctx)
            ctx:after(function() heard[#heard + 1] = "after attempt " .. ctx.attempt end)
            assert(ctx.attempt == 2)
         end)
      end)
      post "m1"
      host:advance(60)
      assert.same({ "after attempt 2" }, heard)
   end)

   it("works on as many conversations at a time as it has workers", function()
      local now, most = 0, 0
      start(function(b)
         b:on("chatbot", function()
            now = now + 1
            most = math.max(most, now)
            host.sleep(1)
            now = now - 1
            heard[#heard + 1] = true
         end)
      end, { workers = 3 })
      for number = 1, 10 do
         post("m" .. number, "c" .. number)
      end
      host:advance(60)
      assert.same({ 10, 3 }, { #heard, most })
   end)

   it("lets others have their turn, however many events wait whose handlers wait for nothing", function()
      host = loop.new {}
      local inbox = assert(inboxes.open("sqlite:" .. folder:file "inbox.db", host))
      for number = 1, 200 do
         assert(inbox:put { { body = message_of("m" .. number, "c" .. number), path = "/kenar/events" } })
      end
      assert(inbox:close())
      start(function(b)
         b:on("chatbot", function(ctx) heard[#heard + 1] = ctx.id end)
      end)
      local most, before = 0, 0
      local function look()
         most, before = math.max(most, #heard - before), #heard
         if #heard < 200 then
            host.spawn(look)
         end
      end
      host.spawn(look)
      host:run(function() return #heard == 200 end)
      look()
      assert.is_true(most <= 100, most)
      host:stop(0)
      host:run()
   end)

   it("hears of an event that comes while an inbox that waits is asked", function()
      local there, slow = {}, { stats = function() return { pending = 0 } end }
      function slow.take()
         local taken = there
         there = {}
         host.sleep(1)
         return taken
      end
      function slow.done() return true end
      function slow.close() return true end
      local open = inboxes.open
      inboxes.open = function() return slow end
      finally(function() inboxes.open = open end)
      start(function(b)
         b:on("chatbot", function(ctx) heard[#heard + 1] = ctx.id end)
      end)
      host.spawn(function()
         host.sleep(0.5)
         there = { { lease = 1, attempts = 1, body = message_of "m1", path = "/kenar/events" } }
         slow.on_ready()
      end)
      host:advance(10)
      assert.same({ "m1" }, heard)
   end)

   it("writes no secret into a dead letter", function()
      start(function(b)
         b:on("chatbot", function() error "refused: x-api-key key-1, Bearer ory_at_1" end)
      end, { attempts = 1 })
      post "m1"
      host:advance(1)
      local reason = work.inbox:dead(nil, 1)[1].reason
      assert.matches("refused: .*%*%*%*, Bearer %*%*%*$", reason)
      assert.not_matches("key%-1", reason)
   end)

   it("has a place for others again when a handler has not ended after ten minutes", function()
      start(function(b)
         b:on("chatbot", function(ctx)
            heard[#heard + 1] = ctx.id
            if ctx.id == "m1" then
               host.semaphore(0):wait()
            end
         end)
      end, { workers = 1, attempts = 1 })
      post("m1", "c1")
      post("m2", "c2")
      host:advance(590)
      assert.same({ "m1" }, heard)
      host:advance(120)
      assert.same({ "m1", "m2" }, heard)
      assert.equal("its lease was over before it was handled", work.inbox:dead(nil, 10)[1].reason)
   end)

   it("has tried no event before its program serves: a port that is taken costs none of its attempts", function()
      local function define(b)
         b:on("chatbot", function(ctx)
            heard[#heard + 1] = ctx.attempt
            host.sleep(1)
         end)
      end
      start(define)
      post "m1"
      host:advance(0.5)
      work:close()
      for _ = 1, 10 do
         start(define)
         work:close()
      end
      start(define)
      host:advance(5)
      assert.same({ 1, 1 }, heard)
      assert.equal(0, work.inbox:stats().dead)
   end)

   it("keeps what has not begun when it stops, for the next process", function()
      local function define(b)
         b:on("chatbot", function(ctx)
            host.sleep(1)
            heard[#heard + 1] = ctx.id
         end)
      end
      start(define)
      post "m1"
      post "m2"
      host:advance(0.5)
      work:stop()
      assert.is_true(bot:drain(5))
      work:close()
      assert.same({ "m1" }, heard)
      start(define)
      host:advance(5)
      assert.same({ "m1", "m2" }, heard)
   end)

   it("begins an event again whose handler the end of the process broke off", function()
      local function define(b)
         b:on("chatbot", function(ctx)
            heard[#heard + 1] = ctx.id
            if not heard[2] then
               host.sleep(3600)
            end
         end)
      end
      start(define)
      post "m1"
      host:advance(1)
      work:close()
      host:stop()
      host = virtual.new {}
      start(define)
      host:advance(1)
      assert.same({ "m1", "m1" }, heard)
      assert.equal(0, work.inbox:stats().pending)
   end)

   it("forgets the grants of a user who took his consent back before any handler hears of it", function()
      local user = "6GqmD76dle5NpJySqnBX8seTpt6uVtzqaNTNJU1ettI="
      start(function(b)
         b:on("user_access_revocation", function(ctx)
            local _, err = bot.grants:find { user_id = user, scope = "USER_ID" }
            heard[1] = { ctx.user_id, err.code_name }
         end)
      end)
      assert(bot.grants:save({ access_token = "t", scopes = { "USER_ID" }, expires_at = host.now() + 3600 },
         { user_id = user }))
      host.spawn(bot.handle, bot, {
         method = "POST", path = "/kenar/events", headers = { authorization = "k" },
         body = assert(json.encode { type = "USER_ACCESS_REVOCATION", user_access_revocation = { user_id = user } }),
      })
      host:advance(1)
      assert.same({ { user, "NO_GRANT" } }, heard)
   end)

   it("answers 503 when the event cannot be stored, and no handler hears of it", function()
      start(function(b)
         b:on("chatbot", function(ctx) heard[#heard + 1] = ctx.id end)
      end, { max_events = 1 })
      work:stop()
      local first, second = post "m1", post "m2"
      host:advance(1)
      assert.same({ 200, 503 }, { status_of(first), status_of(second) })
      assert.same({}, heard)
      assert.equal(1, #caught)
   end)

   it("sends what its handlers send once, though an event is tried again, where it asks for that", function()
      host = virtual.new { serves = { ["https://open-api.divar.ir"] = function(req)
         heard[#heard + 1] = json.decode(req.body).text_message
         return { status = 200, headers = {}, body = "{}" }
      end } }
      start(function(b)
         b:on("chatbot", function(ctx)
            ctx:once("greet", function() ctx:reply "سلام" end)
            assert(ctx.attempt == 2)
            ctx:reply "خوش آمدید"
         end)
      end)
      post "m1"
      host:advance(60)
      assert.same({ "سلام", "خوش آمدید" }, heard)
   end)
end)
