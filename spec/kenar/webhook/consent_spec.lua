local asking_bot = require "spec.support.asking_bot"
local browsers = require "spec.support.consent_browser"
local urls = require "kenar.base.url"

describe("a consent", function()
   local asking, subject, edge, store, bot, browser

   local function new_bot(options)
      asking:new_bot(options)
      bot, browser = asking.bot, asking.browser
   end

   before_each(function()
      asking = asking_bot.new()
      subject, bot, browser = asking.subject, asking.bot, asking.browser
      edge, store = subject.edge, subject.store
   end)

   local function ask(...)
      return asking:ask(...)
   end

   local function refused(response, status)
      assert.equal(status or 400, response.status)
      assert.equal("{}", response.body)
      assert.is_nil(response.headers.location)
   end

   describe("ctx:authorize", function()
      it("gives the URL of the bot's own start page", function()
         assert.matches("^https://bot.example.ir/kenar/oauth/start%?state=[%w_-]+$", ask { "USER_ID" })
         new_bot { prefix = "/shop" }
         assert.matches("^https://bot.example.ir/shop/oauth/start%?state=", ask "USER_ID offline_access")
      end)

      it("names what it lacks", function()
         for name, variable in pairs {
            public_url = "KENAR_PUBLIC_URL", app_slug = "KENAR_APP_SLUG", oauth_secret = "KENAR_OAUTH_SECRET",
         } do
            subject.caught = {}
            new_bot { [name] = false }
            assert.is_nil(ask "USER_ID")
            assert.equal("invalid", subject.caught[1].kind)
            assert.equal(name, subject.caught[1].path)
            local message = ("users cannot be asked without it: give %s, or set %s"):format(name, variable)
            assert.equal(message, subject.caught[1].message)
         end
      end)

      it("raises for what cannot be asked", function()
         local mistakes = {
            { {}, nil, "scopes: expected a scope or a list" }, { nil, nil, "scopes: expected" },
            { { "A B" }, nil, "scopes: expected a scope at 1, got A B" },
            { "A", { nxt = "x" }, 'unknown option "nxt" of authorize' },
            { "A", { next = "/thanks" }, "next: expected a URL" },
            { "A", { next = "https://a.ir/" .. ("x"):rep(3000) }, "next: expected a URL of at most 2048 bytes" },
            { ("A"):rep(3000), {}, "scopes: the URL of Divar's page with all of them would be longer" },
            { "A", { side = "Supply" }, 'side: expected "SELLER"' },
            { "A", { ttl = "5" }, "ttl: expected a number, got string" },
         }
         for _, mistake in ipairs(mistakes) do
            subject.caught = {}
            new_bot()
            assert.is_nil(ask(mistake[1], mistake[2]))
            assert.equal("handler", subject.caught[1].kind)
            assert.matches("asking_bot.lua:%d+: " .. mistake[3], subject.caught[1].message)
         end
      end)

      it("raises where the store fails", function()
         store.broken.set = true
         assert.is_nil(ask "USER_ID")
         assert.equal("store", subject.caught[1].kind)
      end)
   end)

   describe("the start page", function()
      it("sends the browser on to Divar's page, with a cookie that only the way back shows", function()
         local response = browser:get(ask { "USER_ID", "CONVERSATION_SEND_MESSAGE.c-1" })
         assert.equal(303, response.status)
         local page, text = response.headers.location:match "^(.-)%?(.*)$"
         assert.equal("https://oauth.divar.ir/oauth2/auth", page)
         local asked = urls.decode_query(text)
         assert.equal("https://bot.example.ir/kenar/oauth/return", asked.redirect_uri)
         assert.equal("USER_ID CONVERSATION_SEND_MESSAGE.c-1", asked.scope)
         assert.equal("no-store", response.headers["cache-control"])
         assert.equal("no-referrer", response.headers["referrer-policy"])
         local cookie = response.headers["set-cookie"]
         assert.matches("^kenar_consent_[%w_-]+=[%w_-]+; ", cookie)
         assert.equal("Max-Age=600; Path=/kenar; HttpOnly; SameSite=Lax; Secure", cookie:match "; (.*)$")
         assert.equal(43, #cookie:match "=([^;]*)")
         assert.is_nil(cookie:find(asked.state, 1, true))
      end)

      it("leaves Secure out on this machine alone", function()
         local cases = {
            ["http://localhost:8080"] = true, ["http://127.0.0.1:8080"] = true, ["http://[::1]:8080"] = true,
            ["http://localhost.example.com"] = false, ["http://127.0.0.1.example.com"] = false,
            ["http://example.com"] = false, ["https://localhost"] = false,
         }
         for url, is_loopback in pairs(cases) do
            new_bot { public_url = url }
            local cookie = browser:get(ask "USER_ID").headers["set-cookie"]
            assert.equal(is_loopback, not cookie:find("; Secure", 1, true), url)
         end
      end)

      it("may be opened again by the same browser, and by no other", function()
         local url = ask "USER_ID"
         local asked = browser:start(url)
         assert.same(asked, browser:start(url))
         refused(browsers.new(bot):get(url))
         assert.equal(303, browser:agree(edge, asked).status)
      end)

      it("refuses a state that was not issued", function()
         refused(browser:get "/kenar/oauth/start?state=my-random-string")
         refused(browser:get("/kenar/oauth/start?state=" .. ("A"):rep(43)))
         refused(browser:get "/kenar/oauth/start")
         refused(browser:get "/kenar/oauth/start?state=%zz")
      end)
   end)

   it("taken back deletes the user's grants before any handler runs", function()
      local seen
      bot:on("user_access_revocation", function(ctx)
         seen = { ctx.user_id, ctx.grant, (ctx.bot.grants:find { user_id = "user-1" }) }
      end)
      browser:agree(edge, browser:start(ask "USER_ID CONVERSATION_SEND_MESSAGE.c-1"))
      subject:post { type = "USER_ACCESS_REVOCATION", user_access_revocation = { user_id = "another" } }
      assert(bot.grants:find { user_id = "user-1" })
      subject:post { type = "USER_ACCESS_REVOCATION", user_access_revocation = { user_id = "user-1" } }
      assert.same({ "user-1" }, seen)
      assert.equal("NO_GRANT", select(2, bot.grants:find { conversation_id = "c-1" }).code_name)
   end)

   it("taken back while the store fails is answered 200, and reported", function()
      browser:agree(edge, browser:start(ask "USER_ID"))
      store.broken.del = true
      local response = subject:post { type = "USER_ACCESS_REVOCATION", user_access_revocation = { user_id = "user-1" } }
      assert.equal(200, response.status)
      assert.equal("store", subject.caught[1].kind)
   end)

   it("goes with other methods than GET nowhere", function()
      for _, path in ipairs { "/kenar/oauth/start", "/kenar/oauth/return", "/kenar/fallback" } do
         local response = bot:handle {
            method = "POST", path = path, headers = { authorization = "id-key-1" }, body = "{}",
         }
         assert.equal(405, response.status)
         assert.equal("GET", response.headers.allow)
      end
      assert.equal(405, bot:handle({ method = "GET", path = "/kenar/events", headers = {} }).status)
   end)

   it("has no pages where the app cannot ask", function()
      new_bot { app_slug = false }
      assert.equal(404, browser:get("/kenar/oauth/start?state=x").status)
      assert.equal(404, browser:get("/kenar/oauth/return?state=x").status)
   end)

   it("leaves no secret in the log and in errors", function()
      new_bot { fallback = { url = "https://shop.example.ir/sorry" } }
      bot = bot:attach(edge.host, { log_level = "debug" })
      local asked = browser:start(ask "USER_ID CONVERSATION_SEND_MESSAGE.c-1 offline_access")
      local cookie = select(2, next(browser.cookies))
      refused(browsers.new(bot):agree(edge, asked))
      bot:granted(function(ctx)
         ctx.log:info("granted", { grant = ctx.grant, bot = ctx.bot, client = ctx.client, oauth = ctx.bot.oauth })
         error("broken with " .. tostring(ctx.grant))
      end)
      browser:agree(edge, asked)
      browser:get("/kenar/oauth/return?code=the-code-9&state=" .. browser:start(ask "USER_ID").state)
      local text = table.concat(edge.lines, "\n")
      for _, err in ipairs(subject.caught) do
         text = text .. "\n" .. tostring(err) .. (err.traceback or "")
      end
      assert.equal(2, #subject.caught)
      assert.matches("msg=granted", text)
      for _, secret in ipairs { "ory_at_", "ory_rt_", "the-code", "oauth-secret", asked.state, cookie } do
         assert.is_nil(text:find(secret, 1, true), secret)
      end
   end)
end)
