local fixture = require "spec.support.fixture"
local judged = require "spec.support.judged"

local POST = judged.POST

describe("reading from the sandbox", function()
   local divar

   before_each(function()
      divar = judged.new()
   end)

   -- The fields of a value with the type of each.
   local function shape_of(value)
      local shape = {}
      for key, item in pairs(value) do
         shape[key] = type(item) == "table" and shape_of(item) or type(item)
      end
      return shape
   end

   describe("a conversation", function()
      local path

      before_each(function()
         path = "/v1/open-platform/chat/conversations/" .. divar.conversation.id
         divar.judge:say(divar.conversation.id, "BUYER", "سلام")
         divar.judge:send(divar.conversation.id, "BUYER", "image")
         divar.time = divar.time + 60
         divar.judge:say(divar.conversation.id, "SELLER", "سلام، بفرمایید")
      end)

      it("gives texts only, the oldest first, their times in RFC 3339", function()
         local token = divar:token(divar.seller, "CHAT_CONVERSATION_READ." .. divar.conversation.id)
         local status, body = divar:call { "GET", path, token = token }
         assert.equal(200, status)
         assert.same(shape_of(fixture.value "resp.get_conversation"), shape_of(body))
         assert.same({ id = divar.conversation.id, type = "POST", post_token = POST }, body.conversation)
         assert.equal(2, #body.messages)
         assert.same({ "سلام", "2024-10-20T13:12:06.140000Z", "BUYER", "HUMAN" }, {
            body.messages[1].text, body.messages[1].sent_at, body.messages[1].sender.side, body.messages[1].sender.type,
         })
         assert.same({ "سلام، بفرمایید", "2024-10-20T13:13:06.140000Z", "SELLER" }, {
            body.messages[2].text, body.messages[2].sent_at, body.messages[2].sender.side,
         })
      end)

      it("needs the scope of that conversation, in the token of one of its two", function()
         local function status_with(user, scope)
            return (divar:call { "GET", path, token = divar:token(user, scope) })
         end
         local scope = "CHAT_CONVERSATION_READ." .. divar.conversation.id
         assert.equal(200, status_with(divar.buyer, scope))
         assert.equal(403, status_with(divar.seller, "CHAT_CONVERSATION_READ.other"))
         assert.equal(403, status_with(divar.seller, "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ"))
         assert.equal(403, status_with(divar.state:user "other", scope))
         assert.equal(401, (divar:call { "GET", path }))
      end)

      it("is gone with its token", function()
         local token = divar:token(divar.seller, "CHAT_CONVERSATION_READ." .. divar.conversation.id)
         divar.time = divar.time + 3600
         local status, body = divar:call { "GET", path, token = token }
         assert.same({ 401, "access token is expired" }, { status, body.message })
      end)

      it("is 404 where there is none", function()
         local token = divar:token(divar.seller, "CHAT_CONVERSATION_READ.none")
         assert.equal(404, (divar:call { "GET", "/v1/open-platform/chat/conversations/none", token = token }))
      end)
   end)

   describe("a user", function()
      local function read(method, ...)
         return divar:call { method, "/v1/open-platform/users", token = divar:token(divar.seller, ...) }
      end

      it("has each field only with its scope", function()
         local _, body = read("GET", "USER_ID", "USER_PHONE")
         assert.same({ user_id = divar.seller.id, phone_number = "09990000001" }, body)
         _, body = read("GET", "USER_ID")
         assert.same({ user_id = divar.seller.id }, body)
         _, body = read("GET", "USER_PHONE")
         assert.same({ phone_number = "09990000001" }, body)
         local status, refusal = read("GET", "USER_POSTS_GET")
         assert.same({ 403, "access token lacks the scope" }, { status, refusal.message })
      end)

      it("had a list of numbers in the older form", function()
         local _, body = read("POST", "USER_PHONE")
         assert.same({ phone_numbers = { "09990000001" } }, body)
      end)

      it("is found by phone with the key alone", function()
         local path = "/v1/open-platform/get-user-id-by-phone"
         local status, body = divar:call { "POST", path, body = { phone = divar.buyer.phone } }
         assert.equal(200, status)
         assert.same({ user_id = divar.buyer.id }, body)
         assert.equal(404, (divar:call { "POST", path, body = { phone = "09120000000" } }))
         status, body = divar:call { "POST", path, body = {} }
         assert.same({ 400, "phone: is required" }, { status, body.message })
      end)
   end)

   it("lists scopes and permissions in the samples' shape", function()
      local _, body = divar:call { "GET", "/v1/open-platform/assets/oauth-scope" }
      assert.equal(38, #body.scopes)
      assert.same(shape_of(fixture.value "resp.assets_oauth_scope".scopes[1]), shape_of(body.scopes[1]))
      local found
      for _, row in ipairs(body.scopes) do
         found = found or row.slug == "CONVERSATION_SEND_MESSAGE"
      end
      assert.is_true(found)
      _, body = divar:call { "GET", "/v1/open-platform/assets/permission" }
      assert.equal("CHAT_SEND_MESSAGE_OAUTH", body.permissions[1].slug)
   end)
end)
