local core = require "kenar.core"
local edges = require "spec.support.oauth_edge"
local errors = require "kenar.error"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local kenar = require "kenar"
local memory = require "kenar.store.memory"
local urls = require "kenar.base.url"

local REDIRECT = "https://oauth-redirect.my-app.ir"

local function options_for(edge, more)
   local options = {
      client_id = "my-app-slug", client_secret = "<client secret>", redirect_uri = REDIRECT, host = edge.host,
   }
   for name, value in pairs(more or {}) do
      options[name] = value
   end
   return options
end

-- The one answer that the edge gives from now on.
local function always(edge, status, body)
   edge.on_token = function() return { status = status, headers = {}, body = body } end
end

describe("kenar.oauth", function()
   local edge, oauth

   before_each(function()
      edge = edges.new()
      oauth = kenar.oauth(options_for(edge))
   end)

   describe("authorize_url", function()
      it("is Divar's page with the scopes wholly encoded, and a state of its own", function()
         local b64 = kenar.scope.legacy_conversation("user", "post+", "peer")
         local url, state = oauth:authorize_url { scopes = { "USER_ID", kenar.scope("CHAT_MESSAGE_SEND", b64) } }
         local page, text = url:match "^(.-)%?(.*)$"
         assert.equal("https://oauth.divar.ir/oauth2/auth", page)
         assert.matches("&scope=USER_ID%%20CHAT_MESSAGE_SEND.dXNlcjpwb3N0KzpwZWVy", text)
         assert.same({
            response_type = "code", client_id = "my-app-slug", redirect_uri = REDIRECT, state = state,
            scope = "USER_ID CHAT_MESSAGE_SEND." .. b64,
         }, urls.decode_query(text))
      end)

      it("makes a state of 32 random bytes, never the same", function()
         local seen = {}
         for _ = 1, 100 do
            local _, state = oauth:authorize_url { scopes = "USER_ID" }
            assert.equal(32, #core.base64_decode(state))
            assert.is_nil(seen[state])
            seen[state] = true
         end
      end)

      it("raises without scopes, without a redirect_uri, and for unknown options", function()
         assert.error_matches(function() oauth:authorize_url { scopes = {} } end, "scopes: at least one")
         assert.error_matches(function() oauth:authorize_url { scope = "A" } end, 'unknown option "scope"')
         local bare = kenar.oauth { client_id = "a", client_secret = "b", host = edge.host }
         assert.error_matches(function() bare:authorize_url { scopes = "A" } end, "redirect_uri: needed")
      end)
   end)

   describe("take_state", function()
      it("gives back the data of the state, once", function()
         local _, state = oauth:authorize_url { scopes = "USER_ID", data = { order = 7 } }
         assert.same({ order = 7 }, oauth:take_state(state))
         local data, err = oauth:take_state(state)
         assert.is_nil(data)
         assert.equal("auth", err.kind)
         assert.equal("BAD_STATE", err.code_name)
      end)

      it("refuses a state that was not issued, of any type", function()
         local invented = { ("A"):rep(43), "", "my-random-string", ("x"):rep(100000), 5, {}, "../../etc", "\0" }
         for _, state in ipairs(invented) do
            local data, err = oauth:take_state(state)
            assert.is_nil(data)
            assert.equal("BAD_STATE", err.code_name)
         end
         assert.equal("BAD_STATE", select(2, oauth:take_state(nil)).code_name)
      end)

      it("refuses a state after ten minutes, or as long as was said", function()
         local _, state = oauth:authorize_url { scopes = "USER_ID" }
         local _, longer = oauth:authorize_url { scopes = "USER_ID", ttl = 3600 }
         edge.host:advance(601)
         assert.equal("BAD_STATE", select(2, oauth:take_state(state)).code_name)
         assert.same({}, oauth:take_state(longer))
      end)

      it("gives it to one of many requests at the same moment", function()
         local inner = memory.new()
         -- Every call of this store waits, as one on another machine would.
         local slow = {}
         for _, name in ipairs { "get", "set", "del", "incr", "add", "cas" } do
            slow[name] = function(_, ...)
               edge.host.sleep(0.001)
               return inner[name](inner, ...)
            end
         end
         oauth = kenar.oauth(options_for(edge, { store = slow }))
         local _, state = oauth:authorize_url { scopes = "USER_ID" }
         local winners = 0
         for _ = 1, 20 do
            edge.host.spawn(function()
               if oauth:take_state(state) then
                  winners = winners + 1
               end
            end)
         end
         edge.host:run()
         assert.equal(1, winners)
      end)

      it("passes on that the store failed", function()
         local store = edges.breakable(memory.new())
         oauth = kenar.oauth(options_for(edge, { store = store }))
         local _, state = oauth:authorize_url { scopes = "USER_ID" }
         store.broken.get = true
         assert.equal("store", select(2, oauth:take_state(state)).kind)
         store.broken = { set = true }
         local url, err = oauth:authorize_url { scopes = "USER_ID" }
         assert.is_nil(url)
         assert.equal("store", err.kind)
      end)
   end)

   describe("exchange", function()
      it("sends Divar's form and reads the tokens", function()
         local sample = fixture.value "out.oauth_token.form"
         always(edge, 200, fixture.bytes "resp.oauth_token.with_refresh")
         local tokens = assert(oauth:exchange(sample.code))
         local request = edge.token_requests[1]
         assert.equal("https://oauth.divar.ir/oauth2/token", request.url)
         assert.equal("application/x-www-form-urlencoded", request.headers["content-type"])
         assert.is_nil(request.headers["x-api-key"])
         assert.same(sample, request.fields)
         local expected = fixture.value "resp.oauth_token.with_refresh"
         assert.equal(expected.access_token, tokens.access_token)
         assert.equal(expected.refresh_token, tokens.refresh_token)
         assert.equal(edge.host.now() + 3600, tokens.expires_at)
         assert.same({ "offline_access", "USER_PHONE" }, tokens.scopes)
         assert.equal("bearer", tokens.token_type)
      end)

      it("takes the time to live from the answer, and counts it from when it asked", function()
         edge.latency = 5
         always(edge, 200, fixture.bytes "resp.oauth_token.seven_days")
         local began = edge.host.now()
         assert.equal(began + 604799, oauth:exchange("c").expires_at)
         always(edge, 200, fixture.bytes "resp.oauth_token.no_refresh")
         assert.is_nil(oauth:exchange("c").refresh_token)
      end)

      it("takes the scopes that were asked for if the answer names none", function()
         always(edge, 200, '{"access_token":"a","expires_in":"3600"}')
         assert.same({ "USER_ID" }, oauth:exchange("c", { "USER_ID" }).scopes)
         assert.same({}, oauth:exchange("c").scopes)
      end)

      it("says with Divar's own name why a code is no good", function()
         always(edge, 400, fixture.bytes "resp.oauth_error")
         local tokens, err = oauth:exchange "expired-code"
         assert.is_nil(tokens)
         assert.equal("auth", err.kind)
         assert.equal("INVALID_GRANT", err.code_name)
         assert.equal(400, err.status)
         assert.equal("no", err.sent)
         assert.matches("invalid_grant: The provided authorization grant is invalid or expired", err.message)
      end)

      it("passes on a proxy's page, a missing answer, and an answer without a token", function()
         always(edge, 502, "<html>Bad gateway</html>")
         assert.equal("http", select(2, oauth:exchange "c").kind)
         edge.on_token = function() return nil, errors.new { kind = "network", sent = "no", message = "refused" } end
         assert.equal("network", select(2, oauth:exchange "c").kind)
         for _, body in ipairs {
            "{}", "[]", '{"access_token":""}', '{"access_token":"a\\r\\nx: y"}', '{"access_token":5}',
         } do
            always(edge, 200, body)
            local tokens, err = oauth:exchange "c"
            assert.is_nil(tokens, body)
            assert.equal("http", err.kind)
            assert.equal("yes", err.sent)
         end
      end)
   end)

   describe("refresh", function()
      local tokens

      before_each(function()
         tokens = { access_token = "<current access token>", refresh_token = "<refresh token>", scopes = { "USER_ID" } }
      end)

      it("sends Divar's form, the current access token as the code", function()
         always(edge, 200, fixture.bytes "resp.oauth_token.with_refresh")
         local renewed = assert(oauth:refresh(tokens))
         assert.same(fixture.value "out.oauth_refresh.form", edge.token_requests[1].fields)
         assert.equal(fixture.value("resp.oauth_token.with_refresh").refresh_token, renewed.refresh_token)
         assert.equal("<refresh token>", tokens.refresh_token)
      end)

      it("does not send the code if send_code_on_refresh is false", function()
         oauth = kenar.oauth(options_for(edge, { send_code_on_refresh = false }))
         always(edge, 200, '{"access_token":"a","expires_in":60}')
         local renewed = assert(oauth:refresh(tokens))
         assert.is_nil(edge.token_requests[1].fields.code)
         assert.equal("<refresh token>", renewed.refresh_token)
         assert.same({ "USER_ID" }, renewed.scopes)
      end)

      it("cannot be without a refresh token; nothing is sent", function()
         tokens.refresh_token = nil
         local renewed, err = oauth:refresh(tokens)
         assert.is_nil(renewed)
         assert.equal("NO_REFRESH_TOKEN", err.code_name)
         assert.equal(0, #edge.token_requests)
      end)
   end)

   describe("in the form of 2024-05 and before", function()
      local legacy, requests

      local function start(form)
         requests = {}
         local host = setmetatable({
            request = function(req)
               requests[#requests + 1] = req
               return { status = 200, headers = {}, body = fixture.bytes "resp.legacy_oauth_access_token" }
            end,
         }, { __index = edge.host })
         legacy = kenar.oauth {
            client_id = "my-app-slug", client_secret = "<api key>", redirect_uri = REDIRECT, legacy = form,
            oauth_url = "https://api.divar.ir", api_key = "key-1", host = host,
         }
      end

      before_each(function()
         start(true)
      end)

      it("sends JSON and reads a point in time", function()
         local sample = fixture.value "out.legacy_oauth_access_token"
         local tokens = assert(legacy:exchange(sample.code, { "USER_PHONE" }))
         assert.equal("https://api.divar.ir/v1/open-platform/oauth/access_token", requests[1].url)
         assert.equal("application/json", requests[1].headers["content-type"])
         assert.same(sample, json.decode(requests[1].body))
         assert.equal(1692457372, tokens.expires_at)
         assert.same({ "USER_PHONE" }, tokens.scopes)
      end)

      it("refreshes with little", function()
         local sample = fixture.value "out.legacy_oauth_refresh"
         assert(legacy:refresh { access_token = "a", refresh_token = sample.refresh_token })
         assert.same(sample, json.decode(requests[1].body))
         assert.equal("key-1", requests[1].headers["x-api-key"])
      end)

      it("sends a form, at a path of its own, if told so", function()
         start "form"
         local tokens = assert(legacy:exchange("a+b", { "USER_PHONE" }))
         assert.equal("https://api.divar.ir/v1/open-platform/oauth/url_encoded_access_token", requests[1].url)
         assert.equal("application/x-www-form-urlencoded", requests[1].headers["content-type"])
         assert.equal("code=a%2Bb&client_id=my-app-slug&client_secret=%3Capi%20key%3E&grant_type=authorization_code",
            requests[1].body)
         assert.equal(1692457372, tokens.expires_at)
         assert(legacy:refresh { access_token = "a", refresh_token = "r" })
         assert.equal("grant_type=refresh_token&refresh_token=r", requests[2].body)
         assert.equal("key-1", requests[2].headers["x-api-key"])
      end)

      it("has its own page", function()
         assert.matches("^https://open%-platform%-redirect.divar.ir/oauth%?response_type=code&client_id=my%-app%-slug&",
            (legacy:authorize_url { scopes = "USER_PHONE" }))
      end)
   end)

   it("shows no secret, although Divar's answer repeats them", function()
      local secrets = { "<client secret>", "the-code-1", "ory_at_9", "ory_rt_9" }
      local function refuse(status, ...)
         local description = table.concat({ "<client secret>", "ory_at_9", "ory_rt_9", ... }, " and ")
         always(edge, status, assert(json.encode { error = "invalid_request", error_description = description }))
      end
      local shown = { tostring(oauth), tostring(oauth.states) }
      local function show(_, err)
         shown[#shown + 1] = tostring(err)
         for name, value in pairs(err) do
            shown[#shown + 1] = name .. tostring(value)
         end
      end
      for _, status in ipairs { 400, 401, 429, 500 } do
         refuse(status, "the-code-1")
         show(oauth:exchange "the-code-1")
         refuse(status)
         show(oauth:refresh { access_token = "ory_at_9", refresh_token = "ory_rt_9" })
      end
      -- An answer that is cut.
      always(edge, 200, '{"access_token":"ory_at_9","refresh_token":"ory_rt_9"')
      show(oauth:exchange "the-code-1")
      always(edge, 200, '{"access_token":"ory_at_9","refresh_token":"ory_rt_9"}')
      shown[#shown + 1] = tostring(oauth:exchange "the-code-1")
      local text = table.concat(shown, "\n")
      for _, secret in ipairs(secrets) do
         assert.is_nil(text:find(secret, 1, true), secret)
      end
      assert.matches("invalid_request", text)
   end)

   it("raises for wrong options", function()
      local cases = {
         { { client_id = "" }, "client_id: needed" }, { { redirect_uri = REDIRECT .. "?a=b" }, "URL without a query" },
         { { oauth_url = "ftp://x" }, "oauth_url: expected a URL" }, { { store = "sqlit:x" }, "unknown kind of store" },
         { { legacy = "yes" }, 'legacy: expected false, true or "form", got yes' },
         { { secret = "x" }, 'unknown option "secret"' },
      }
      for _, case in ipairs(cases) do
         assert.error_matches(function() kenar.oauth(options_for(edge, case[1])) end, case[2])
      end
   end)
end)
