local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local judged = require "spec.support.judged"

local REDIRECT = "https://bot.example.ir/kenar/oauth/return"

describe("the sandbox's OAuth server", function()
   local divar

   before_each(function()
      divar = judged.new()
   end)

   -- A consent page's URL; `changes` replaces fields, false leaves one out.
   local function page_url(changes)
      local fields = {
         response_type = "code", client_id = "my-app", redirect_uri = REDIRECT, scope = "USER_ID offline_access",
         state = "s1",
      }
      for name, value in pairs(changes or {}) do
         fields[name] = value or nil
      end
      local parts = {}
      for name, value in pairs(fields) do
         parts[#parts + 1] = name .. "=" .. value:gsub("[^%w]", function(char)
            return ("%%%02X"):format(char:byte())
         end)
      end
      return "https://oauth.divar.ir/oauth2/auth?" .. table.concat(parts, "&")
   end

   local function code_of(changes, user)
      local act = assert(divar.judge:consent(user or "seller", page_url(changes)))
      return act.seen.url:match "[?&]code=([^&]+)"
   end

   -- A call of the token endpoint: status and body.
   local function token(changes)
      local fields = { client_id = "my-app", client_secret = "secret", redirect_uri = REDIRECT }
      for name, value in pairs(changes) do
         fields[name] = value or nil
      end
      local parts = {}
      for name, value in pairs(fields) do
         parts[#parts + 1] = name .. "=" .. value
      end
      return divar:call {
         "POST", "/oauth2/token", body = table.concat(parts, "&"),
         headers = { ["x-api-key"] = false, ["content-type"] = "application/x-www-form-urlencoded" },
      }
   end

   local function exchange(changes)
      return select(2, token { grant_type = "authorization_code", code = code_of(changes) })
   end

   local function refresh(pair, changes)
      local fields = { grant_type = "refresh_token", refresh_token = pair.refresh_token, code = pair.access_token }
      for name, value in pairs(changes or {}) do
         fields[name] = value
      end
      return token(fields)
   end

   local function user_status(access_token)
      return (divar:call { "GET", "/v1/open-platform/users", token = access_token })
   end

   describe("the consent page", function()
      local function get(changes)
         local status, _, response = divar:call { "GET", (page_url(changes):gsub("^https://[^/]+", "")) }
         return status, response
      end

      it("shows who asks and for what, with two buttons", function()
         local status, response = get()
         assert.equal(200, status)
         assert.equal("text/html; charset=utf-8", response.headers["content-type"])
         assert.truthy(response.body:find("my-app asks", 1, true))
         assert.truthy(response.body:find("<code>offline_access</code>", 1, true))
         assert.truthy(response.body:find('<button name="decision" value="allow">', 1, true))
         assert.truthy(response.body:find('<button name="decision" value="deny">', 1, true))
      end)

      it("shows nothing as HTML that came as text", function()
         local _, response = get { state = '"><script>x</script>' }
         assert.is_nil(response.body:find("<script", 1, true))
         _, response = get { redirect_uri = "https://<script>" }
         assert.is_nil(response.body:find("<script", 1, true))
      end)

      it("refuses a state that would make its answer's headers too long", function()
         local status, response = get { state = ("x"):rep(3000) }
         assert.equal(400, status)
         assert.matches("state is too long", response.body, 1, true)
      end)

      it("sends the user back with a code once he agreed", function()
         local _, response = get()
         local query = response.body:match 'name="query" value="([^"]*)"':gsub("&amp;", "&")
         local status, _, answer = divar:call {
            "POST", "/oauth2/auth", body = "decision=allow&user=seller&query=" .. query:gsub("[%%&=]", {
               ["%"] = "%25", ["&"] = "%26", ["="] = "%3D",
            }),
         }
         assert.equal(303, status)
         assert.equal(REDIRECT, answer.headers.location:match "^[^?]+")
         local code, state = answer.headers.location:match "%?code=(.-)&state=(.+)$"
         assert.equal("s1", state)
         assert.equal(200, (token { grant_type = "authorization_code", code = code }))
      end)

      it("keeps the user where the app or its redirect_uri is not known", function()
         for _, changes in ipairs {
            { client_id = "other" }, { redirect_uri = "https://evil.example.com/" }, { redirect_uri = false },
            { redirect_uri = REDIRECT .. "?a=1" },
         } do
            local status, response = get(changes)
            assert.equal(400, status)
            assert.is_nil(response.headers.location)
         end
      end)

      it("sends him back with an error where something else is wrong", function()
         local cases = {
            { { scope = "USER_NAME" }, "invalid_scope" }, { { scope = false }, "invalid_scope" },
            { { scope = "CHAT_POST_CONVERSATIONS_READ" }, "invalid_scope" }, { { state = false }, "invalid_state" },
            { { response_type = "token" }, "unsupported_response_type" },
         }
         for _, case in ipairs(cases) do
            local status, response = get(case[1])
            assert.equal(303, status)
            assert.equal(REDIRECT .. "?error=" .. case[2], response.headers.location:match "^[^&]+")
         end
      end)
   end)

   describe("an act of consent", function()
      it("leads back to the app with a code, or without where it is refused", function()
         local act = assert(divar.judge:consent("seller", page_url()))
         assert.is_true(act.done)
         assert.truthy(act.seen.url:find "^https://bot%.example%.ir/kenar/oauth/return%?code=[^&]+&state=s1$")
         act = assert(divar.judge:consent("seller", page_url(), true))
         assert.equal(REDIRECT .. "?error=access_denied&error_description="
            .. "The%20resource%20owner%20denied%20the%20request&state=s1", act.seen.url)
         divar = judged.new { oauth = { denial = "bare" } }
         act = assert(divar.judge:consent("seller", page_url(), true))
         assert.equal(REDIRECT .. "?state=s1", act.seen.url)
      end)

      it("says what is wrong with the URL", function()
         assert.equal("there is no app other",
            select(2, divar.judge:consent("seller", page_url { client_id = "other" })))
         assert.equal("url: expected that of Divar's consent page, /oauth2/auth",
            select(2, divar.judge:consent("seller", "https://example.com/")))
      end)
   end)

   describe("a code", function()
      it("is changed into tokens of the sample's shape", function()
         local status, pair = token { grant_type = "authorization_code", code = code_of() }
         assert.equal(200, status)
         for key, value in pairs(fixture.value "resp.oauth_token.with_refresh") do
            assert.equal(type(value), type(pair[key]), key)
         end
         assert.same({ 3600, "USER_ID offline_access", "bearer" }, { pair.expires_in, pair.scope, pair.token_type })
         assert.truthy(pair.access_token:find "^ory_at_")
         assert.equal(200, user_status(pair.access_token))
      end)

      it("gives no refresh token without offline_access", function()
         assert.is_nil(exchange({ scope = "USER_ID" }).refresh_token)
      end)

      it("is good once, for ten minutes, for its redirect_uri", function()
         local code = code_of()
         assert.equal(200, (token { grant_type = "authorization_code", code = code }))
         local status, body = token { grant_type = "authorization_code", code = code }
         assert.equal(400, status)
         assert.same(fixture.value "resp.oauth_error", body)
         code = code_of()
         divar.time = divar.time + 600
         assert.equal(400, (token { grant_type = "authorization_code", code = code }))
         divar = judged.new(nil, { redirect_uris = { REDIRECT, "https://bot.example.ir/other" } })
         status, body = token {
            grant_type = "authorization_code", code = code_of(), redirect_uri = "https://bot.example.ir/other",
         }
         assert.same({ 400, "invalid_grant" }, { status, body.error })
      end)
   end)

   describe("the token endpoint", function()
      it("knows its client by slug and secret, and takes forms only", function()
         local code = code_of()
         local function error_of(changes)
            changes.grant_type, changes.code = changes.grant_type or "authorization_code", code
            local status, body = token(changes)
            return status .. " " .. body.error
         end
         assert.equal("401 invalid_client", error_of { client_secret = "wrong" })
         assert.equal("401 invalid_client", error_of { client_id = "other" })
         assert.equal("400 invalid_request", error_of { redirect_uri = "https://evil.example.com/" })
         assert.equal("400 unsupported_grant_type", error_of { grant_type = "password" })
         local status, body = divar:call { "POST", "/oauth2/token", body = { grant_type = "authorization_code" } }
         assert.same({ 400, "invalid_request", "The body is a form." }, { status, body.error, body.error_description })
      end)
   end)

   describe("a refresh", function()
      it("gives a new pair; the old one works for two minutes more", function()
         local old = exchange()
         local status, new = refresh(old)
         assert.equal(200, status)
         assert.not_equal(old.access_token, new.access_token)
         assert.not_equal(old.refresh_token, new.refresh_token)
         divar.time = divar.time + 119
         assert.equal(200, user_status(old.access_token))
         assert.equal(200, (refresh(old)))
         divar.time = divar.time + 1
         assert.equal(401, user_status(old.access_token))
         local body
         status, body = refresh(old)
         assert.same({ 400, "invalid_grant" }, { status, body.error })
         assert.equal(200, user_status(new.access_token))
         assert.equal(200, (refresh(new)))
      end)

      it("works after the access token expired, for thirty days", function()
         local pair = exchange()
         divar.time = divar.time + 3600
         assert.equal(401, user_status(pair.access_token))
         local _, new = refresh(pair)
         assert.equal(200, user_status(new.access_token))
         divar.time = divar.time + 2592000
         assert.equal(400, (refresh(new)))
      end)

      it("wants the access token as code, as Divar's documents have it, unless told otherwise", function()
         local status, body = refresh(exchange(), { code = false })
         assert.same({ 400, "invalid_request" }, { status, body.error })
         assert.equal(400, (refresh(exchange(), { code = "another" })))
         divar = judged.new { oauth = { code_on_refresh = "ignore" } }
         assert.equal(200, (refresh(exchange(), { code = false })))
      end)
   end)

   describe("expiry and revocation", function()
      it("can be brought about at once", function()
         local pair = exchange()
         require("kenar.sandbox.judge.tokens").expire(divar.state)
         assert.equal(401, user_status(pair.access_token))
         assert.equal(200, (refresh(pair)))
      end)

      it("ends all of a user's tokens, and tells the app where it asked for that and for who he is", function()
         local pair = exchange { scope = "USER_ID NOTIFICATION_ACCESS_REVOCATION offline_access" }
         divar.judge:revoke "seller"
         assert.same({ type = "USER_ACCESS_REVOCATION", user_access_revocation = { user_id = divar.seller.id } },
            divar:deliver()[1].body)
         local _, body = divar:call { "GET", "/v1/open-platform/users", token = pair.access_token }
         assert.equal("access token is revoked", body.message)
         assert.equal(400, (refresh(pair)))
         divar.judge:revoke "seller"
         assert.same({}, divar:deliver())
      end)

      it("tells nothing where one of the two scopes is missing", function()
         for _, scope in ipairs { "USER_ID offline_access", "NOTIFICATION_ACCESS_REVOCATION offline_access" } do
            exchange { scope = scope }
            divar.judge:revoke "seller"
            assert.same({}, divar:deliver())
         end
      end)
   end)

   describe("the JSON form of 2024-05 and before", function()
      local PATH = "/v1/open-platform/oauth/access_token"

      it("gives a point in time, and renews by refresh token and key", function()
         local status, pair = divar:call { "POST", PATH, body = {
            grant_type = "authorization_code", code = code_of(), client_id = "my-app", client_secret = "key",
         } }
         assert.equal(200, status)
         assert.equal(1729433526, pair.expires)
         assert.equal(200, user_status(pair.access_token))
         local new
         status, new = divar:call { "POST", PATH, body = {
            grant_type = "refresh_token", refresh_token = pair.refresh_token,
         } }
         assert.equal(200, status)
         assert.not_equal(pair.access_token, new.access_token)
      end)

      it("can be gone", function()
         divar = judged.new { legacy = { endpoints = "gone" } }
         assert.equal(404, (divar:call { "POST", PATH, body = {} }))
      end)
   end)

   describe("the token endpoints of 2024-05 and before", function()
      local JSON_PATH = "/v1/open-platform/oauth/access_token"
      local FORM_PATH = "/v1/open-platform/oauth/url_encoded_access_token"
      local FORM = { ["content-type"] = "application/x-www-form-urlencoded" }

      local function post_form(body, headers)
         return divar:call { "POST", FORM_PATH, body = body, headers = headers or FORM }
      end

      local function exchange_form(scope)
         return post_form(("grant_type=authorization_code&code=%s&client_id=my-app&client_secret=key")
            :format(code_of { scope = scope }))
      end

      local function exchange_json(scope)
         return divar:call { "POST", JSON_PATH, body = {
            grant_type = "authorization_code", code = code_of { scope = scope }, client_id = "my-app",
            client_secret = "key",
         } }
      end

      it("take a form as well, at a path of its own", function()
         local status, pair = exchange_form "USER_ID offline_access"
         assert.equal(200, status)
         assert.equal(1729433526, pair.expires)
         assert.equal(200, user_status(pair.access_token))
         local new
         status, new = post_form("grant_type=refresh_token&refresh_token=" .. pair.refresh_token)
         assert.equal(200, status)
         assert.equal(200, user_status(new.access_token))
      end)

      it("refuse the other one's body", function()
         local status, body = post_form('{"grant_type":"refresh_token"}', { ["content-type"] = "application/json" })
         assert.same({ 400, "invalid_request" }, { status, body.error })
         status, body = post_form "grant_type=%"
         assert.same({ 400, "invalid_request" }, { status, body.error })
         status, body = divar:call { "POST", JSON_PATH, body = "grant_type=refresh_token", headers = FORM }
         assert.same({ 400, "invalid_request" }, { status, body.error })
      end)

      it("refuse another app, and can be gone", function()
         local status, body = post_form "grant_type=authorization_code&client_id=other&client_secret=key"
         assert.same({ 401, "invalid_client" }, { status, body.error })
         divar = judged.new { legacy = { endpoints = "gone" } }
         assert.equal(404, (post_form ""))
      end)

      it("give a refresh token for offline_access only, or always, as they did until 2023-12", function()
         for _, exchange_old in ipairs { exchange_form, exchange_json } do
            divar = judged.new()
            local status, pair = exchange_old "USER_ID"
            assert.same({ 200, nil }, { status, pair.refresh_token })
            divar = judged.new { legacy = { refresh_token = "always" } }
            status, pair = exchange_old "USER_ID"
            assert.equal(200, status)
            local new
            status, new = divar:call { "POST", JSON_PATH, body = {
               grant_type = "refresh_token", refresh_token = pair.refresh_token,
            } }
            assert.equal(200, status)
            assert.equal(200, user_status(new.access_token))
            assert.is_string(new.refresh_token)
         end
      end)

      it("leave today's endpoint as it is", function()
         divar = judged.new { legacy = { refresh_token = "always" } }
         assert.is_nil(exchange({ scope = "USER_ID" }).refresh_token)
      end)

      it("show no token in what the sandbox prints", function()
         local _, pair = exchange_form "USER_ID offline_access"
         local exchange_shown = require("kenar.sandbox.server.shown").exchange(divar.judge.log[#divar.judge.log])
         local text = json.encode(exchange_shown)
         assert.is_nil(text:find(pair.access_token, 1, true))
         assert.is_nil(text:find(pair.refresh_token, 1, true))
      end)
   end)
end)
