local edges = require "spec.support.oauth_edge"
local memory = require "kenar.store.memory"
local process = require "spec.support.grants_process"

local SUBSCRIBE = "/v1/open-platform/events/subscriptions"
local SCOPES = "offline_access CHAT_POST_CONVERSATIONS_READ.p-1 USER_POSTS_GET"

describe("a grant's subscriptions", function()
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

   local function save(lifetime)
      return assert(grants:save(process.tokens(edge, SCOPES, lifetime or 3600), {}))
   end

   -- The subscriptions that reached Divar: `token type resource`.
   local function subscribed()
      local list = {}
      for _, call in ipairs(edge.calls) do
         assert.equal(SUBSCRIBE, call.path)
         list[#list + 1] = ("%s %s %s"):format(call.token, call.body.event_type, call.body.event_resource_id or "all")
      end
      edge.calls = {}
      return list
   end

   it("are made with the grant's token, and name the grant in the metadata", function()
      local grant = save()
      assert(grants:subscribe(grant, "NEW_MESSAGE_ON_POST", "p-1", { shop = "7" }))
      assert.same({
         event_type = "NEW_MESSAGE_ON_POST", event_resource_id = "p-1",
         metadata = { kenar_grant = grant.id, shop = "7" },
      }, edge.calls[1].body)
      assert.equal("ory_at_1", edge.calls[1].token)
      assert.error_matches(function()
         grants:subscribe(grant, "POST_UPDATE", nil, { kenar_grant = "x" })
      end, "begin with kenar_ are reserved")
   end)

   it("are made with a token that lives", function()
      assert(grants:subscribe(save(10), "POST_UPDATE"))
      assert.same({ "ory_at_2 POST_UPDATE all" }, subscribed())
   end)

   it("are not stored if Divar refuses", function()
      local grant = save()
      edge.on_call = function() return { status = 403, headers = {}, body = "{}" } end
      local result, err = grants:subscribe(grant, "POST_UPDATE")
      assert.is_nil(result)
      assert.equal("auth", err.kind)
      assert.is_nil(grants:find({ id = grant.id }).subscriptions)
   end)

   it("are made again after the tokens were renewed, each once", function()
      local grant = save()
      grants:subscribe(grant, "NEW_MESSAGE_ON_POST", "p-1", { shop = "7" })
      grants:subscribe(grant, "NEW_MESSAGE_ON_POST", "p-1", { shop = "8" })
      grants:subscribe(grant, "POST_UPDATE")
      subscribed()
      host:advance(3539)
      assert.same({}, subscribed())
      host:advance(1)
      assert.same({ shop = "8", kenar_grant = grant.id }, edge.calls[2].body.metadata)
      assert.same({ "ory_at_2 POST_UPDATE all", "ory_at_2 NEW_MESSAGE_ON_POST p-1" }, subscribed())
   end)

   it("live on although no call is made: tokens are renewed in time", function()
      local grant = save()
      grants:subscribe(grant, "POST_UPDATE")
      host:advance(86400)
      assert.same({ "ory_at_1", "ory_at_2" }, { edge.calls[1].token, edge.calls[2].token })
      -- A day has 24.4 times 3540 seconds in it.
      assert.equal(24, #edge.token_requests)
      assert.equal(25, #subscribed())
      assert.is_true(grants:find({ id = grant.id }).expires_at > host.now())
   end)

   it("are made again by the process that renewed, and by no other", function()
      local grant = save()
      grants:subscribe(grant, "POST_UPDATE")
      process.new(edge, store):keep_alive()
      process.new(edge, store):keep_alive()
      subscribed()
      -- Long enough for the others to see the new pair before the subscriptions are made again.
      edge.on_call = function() host.sleep(2) end
      host:advance(3700)
      assert.same({ "ory_at_2 POST_UPDATE all" }, subscribed())
      assert.equal(1, #edge.token_requests)
   end)

   it("are found by a process that starts later", function()
      grants:subscribe(save(), "POST_UPDATE")
      host:stop()
      local later = edges.new()
      later.refresh_tokens, later.issued = edge.refresh_tokens, edge.issued
      local restarted = process.new(later, store)
      restarted:keep_alive()
      later.host:advance(3600)
      assert.equal(1, #later.token_requests)
      assert.equal(1, #later.calls)
      later.host:stop()
   end)

   it("are tried again if that failed, and the failure is in the log", function()
      local grant = save()
      grants:subscribe(grant, "POST_UPDATE")
      subscribed()
      local failures = 2
      edge.on_call = function()
         failures = failures - 1
         return failures >= 0 and { status = 500, headers = {}, body = "{}" } or nil
      end
      host:advance(3540)
      assert.is_true(grants:find({ id = grant.id }).renewal_due)
      assert.matches('msg="subscription not renewed"', edge.lines[1])
      host:advance(600)
      assert.equal(3, #subscribed())
      assert.is_false(grants:find({ id = grant.id }).renewal_due)
      assert.is_nil(table.concat(edge.lines, "\n"):find "ory_")
   end)

   it("are renewed later if Divar gives no token", function()
      grants:subscribe(save(), "POST_UPDATE")
      subscribed()
      local failures = 2
      edge.on_token = function()
         failures = failures - 1
         return failures >= 0 and { status = 503, headers = {}, body = "{}" } or nil
      end
      host:advance(3700)
      assert.equal(3, #edge.token_requests)
      assert.same({ "ory_at_2 POST_UPDATE all" }, subscribed())
      assert.matches('msg="grant not renewed"', edge.lines[1])
   end)

   it("end with their grant", function()
      local tokens = process.tokens(edge, "USER_ID " .. SCOPES)
      local grant = assert(grants:save(tokens, { user_id = "a" }))
      grants:subscribe(grant, "POST_UPDATE")
      subscribed()
      grants:forget_user "a"
      host:advance(7200)
      assert.same({}, subscribed())
      assert.equal(0, #edge.token_requests)
      -- No grant is left, so no task runs.
      assert.equal(0, host:count())
   end)
end)
