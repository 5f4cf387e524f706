local json = require "kenar.json"
local rules = require "kenar.sandbox.judge.rules"
local saved = require "kenar.sandbox.judge.saved"
local sandboxed = require "spec.support.sandboxed"

describe("the sandbox's state, saved", function()
   local site, other

   before_each(function()
      site = sandboxed.open { seed = "0000aaaa" }
      other = sandboxed.open { seed = "0000bbbb" }
   end)

   after_each(function()
      site:close()
      other:close()
   end)

   local function say(at, id, text)
      return at:call("POST", "/sandbox/acts", { act = "say", conversation_id = id, side = "USER", text = text })
   end

   -- Save the one and load the other, over HTTP.
   local function carry()
      local _, bytes = site:ask("GET", "/sandbox/saved")
      local status, body = other:ask("POST", "/sandbox/saved", {}, bytes)
      assert.equal(200, status, body)
      return bytes
   end

   it("has conversations, and they go on elsewhere", function()
      site.bot:on("chatbot", function(ctx)
         ctx:reply { text = "چه؟", buttons = { { "این", dynamic_action = "ask", data = { n = "1" } } } }
      end)
      other.bot:dynamic_action("ask", function(ctx) return "گفتید " .. ctx.data.n end)
      local _, conversation = site:call("POST", "/sandbox/chatbots", { user = "سارا" })
      say(site, conversation.id, "سلام")
      carry()
      local _, same = other:call("GET", "/sandbox/conversations?id=" .. conversation.id)
      assert.same({ "سلام", "چه؟" }, { same.messages[1].text, same.messages[2].text })
      local _, pressed = other:call("POST", "/sandbox/acts", {
         act = "press", conversation_id = conversation.id, side = "USER", which = "این",
      })
      assert.equal("گفتید 1", pressed.seen.text)
      local _, again = other:call("POST", "/sandbox/chatbots", { user = "سارا" })
      assert.equal(conversation.id, again.id)
   end)

   it("is the same when it is saved again", function()
      site:call("POST", "/sandbox/conversations", { post_token = "gZd7omnS", buyer = "b" })
      assert(site.bot.client:subscribe { event_type = "NEW_MESSAGE_ON_POST", metadata = { a = "b" } })
      local first = carry()
      assert.same(json.decode(first), (json.decode(assert(json.encode(saved.take(other.judge))))))
   end)

   it("keeps subscriptions with the tokens that they live with", function()
      local _, conversation = site:call("POST", "/sandbox/conversations", { post_token = "gZd7omnS", buyer = "b" })
      assert(site.bot.client:subscribe { event_type = "NEW_MESSAGE_ON_POST" })
      carry()
      local heard = {}
      other.bot:on("post", function(ctx) heard[#heard + 1] = ctx.text end)
      local function write(text)
         other:call("POST", "/sandbox/acts", {
            act = "say", conversation_id = conversation.id, side = "BUYER", text = text,
         })
      end
      write "الف"
      local _, tokens = next(other.judge.state.tokens)
      tokens.expires_at = 0
      write "ب"
      assert.same({ "الف" }, heard)
   end)

   it("has the faults that are on", function()
      site:call("POST", "/sandbox/faults", { at = "*", status = 429, times = "forever", conversation_id = "c" })
      carry()
      local _, list = other:call("GET", "/sandbox/faults")
      assert.same({ "*", 429, "forever", "c" }, (function(f) return { f.at, f.status, f.times, f.conversation_id } end)(
         list.faults[1]))
   end)

   it("gives no id twice afterwards", function()
      local _, conversation = site:call("POST", "/sandbox/chatbots", {})
      for i = 1, 5 do
         say(site, conversation.id, tostring(i))
      end
      carry()
      assert.truthy(other.judge.state.count >= 5)
   end)

   it("tells every page that all is different", function()
      local listener = other:listen()
      carry()
      assert.same({}, other:event(listener, "reset"))
   end)

   describe("in a file that is none", function()
      local function refuse(change)
         local value = saved.take(site.judge)
         value = json.decode(assert(json.encode(value)))
         value = change(value) or value
         local before = json.encode(saved.take(other.judge))
         local status, answer = other:call("POST", "/sandbox/saved", value)
         assert.equal(400, status)
         assert.equal(before, json.encode(saved.take(other.judge)))
         return answer.error
      end

      before_each(function()
         site:call("POST", "/sandbox/conversations", { post_token = "gZd7omnS", buyer = "b" })
         say(site, site.judge.state:chatbot(site.judge.state:user("u").id).id, "x")
      end)

      it("changes nothing and says what is wrong", function()
         assert.truthy(refuse(function(v) v.colour = "red" end)
            :find "^not a saved state: colour: unknown field; known are codes, conversations, count")
         assert.truthy(refuse(function(v) v.format = "other" end):find "^not a saved state: format: is \"other\"")
         assert.equal("not a saved state: count: is required", refuse(function(v) v.count = nil end))
         assert.equal("not a saved state: users: expected array, got string", refuse(function(v) v.users = "x" end))
         assert.equal("not a saved state: conversations[2].messages[1].sent_at: expected number, got string",
            refuse(function(v) v.conversations[2].messages[1].sent_at = "x" end))
      end)

      it("has whole numbers and buttons that can be pressed", function()
         for _, count in ipairs { 1.5, -1, 1e300 } do
            assert.equal(("not a saved state: count: expected a whole number from 0, got %.17g"):format(count),
               refuse(function(v) v.count = count end))
            assert.truthy(refuse(function(v) v.user_count = count end):find "user_count: expected a whole number")
         end
         for _, rows in ipairs {
            5, "x", { {} }, { { {} } }, { { { caption = 1, action = {} } } }, { { { caption = "a", action = "x" } } },
            { { { caption = "a", action = { open_post_page = "x" } } } },
         } do
            assert.equal("not a saved state: conversations[2].messages[1].buttons.USER: expected rows of buttons "
               .. "with caption and action",
               refuse(function(v) v.conversations[2].messages[1].buttons = { USER = rows } end))
         end
      end)

      it("has the value of a button's action that the rule of this action names", function()
         finally(function() rules.action.fields.open_phone_call = nil end)
         rules.action.fields.open_phone_call = { kind = "string" }
         local function read(value)
            local taken = json.decode(assert(json.encode(saved.take(site.judge))))
            taken.conversations[2].messages[1].buttons = {
               USER = { { { caption = "a", action = { open_phone_call = value } } } },
            }
            return (other:call("POST", "/sandbox/saved", taken))
         end
         assert.equal(400, read { number = "1" })
         assert.equal(200, read "tel:1")
      end)

      it("may leave lists out", function()
         local status = other:call("POST", "/sandbox/saved", { format = "kenar-sandbox-1", count = 0, user_count = 0 })
         assert.equal(200, status)
         local _, state = other:call("GET", "/sandbox/state")
         assert.same({}, state.conversations)
      end)

      it("names nobody who is not there", function()
         assert.equal("not a saved state: conversations[1].members.BUYER: there is no such user",
            refuse(function(v) v.conversations[1].members.BUYER = "x" end))
         assert.equal("not a saved state: conversations[1].post_token: there is no such post",
            refuse(function(v) v.conversations[1].post_token = "x" end))
         assert.equal("not a saved state: posts[1].seller: there is no such user",
            refuse(function(v) v.posts[1].seller = "x" end))
      end)
   end)
end)
