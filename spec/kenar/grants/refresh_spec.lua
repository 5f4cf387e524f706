local edges = require "spec.support.oauth_edge"
local errors = require "kenar.error"
local json = require "kenar.json"
local memory = require "kenar.store.memory"
local process = require "spec.support.grants_process"

describe("grants:fresh", function()
   local edge, host, inner, store, grants

   before_each(function()
      edge = edges.new()
      host = edge.host
      inner = memory.new { now = host.clock }
      store = edges.breakable(inner)
      grants = process.new(edge, store)
   end)

   after_each(function()
      host:stop()
      assert.equal(0, host:count())
      assert.same({}, edge.errors)
   end)

   -- A grant whose token lives for so many seconds more.
   local function save(lifetime)
      local tokens = process.tokens(edge, "offline_access CONVERSATION_SEND_MESSAGE.c-1", lifetime or 30)
      return assert(grants:save(tokens, {}))
   end

   local function stored(grant)
      return json.decode(assert(inner:get("grant:" .. grant.id)))
   end

   -- What `n` tasks get that ask at the same moment.
   local function ask(n, grant, who)
      local results = {}
      for i = 1, n do
         local asked = who and who[i % #who + 1] or grants
         host.spawn(function()
            local fresh, err = asked:fresh(grant)
            results[#results + 1] = fresh and fresh.access_token or err
         end)
      end
      host:run(function() return #results == n end)
      return results
   end

   it("does not renew a token that lives for more than a minute", function()
      local grant = save(61)
      assert.equal(grant, grants:fresh(grant))
      assert.equal(0, #edge.token_requests)
   end)

   it("renews a token a minute before it expires, and stores the new pair", function()
      local grant = save(60)
      local fresh = assert(grants:fresh(grant))
      assert.equal("ory_at_2", fresh.access_token)
      assert.equal(grant.id, fresh.id)
      assert.equal(host.now() + 3600, fresh.expires_at)
      assert.equal("ory_rt_1", edge.token_requests[1].fields.refresh_token)
      assert.equal("ory_at_1", edge.token_requests[1].fields.code)
      assert.equal("ory_at_2", stored(grant).access_token)
      assert.equal("ory_rt_2", stored(grant).refresh_token)
      assert.equal("ory_at_2", grants:find({ conversation_id = "c-1" }).access_token)
   end)

   it("renews with the redirect_uri of the consent", function()
      local tokens = process.tokens(edge, "offline_access", 30)
      local grant = assert(grants:save(tokens, { redirect_uri = "https://old.example.ir/kenar/oauth/return" }))
      assert(grants:fresh(grant))
      assert.equal("https://old.example.ir/kenar/oauth/return", edge.token_requests[1].fields.redirect_uri)
   end)

   it("renews once, however many ask", function()
      edge.latency = 2
      local results = ask(500, save())
      assert.equal(1, #edge.token_requests)
      for i = 1, 500 do
         assert.equal("ory_at_2", results[i])
      end
   end)

   it("renews once, however many processes ask", function()
      edge.latency = 2
      local grant = save()
      local results = ask(60, grant, { grants, process.new(edge, store), process.new(edge, store) })
      assert.equal(1, #edge.token_requests)
      for i = 1, 60 do
         assert.equal("ory_at_2", results[i])
      end
   end)

   it("renews each grant by itself", function()
      edge.latency = 2
      local a, b = save(), save()
      ask(10, a)
      ask(10, b)
      assert.equal(2, #edge.token_requests)
      assert.not_equal(stored(a).access_token, stored(b).access_token)
   end)

   it("finds in the store the token that another process renewed", function()
      local grant = save()
      assert(grants:fresh(grant))
      assert.equal("ory_at_2", process.new(edge, store):fresh(grant).access_token)
      assert.equal(1, #edge.token_requests)
   end)

   it("stores the new token before it is used", function()
      local grant = save()
      local written, given = nil, nil
      local cas = store.cas
      function store.cas(...)
         local _, key = ...
         if key == "grant:" .. grant.id then
            host.sleep(3)
            written = host.clock()
         end
         return cas(...)
      end
      host.spawn(function()
         assert(grants:fresh(grant))
         given = host.clock()
      end)
      host:run(function() return given end)
      assert.equal(3, written)
      assert.equal(3, given)
   end)

   it("survives a process that dies between the answer and the storing", function()
      local dead_store = edges.breakable(inner)
      function dead_store.cas()
         host.sleep(1e6)
      end
      local grant = save()
      local dead = process.new(edge, dead_store)
      host.spawn(function() dead:fresh(grant) end)
      host:advance(1)
      assert.equal(1, #edge.token_requests)
      assert.equal("ory_rt_1", stored(grant).refresh_token)
      -- The lock that it held ends by itself, within the two minutes for which Divar takes the old pair.
      local fresh = ask(1, grant)[1]
      assert.equal("ory_at_3", fresh)
      assert.is_true(host.clock() < 60)
      assert.equal("ory_rt_1", edge.token_requests[2].fields.refresh_token)
      assert.equal("ory_rt_3", stored(grant).refresh_token)
   end)

   it("keeps a pair that the store does not take, and writes it at the next use", function()
      local grant = save()
      store.broken.cas = "grant:"
      for _ = 1, 3 do
         local fresh, err = grants:fresh(grant)
         assert.is_nil(fresh)
         assert.equal("store", err.kind)
         assert.matches("the disk is full", err.message)
      end
      assert.equal(1, #edge.token_requests)
      assert.equal("ory_at_1", stored(grant).access_token)
      -- Long after Divar has forgotten the old pair.
      host:advance(600)
      store.broken = {}
      assert.equal("ory_at_2", grants:fresh(grant).access_token)
      assert.equal("ory_at_2", stored(grant).access_token)
      assert.equal(1, #edge.token_requests)
   end)

   it("drops a pair that it kept if another process has stored a newer one", function()
      local grant = save()
      store.broken.cas = "grant:"
      assert.is_nil(grants:fresh(grant))
      host:advance(40)
      local other = process.new(edge, inner)
      assert.equal("ory_at_3", other:fresh(grant).access_token)
      store.broken = {}
      assert.equal("ory_at_3", grants:fresh(grant).access_token)
      assert.equal("ory_at_3", stored(grant).access_token)
   end)

   it("does not ask Divar if the store cannot be asked", function()
      local grant = save()
      for _, call in ipairs { "add", "get" } do
         store.broken = { [call] = true }
         local fresh, err = grants:fresh(grant)
         assert.is_nil(fresh)
         assert.equal("store", err.kind)
      end
      assert.equal(0, #edge.token_requests)
   end)

   it("returns an error if a store raises", function()
      local grant = save()
      function store.add() error "the driver is broken" end
      local fresh, err = grants:fresh(grant)
      assert.is_nil(fresh)
      assert.equal("store", err.kind)
      assert.matches("the driver is broken", err.message)
   end)

   it("deletes a grant whose refresh is answered 400", function()
      local grant = save()
      edge.refresh_tokens = {}
      local fresh, err = grants:fresh(grant)
      assert.is_nil(fresh)
      assert.equal("auth", err.kind)
      assert.equal("GRANT_EXPIRED", err.code_name)
      assert.same({ "offline_access", "CONVERSATION_SEND_MESSAGE.c-1" }, err.scopes)
      assert.equal("NO_GRANT", select(2, grants:find { conversation_id = "c-1" }).code_name)
      assert.equal("NO_GRANT", select(2, grants:find { id = grant.id }).code_name)
   end)

   it("deletes it once for all tasks that ask", function()
      edge.latency = 1
      edge.refresh_tokens = {}
      local grant = save()
      edge.refresh_tokens = {}
      for _, err in ipairs(ask(50, grant)) do
         assert.equal("GRANT_EXPIRED", err.code_name)
      end
      assert.equal(1, #edge.token_requests)
   end)

   it("buries a grant for a bare 400, and not for one that blames the app", function()
      local grant = save()
      edge.on_token = function() return { status = 400, headers = {}, body = '{"error":"invalid_client"}' } end
      assert.equal("INVALID_CLIENT", select(2, grants:fresh(grant)).code_name)
      assert.equal("ory_rt_1", stored(grant).refresh_token)
      edge.on_token = function() return { status = 400, headers = {}, body = "" } end
      assert.equal("GRANT_EXPIRED", select(2, grants:fresh(grant)).code_name)
      assert.is_nil(inner:get("grant:" .. grant.id))
   end)

   it("keeps a grant if Divar cannot be asked, and returns the error", function()
      local grant = save()
      local failures = {
         { nil, errors.new { kind = "network", sent = "no", message = "connection refused" } },
         { { status = 500, headers = {}, body = "{}" } }, { { status = 429, headers = {}, body = "{}" } },
         { { status = 503, headers = {}, body = "<html>" } }, { { status = 200, headers = {}, body = '{"access' } },
      }
      local kinds = {}
      for i, failure in ipairs(failures) do
         edge.on_token = function() return failure[1], failure[2] end
         local fresh, err = grants:fresh(grant)
         assert.is_nil(fresh)
         kinds[i] = err.kind
      end
      assert.same({ "network", "api", "rate_limited", "http", "http" }, kinds)
      edge.on_token = nil
      assert.equal("ory_at_2", grants:fresh(grant).access_token)
   end)

   it("gives its one failure to all tasks that wait for it", function()
      edge.latency = 1
      edge.on_token = function() return nil, errors.new { kind = "network", sent = "no", message = "reset" } end
      for _, err in ipairs(ask(50, save())) do
         assert.equal("network", err.kind)
      end
      assert.equal(1, #edge.token_requests)
   end)

   it("lets another process try at once when it has failed", function()
      local grant = save()
      edge.on_token = function() return nil, errors.new { kind = "network", sent = "no", message = "reset" } end
      assert.is_nil(grants:fresh(grant))
      edge.on_token = nil
      assert.equal("ory_at_2", process.new(edge, store):fresh(grant).access_token)
      assert.equal(0, host.clock())
   end)

   it("does not bring back a grant that was taken back meanwhile", function()
      edge.latency = 2
      local tokens = process.tokens(edge, "USER_ID offline_access", 30)
      local grant = assert(grants:save(tokens, { user_id = "a" }))
      local result
      host.spawn(function() result = { grants:fresh(grant) } end)
      host:advance(1)
      assert.equal(1, grants:forget_user "a")
      host:run(function() return result end)
      assert.is_nil(result[1])
      assert.equal("GRANT_EXPIRED", result[2].code_name)
      assert.is_nil(inner:get("grant:" .. grant.id))
   end)

   it("uses a token that cannot be renewed to its end", function()
      edge.is_refreshable = false
      local grant = save(30)
      host:advance(29)
      assert.equal("ory_at_1", grants:fresh(grant).access_token)
      host:advance(1)
      local fresh, err = grants:fresh(grant)
      assert.is_nil(fresh)
      assert.equal("GRANT_EXPIRED", err.code_name)
      assert.equal(0, #edge.token_requests)
   end)

   it("tells what it lacks if the app is not configured; the grant stays", function()
      local grant = save()
      local fresh, err = process.new(edge, store, { without_oauth = true }):fresh(grant)
      assert.is_nil(fresh)
      assert.equal("NO_OAUTH", err.code_name)
      assert.matches("app_slug and oauth_secret %(KENAR_APP_SLUG, KENAR_OAUTH_SECRET%)", err.message)
      assert(grants:fresh(grant))
   end)

   it("ends as closed for the tasks that wait when the host stops", function()
      edge.latency = 1000
      local grant, result = save(), nil
      host.spawn(function() result = { grants:fresh(grant) } end)
      host:advance(1)
      host:stop()
      assert.is_nil(result[1])
      assert.equal("closed", result[2].kind)
   end)

   it("shows no token in errors", function()
      local grant = save()
      local shown = {}
      local function show(_, err)
         for name, value in pairs(err) do
            shown[#shown + 1] = name .. "=" .. tostring(value)
         end
         shown[#shown + 1] = tostring(err)
      end
      store.broken.cas = "grant:"
      show(grants:fresh(grant))
      store.broken = {}
      host:advance(4000)
      edge.on_token = function(fields)
         local description = fields.refresh_token .. " " .. fields.code .. " " .. fields.client_secret
         local refusal = { error = "invalid_grant", error_description = description }
         return { status = 400, headers = {}, body = json.encode(refusal) }
      end
      show(grants:fresh(grant))
      local text = table.concat(shown, "\n")
      assert.matches("GRANT_EXPIRED", text)
      for _, secret in ipairs { "ory_at_", "ory_rt_", "client%-secret" } do
         assert.is_nil(text:find(secret), secret)
      end
   end)
end)
