local judged = require "spec.support.judged"

local PATH = "/v1/open-platform/events/subscriptions"
local POST = judged.POST

describe("subscriptions in the sandbox", function()
   local divar

   before_each(function()
      divar = judged.new()
   end)

   local function subscribe(token, body)
      return divar:call { "POST", PATH, token = token, body = body }
   end

   -- What the bot is told when the buyer writes: the metadata of each event.
   local function told()
      divar.judge:say(divar.conversation.id, "BUYER", "سلام")
      local list = {}
      for i, delivery in ipairs(divar:deliver()) do
         list[i] = delivery.body.metadata or "none"
      end
      return list
   end

   it("bring a post's messages, with their metadata", function()
      assert.same({}, told())
      local token = divar:token(divar.seller, "CHAT_POST_CONVERSATIONS_READ." .. POST)
      local status, body = subscribe(token, {
         event_type = "NEW_MESSAGE_ON_POST", event_resource_id = POST, metadata = { key = "value" },
      })
      assert.equal(200, status)
      assert.same({}, body)
      assert.same({ { key = "value" } }, told())
   end)

   it("bring the messages of all posts of a user without an id", function()
      local token = divar:token(divar.seller, "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ")
      subscribe(token, { event_type = "NEW_MESSAGE_ON_POST" })
      assert.same({ "none" }, told())
      divar.state:post("other", { seller = "other" })
      local other = divar.state:conversation("other", divar.buyer.id)
      divar.judge:say(other.id, "BUYER", "سلام")
      assert.same({}, divar:deliver())
   end)

   it("live as long as their token", function()
      local token = divar:token(divar.seller, "CHAT_POST_CONVERSATIONS_READ." .. POST)
      subscribe(token, { event_type = "NEW_MESSAGE_ON_POST", event_resource_id = POST })
      divar.time = divar.time + 3599
      assert.equal(1, #told())
      divar.time = divar.time + 1
      assert.same({}, told())
      token = divar:token(divar.seller, "CHAT_POST_CONVERSATIONS_READ." .. POST)
      subscribe(token, { event_type = "NEW_MESSAGE_ON_POST", event_resource_id = POST, metadata = { n = 2 } })
      assert.same({ { n = 2 } }, told())
      assert.equal(1, #divar.state.subscriptions)
   end)

   it("that overlap bring a message once, with the newest one's metadata, or each its own", function()
      for _, how in ipairs { "once", "each" } do
         divar = judged.new { events = { overlapping = how } }
         local token = divar:token(divar.seller, "CHAT_POST_CONVERSATIONS_READ." .. POST,
            "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ")
         subscribe(token, { event_type = "NEW_MESSAGE_ON_POST", metadata = { n = 1 } })
         subscribe(token, { event_type = "NEW_MESSAGE_ON_POST", event_resource_id = POST, metadata = { n = 2 } })
         subscribe(token, { event_type = "NEW_MESSAGE_ON_POST", event_resource_id = POST, metadata = { n = 3 } })
         assert.same(how == "once" and { { n = 3 } } or { { n = 3 }, { n = 1 } }, told())
      end
   end)

   it("tell of what the app itself wrote, unless told otherwise", function()
      for _, is_told in ipairs { true, false } do
         divar = judged.new { events = { own_messages = is_told } }
         local token = divar:token(divar.seller, "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ",
            "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND")
         subscribe(token, { event_type = "NEW_MESSAGE_ON_POST" })
         divar:call {
            "POST", "/v2/open-platform/conversations/" .. divar.conversation.id .. "/messages", token = token,
            body = { message = "سلام" },
         }
         assert.equal(is_told and 1 or 0, #divar:deliver())
      end
   end)

   it("need the scope for what they are to", function()
      local one = { event_type = "NEW_MESSAGE_ON_POST", event_resource_id = POST }
      local all, update = { event_type = "NEW_MESSAGE_ON_POST" }, { event_type = "POST_UPDATE", event_resource_id = "" }
      local cases = {
         { "CHAT_POST_CONVERSATIONS_READ." .. POST, { 200, 403, 403 } },
         { "CHAT_POST_CONVERSATIONS_READ.other", { 403, 403, 403 } },
         { "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ", { 200, 200, 403 } },
         { "USER_POSTS_GET", { 403, 403, 200 } },
      }
      for _, case in ipairs(cases) do
         local statuses = {}
         for i, body in ipairs { one, all, update } do
            statuses[i] = subscribe(divar:token(divar.seller, case[1]), body)
         end
         assert.same(case[2], statuses, case[1])
      end
      divar = judged.new { events = { all_covers_one = false } }
      assert.equal(403, (subscribe(divar:token(divar.seller, "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ"), one)))
   end)

   it("are the owner's to make, for posts that there are", function()
      local buyers = divar:token(divar.buyer, "CHAT_POST_CONVERSATIONS_READ." .. POST)
      local status, body = subscribe(buyers, { event_type = "NEW_MESSAGE_ON_POST", event_resource_id = POST })
      assert.same({ 403, "access token belongs to another user" }, { status, body.message })
      local sellers = divar:token(divar.seller, "CHAT_POST_CONVERSATIONS_READ.none")
      status, body = subscribe(sellers, { event_type = "NEW_MESSAGE_ON_POST", event_resource_id = "none" })
      assert.same({ 404, "post not found" }, { status, body.message })
   end)

   it("refuse an event type that there is not, and take metadata by its older name", function()
      local token = divar:token(divar.seller, "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ")
      local status, body = subscribe(token, { event_type = "NEW_MESSAGE" })
      assert.same({ 400, 'event_type: is "NEW_MESSAGE"; there are NEW_MESSAGE_ON_POST, POST_UPDATE' },
         { status, body.message })
      assert.equal(200, (subscribe(token, { event_type = "NEW_MESSAGE_ON_POST", meta_data = { key = "value" } })))
      local finding = divar.judge.log[#divar.judge.log].findings[1]
      assert.same({ "note", "meta_data", "is called metadata today" },
         { finding.severity, finding.path, finding.message })
      assert.same({ { key = "value" } }, told())
   end)

   describe("to a post's changes", function()
      local function changes(...)
         divar.judge:update_post(...)
         local list = {}
         for i, delivery in ipairs(divar:deliver()) do
            list[i] = delivery.body.post_update
         end
         return list
      end

      it("bring what became of it, once subscribed", function()
         assert.same({}, changes(POST, "PUBLISH"))
         subscribe(divar:token(divar.seller, "USER_POSTS_GET"), {
            event_type = "POST_UPDATE", event_resource_id = POST,
         })
         local told_of = changes(POST, "PUBLISH", { city = "shiraz" })[1]
         assert.same({ "PUBLISH", POST, "shiraz" }, { told_of.type, told_of.post.token, told_of.post.city })
         assert.same({ { type = "RETIRE", post = { token = POST } } }, changes(POST, "RETIRE"))
      end)

      it("leave out that one is gone, where they are to all", function()
         subscribe(divar:token(divar.seller, "USER_POSTS_GET"), { event_type = "POST_UPDATE" })
         assert.equal(1, #changes(POST, "ONGOING"))
         assert.same({}, changes(POST, "RETIRE"))
         assert.same({}, changes(POST, "ARCHIVE"))
      end)

      it("may repeat", function()
         divar = judged.new { events = { repeats = 2 } }
         subscribe(divar:token(divar.seller, "USER_POSTS_GET"), { event_type = "POST_UPDATE" })
         assert.equal(2, #changes(POST, "PUBLISH"))
      end)
   end)
end)
