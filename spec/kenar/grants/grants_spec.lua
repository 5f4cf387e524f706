local edges = require "spec.support.oauth_edge"
local kenar = require "kenar"
local memory = require "kenar.store.memory"
local process = require "spec.support.grants_process"

local WIDE = "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND"

describe("kenar.grants", function()
   local edge, host, store, grants

   before_each(function()
      edge = edges.new()
      host = edge.host
      store = edges.breakable(memory.new { now = host.clock })
      grants = process.new(edge, store)
   end)

   after_each(function()
      host:stop()
      assert.equal(0, host:count())
      assert.same({}, edge.errors)
   end)

   local function save(scopes, about, lifetime)
      return assert(grants:save(process.tokens(edge, scopes, lifetime), about or {}))
   end

   local function found(target)
      local grant, err = grants:find(target)
      return grant and grant.id or err.code_name
   end

   describe("find", function()
      it("finds a grant by its id, with all that was saved", function()
         local saved = save("USER_ID CONVERSATION_SEND_MESSAGE.c-1", {
            user_id = "u=", side = "BUYER", conversation_id = "c-1", post_token = "p",
         })
         local grant = assert(grants:find { id = saved.id })
         assert.same(saved, grant)
         assert.equal("ory_at_1", grant.access_token)
         assert.equal("ory_rt_1", grant.refresh_token)
         assert.same({ "USER_ID", "CONVERSATION_SEND_MESSAGE.c-1" }, grant.scopes)
         assert.equal("BUYER", grant.side)
      end)

      it("finds the grant for a conversation, the narrowest scope first", function()
         local wide = save(WIDE, { user_id = "owner" })
         assert.equal(wide.id, found { conversation_id = "c-1", post_token = "p-1" })
         local post = save "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1"
         assert.equal(post.id, found { conversation_id = "c-1", post_token = "p-1" })
         local one = save "CONVERSATION_SEND_MESSAGE.c-1"
         assert.equal(one.id, found { conversation_id = "c-1", post_token = "p-1" })
         assert.equal(post.id, found { conversation_id = "c-2", post_token = "p-1" })
         assert.equal(one.id, found { conversation_id = "c-1" })
         assert.equal(wide.id, found { conversation_id = "c-3", post_token = "p-3" })
      end)

      it("finds the newer of two", function()
         save("CONVERSATION_SEND_MESSAGE.c-1")
         local newer = save("CONVERSATION_SEND_MESSAGE.c-1")
         assert.equal(newer.id, found { conversation_id = "c-1" })
      end)

      it("tells the sides apart if both have granted", function()
         local seller = save("CONVERSATION_SEND_MESSAGE.c-1", { side = "SELLER" })
         local buyer = save("CONVERSATION_SEND_MESSAGE.c-1", { side = "BUYER" })
         assert.equal(seller.id, found { conversation_id = "c-1", as = "SELLER" })
         assert.equal(buyer.id, found { conversation_id = "c-1", as = "BUYER" })
         assert.equal("NO_GRANT", found { conversation_id = "c-2", as = "BUYER" })
      end)

      it("takes the user who grants a post's conversations for its seller", function()
         local grant = save "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1"
         assert.equal(grant.id, found { post_token = "p-1", as = "SELLER" })
         assert.equal("NO_GRANT", found { post_token = "p-1", as = "BUYER" })
         assert.equal("SELLER", select(2, grants:locate { post_token = "p-1" }))
      end)

      it("uses a hint if the grant still covers the conversation", function()
         local one = save "CONVERSATION_SEND_MESSAGE.c-1"
         local wide = save(WIDE, { user_id = "a" })
         save(WIDE, { user_id = "b" })
         assert.equal(wide.id, found { id = wide.id, conversation_id = "c-9", post_token = "p-9" })
         assert.equal(wide.id, found { id = wide.id, conversation_id = "c-1" })
         assert.equal(one.id, found { id = "gone", conversation_id = "c-1" })
         assert.equal(one.id, found { id = wide.id, scope = "CONVERSATION_SEND_MESSAGE.c-1" })
         assert.equal("NO_GRANT", found { id = one.id, conversation_id = "c-2" })
      end)

      it("takes a hint from outside for nothing but an id", function()
         for _, id in ipairs { "", "x", ("x"):rep(22), ("x"):rep(100000), "../../../../../../../..", "a\0b" } do
            assert.equal("NO_GRANT", found { id = id })
         end
      end)

      it("counts old names of scopes as today's", function()
         local post = save "CHAT_SEND_MESSAGE_POST_CONVERSATIONS__p-1"
         assert.equal(post.id, found { post_token = "p-1" })
         assert.equal(post.id, found { scope = "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1" })
         assert.equal(post.id, found { scope = "CHAT_SEND_MESSAGE_POST_CONVERSATIONS__p-1" })
      end)

      it("finds a conversation of the old kind by its post and its people", function()
         local id = kenar.scope.legacy_conversation("buyer", "p-1", "seller")
         local grant = save(kenar.scope.legacy("CHAT_SEND_MESSAGE_OAUTH", id))
         local target = { post_token = "p-1", seller_id = "seller", buyer_id = "buyer" }
         assert.equal(grant.id, found(target))
         assert.equal("BUYER", (select(2, grants:locate(target))))
         target.buyer_id = "another"
         assert.equal("NO_GRANT", found(target))
      end)

      it("finds by user and by scope", function()
         local a = save("USER_ID CHAT_BOT_USER_MESSAGE_SEND", { user_id = "a" })
         local b = save("USER_ID USER_PHONE", { user_id = "b" })
         assert.equal(a.id, found { user_id = "a" })
         assert.equal(b.id, found { user_id = "b", scope = "USER_PHONE" })
         assert.equal(b.id, found { scope = "USER_ID" })
         assert.equal("NO_GRANT", found { user_id = "b", scope = "CHAT_BOT_USER_MESSAGE_SEND" })
         assert.equal("NO_GRANT", found { user_id = "c" })
      end)

      it("finds an owner-wide grant by the place of the question", function()
         local a = save(WIDE, { user_id = "a", conversation_id = "c-1", post_token = "p-1", side = "SELLER" })
         local b = save(WIDE, { user_id = "b", conversation_id = "c-2", post_token = "p-2" })
         assert.equal(a.id, found { conversation_id = "c-1" })
         assert.equal(a.id, found { conversation_id = "c-8", post_token = "p-1" })
         assert.equal(b.id, found { conversation_id = "c-2", post_token = "p-2" })
         assert.equal(b.id, found { conversation_id = "c-9", user_id = "b" })
      end)

      it("does not guess between several owners of everything", function()
         save(WIDE, { user_id = "a" })
         local newer = save(WIDE, { user_id = "a", conversation_id = "c-1" })
         assert.equal(newer.id, found { conversation_id = "c-9" })
         save(WIDE, { user_id = "b" })
         local grant, err = grants:find { conversation_id = "c-9" }
         assert.is_nil(grant)
         assert.equal("NO_GRANT", err.code_name)
         assert.matches("several owners granted all of theirs", err.message)
      end)

      it("does not use an owner's scope of a user who was the buyer there", function()
         save(WIDE, { user_id = "a", conversation_id = "c-1", post_token = "p-1", side = "BUYER" })
         assert.equal("NO_GRANT", found { conversation_id = "c-1", post_token = "p-1" })
         assert.equal("NO_GRANT", found { conversation_id = "c-2", post_token = "p-1" })
      end)

      it("tells which scopes to ask for if there is none", function()
         local function missing(target)
            local grant, err = grants:find(target)
            assert.is_nil(grant)
            assert.equal("auth", err.kind)
            assert.equal("NO_GRANT", err.code_name)
            return err.scopes
         end
         assert.same({ "CONVERSATION_SEND_MESSAGE.c-1" }, missing { conversation_id = "c-1", post_token = "p-1" })
         assert.same({ "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1" }, missing { post_token = "p-1" })
         assert.same({ "CHAT_BOT_USER_MESSAGE_SEND", "USER_ID" },
            missing { user_id = "u", scope = "CHAT_BOT_USER_MESSAGE_SEND" })
         assert.matches("ask for CONVERSATION_SEND_MESSAGE.c%-1",
            tostring(select(2, grants:find { conversation_id = "c-1" })))
      end)

      it("drops a grant that cannot be used any more", function()
         edge.is_refreshable = false
         save("CONVERSATION_SEND_MESSAGE.c-1", {}, 3600)
         edge.is_refreshable = true
         local kept = save("CONVERSATION_SEND_MESSAGE.c-2", {}, 3600)
         host:advance(3599)
         assert.not_equal("NO_GRANT", found { conversation_id = "c-1" })
         host:advance(2)
         assert.equal("NO_GRANT", found { conversation_id = "c-1" })
         -- Divar's documents give a refresh token thirty days.
         host:advance(29 * 86400)
         assert.equal(kept.id, found { conversation_id = "c-2" })
         host:advance(3 * 86400)
         assert.equal("NO_GRANT", found { conversation_id = "c-2" })
      end)

      it("replaces the same user's earlier grant for the same place", function()
         local first = save("USER_ID CONVERSATION_SEND_MESSAGE.c-1", { user_id = "a", conversation_id = "c-1" })
         local elsewhere = save("USER_ID", { user_id = "a", conversation_id = "c-2" })
         local other = save("USER_ID CONVERSATION_SEND_MESSAGE.c-1", { user_id = "b", conversation_id = "c-1" })
         save("USER_ID USER_PHONE CONVERSATION_SEND_MESSAGE.c-1", { user_id = "a", conversation_id = "c-1" })
         assert.equal("NO_GRANT", found { id = first.id })
         assert.equal(elsewhere.id, found { id = elsewhere.id })
         assert.equal(other.id, found { id = other.id })
      end)

      it("passes on that the store failed", function()
         save "CONVERSATION_SEND_MESSAGE.c-1"
         store.broken.get = true
         local grant, err = grants:find { conversation_id = "c-1" }
         assert.is_nil(grant)
         assert.equal("store", err.kind)
         store.broken = { set = true }
         grant, err = grants:save(process.tokens(edge, "USER_ID"), {})
         assert.is_nil(grant)
         assert.equal("store", err.kind)
      end)

      it("raises for a question that it does not understand", function()
         assert.error_matches(function() grants:find {} end, "say which grant")
         assert.error_matches(function() grants:find { as = "SELLER" } end, "say which grant")
         assert.error_matches(function() grants:find { conversation = "c" } end, 'unknown field "conversation"')
         assert.error_matches(function() grants:find { user_id = 5 } end, "user_id: expected a string, got number")
      end)
   end)

   it("takes tokens that another program got, and raises for wrong ones", function()
      local grant = assert(grants:save {
         access_token = "a", expires_at = host.now() + 3600, scopes = { "CHAT_READ_POST_CONVERSATIONS__p-1" },
      })
      assert.same({ "CHAT_POST_CONVERSATIONS_READ.p-1" }, grant.scopes)
      assert.error_matches(function() grants:save { scopes = {}, expires_at = 5 } end, "access_token: expected a str")
      assert.error_matches(function() grants:save { access_token = "a", scopes = {} } end, "expires_at: expected a n")
      assert.error_matches(function()
         grants:save({ access_token = "a", scopes = {}, expires_at = 5 }, { name = "x" })
      end, 'unknown field "name" of a grant')
      assert.error_matches(function() grants:save(nil) end, "tokens: expected a table, got nil")
      assert.error_matches(function()
         grants:save({ access_token = "a", scopes = {}, expires_at = 5 }, "user")
      end, "about: expected a table, got string")
   end)

   it("a grant shows its id and scopes when printed, and no token", function()
      local grant = save("USER_ID", { user_id = "secret-user" })
      assert.equal("kenar.grant " .. grant.id .. ": USER_ID", tostring(grant))
      assert.equal(tostring(grant), tostring(grants:find { id = grant.id }))
      assert.equal("kenar.grants", tostring(grants))
   end)

   describe("forget_user", function()
      it("deletes all grants of a user, and no others", function()
         local a = save("USER_ID CONVERSATION_SEND_MESSAGE.c-1", { user_id = "a" })
         local also = save("USER_ID CONVERSATION_SEND_MESSAGE.c-2", { user_id = "a" })
         local b = save("USER_ID CONVERSATION_SEND_MESSAGE.c-1", { user_id = "b" })
         assert.equal(2, grants:forget_user "a")
         assert.equal("NO_GRANT", found { id = a.id })
         assert.equal("NO_GRANT", found { id = also.id })
         assert.equal("NO_GRANT", found { user_id = "a" })
         assert.equal(b.id, found { conversation_id = "c-1" })
         assert.equal(0, grants:forget_user "a")
      end)

      it("leaves no token in the store", function()
         local inner = memory.new()
         grants = process.new(edge, inner)
         save("USER_ID CONVERSATION_SEND_MESSAGE.c-1", { user_id = "a", conversation_id = "c-1", post_token = "p" })
         grants:forget_user "a"
         assert.equal("kenar.store.memory: 0 keys", tostring(inner))
      end)

      it("returns the store's error", function()
         save("USER_ID", { user_id = "a" })
         store.broken.del = true
         local count, err = grants:forget_user "a"
         assert.is_nil(count)
         assert.equal("store", err.kind)
      end)
   end)
end)
