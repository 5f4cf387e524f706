local asking_bot = require "spec.support.asking_bot"
local browsers = require "spec.support.consent_browser"
local json = require "kenar.json"

local COMPLETION = "https://open-platform-redirect.divar.ir/completion"

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

   describe("the return", function()
      local granted, denied

      before_each(function()
         granted, denied = {}, {}
      end)

      local function listen()
         bot:granted(function(ctx) granted[#granted + 1] = ctx end)
         bot:denied(function(ctx) denied[#denied + 1] = ctx end)
      end

      it("keeps a grant, and tells bot:granted what and whose it is", function()
         listen()
         local asked = browser:start(ask({ "USER_ID", "CONVERSATION_SEND_MESSAGE.c-1" }, { data = { order = 7 } }))
         local response = browser:agree(edge, asked)
         assert.equal(303, response.status)
         assert.equal(COMPLETION, response.headers.location)
         assert.equal("the-code-1", edge.token_requests[1].fields.code)
         assert.equal("https://bot.example.ir/kenar/oauth/return", edge.token_requests[1].fields.redirect_uri)
         local ctx = granted[1]
         assert.equal("oauth_return", ctx.kind)
         assert.equal("c-1", ctx.conversation_id)
         assert.equal("user-1", ctx.user_id)
         assert.same({ order = 7 }, ctx.data)
         local grant = ctx.grant
         assert.same(grant, bot.grants:find { conversation_id = "c-1" })
         assert.equal("ory_at_1", grant.access_token)
         assert.equal("SELLER", grant.side)
         assert.equal("p-1", grant.post_token)
         assert.equal("user-1", grant.user_id)
         assert.equal(0, #denied)
      end)

      it("keeps what was granted, where that is not what was asked for", function()
         local asked = browser:start(ask "USER_PHONE CONVERSATION_SEND_MESSAGE.c-1")
         browser:agree(edge, asked, "CONVERSATION_SEND_MESSAGE.c-1")
         assert.same({ "CONVERSATION_SEND_MESSAGE.c-1" }, bot.grants:find({ conversation_id = "c-1" }).scopes)
      end)

      it("takes side, conversation and post as ctx:authorize was told", function()
         browser:agree(edge, browser:start(ask("CONVERSATION_SEND_MESSAGE.c-2", {
            side = "BUYER", conversation_id = "c-2", post_token = "p-2",
         })))
         local grant = assert(bot.grants:find { conversation_id = "c-2" })
         assert.same({ "BUYER", "c-2", "p-2" }, { grant.side, grant.conversation_id, grant.post_token })
      end)

      it("takes whoever pressed for the user where Divar names none, but no id of the old kind", function()
         browser:agree(edge, browser:start(ask "CONVERSATION_SEND_MESSAGE.c-1"))
         assert.equal("presser", bot.grants:find({ conversation_id = "c-1" }).user_id)
         assert.equal(0, #edge.calls)
         browser:agree(edge, browser:start(ask("CONVERSATION_SEND_MESSAGE.c-2", nil, {
            source = false, user_side = false, supplier = { id = "presser" }, peer_id = "x", conversation_id = "c-2",
            extra_data = { provider_data = { kenar_action = "ask" } },
         })))
         local grant = bot.grants:find { conversation_id = "c-2" }
         assert.is_nil(grant.user_id)
         assert.equal("SELLER", grant.side)
      end)

      it("keeps the grant although Divar does not say whose it is", function()
         edge.on_call = function() return { status = 500, headers = {}, body = "{}" } end
         browser:agree(edge, browser:start(ask "USER_ID CONVERSATION_SEND_MESSAGE.c-1"))
         assert.equal("presser", bot.grants:find({ conversation_id = "c-1" }).user_id)
         assert.matches('msg="user not known"', edge.lines[1])
      end)

      it("sends the user where the handler says, or ctx:authorize did, or back to Divar", function()
         local url = ask("USER_ID", { next = "https://shop.example.ir/thanks?a=b" })
         assert.equal("https://shop.example.ir/thanks?a=b", browser:agree(edge, browser:start(url)).headers.location)
         bot:granted(function(ctx) return "https://shop.example.ir/" .. ctx.grant.side end)
         bot:denied(function(ctx) return "https://shop.example.ir/" .. ctx.payload.error end)
         url = ask("USER_ID", { next = "https://shop.example.ir/thanks" })
         assert.equal("https://shop.example.ir/SELLER", browser:agree(edge, browser:start(url)).headers.location)
         local refusal = browser:refuse(browser:start(ask "USER_ID"))
         assert.equal("https://shop.example.ir/access_denied", refusal.headers.location)
      end)

      it("without a code means that the user refused", function()
         listen()
         local response = browser:refuse(browser:start(ask("USER_ID", { next = "https://shop.example.ir/thanks" })))
         assert.equal(COMPLETION, response.headers.location)
         assert.equal(0, #granted)
         assert.equal("access_denied", denied[1].payload.error)
         assert.equal("c-1", denied[1].conversation_id)
         assert.is_nil(denied[1].grant)
         assert.equal(0, #edge.token_requests)
      end)

      it("can be answered in the conversation in which the user was asked", function()
         bot:granted(function(ctx) ctx:reply "متشکرم" end)
         browser:agree(edge, browser:start(ask "CONVERSATION_SEND_MESSAGE.c-1"))
         assert.same({}, subject.caught)
         assert.equal("/v2/open-platform/conversations/c-1/messages", edge.calls[1].path)
         assert.equal("ory_at_1", edge.calls[1].token)
      end)

      it("can be answered in the bot's chat, where the user was asked there", function()
         bot:denied(function(ctx) ctx:reply "باشد" end)
         browser:refuse(browser:start(ask("USER_ID", nil, {
            post_token = json.null, extra_data = { kenar_action = "ask", kenar_via = "bot" },
         })))
         assert.equal("/v1/open-platform/chat/bot/conversations/c-1/messages", edge.calls[1].path)
      end)

      it("is good once", function()
         listen()
         local asked = browser:start(ask "USER_ID")
         local cookies = {}
         for name, value in pairs(browser.cookies) do
            cookies[name] = value
         end
         browser:agree(edge, asked)
         assert.same({}, browser.cookies)
         browser.cookies = cookies
         refused(browser:agree(edge, asked))
         refused(browser:refuse(asked))
         assert.equal(1, #granted)
         assert.equal(0, #denied)
         assert.equal(1, #edge.token_requests)
         assert.matches('level=warn msg=refused.*path=/kenar/oauth/return.*used before', edge.lines[#edge.lines])
      end)

      it("is not believed from another browser; the one that began may still come", function()
         listen()
         local asked = browser:start(ask "USER_ID")
         local other = browsers.new(bot)
         refused(other:agree(edge, asked))
         for name, value in pairs(browser.cookies) do
            other.cookies[name] = value:reverse()
         end
         refused(other:agree(edge, asked))
         refused(other:refuse(asked))
         assert.same({ 0, 0, 0 }, { #granted, #denied, #edge.token_requests })
         assert.equal(303, browser:agree(edge, asked).status)
         assert.equal(1, #granted)
      end)

      it("is not believed where nobody opened the start page", function()
         listen()
         local state = ask("USER_ID"):match "state=(.*)$"
         refused(browser:get("/kenar/oauth/return?code=x&state=" .. state))
         assert.equal(0, #granted + #denied)
      end)

      it("is not believed with a state that was not issued, has expired, or stands there twice", function()
         listen()
         local asked = browser:start(ask "USER_ID")
         refused(browser:get "/kenar/oauth/return")
         refused(browser:get "/kenar/oauth/return?code=x")
         refused(browser:get "/kenar/oauth/return?code=x&state=my-random-string")
         refused(browser:get("/kenar/oauth/return?code=x&state=" .. ("A"):rep(43)))
         refused(browser:get("/kenar/oauth/return?code=x&state=" .. ("A"):rep(50000)))
         refused(browser:get(("/kenar/oauth/return?code=x&state=%s&state=%s"):format(asked.state, asked.state)))
         edge.host:advance(601)
         refused(browser:agree(edge, asked))
         assert.equal(0, #granted + #denied + #edge.token_requests)
      end)

      it("lets two consents go on side by side in one browser", function()
         listen()
         local first = browser:start(ask "CONVERSATION_SEND_MESSAGE.c-1")
         local second = browser:start(ask "CONVERSATION_SEND_MESSAGE.c-2")
         browser.cookies.theme = "dark"
         assert.equal(303, browser:agree(edge, first).status)
         assert.equal(303, browser:agree(edge, second).status)
         assert.equal(2, #granted)
         assert.same({ theme = "dark" }, browser.cookies)
      end)

      it("finds the cookie in repeated headers, however the server joins them", function()
         local asked = browser:start(ask "USER_ID")
         local name, value = next(browser.cookies)
         local function come(cookie)
            return bot:handle {
               method = "GET", path = "/kenar/oauth/return", query = "state=" .. asked.state,
               headers = { cookie = cookie },
            }.status
         end
         assert.equal(400, come("x" .. name .. "=" .. value))
         assert.equal(400, come(name .. "x=" .. value))
         assert.equal(303, come(("a=b, %s=%s, c=d"):format(name, value)))
      end)

      it("with a code that Divar does not take is an error, and the user goes to the fallback", function()
         new_bot { fallback = { url = "https://shop.example.ir/sorry" } }
         listen()
         local asked = browser:start(ask("USER_ID", { next = "https://shop.example.ir/thanks" }))
         local response = browser:get(("/kenar/oauth/return?code=expired&state=%s"):format(asked.state))
         assert.equal(303, response.status)
         assert.equal("https://shop.example.ir/sorry", response.headers.location)
         assert.equal("auth", subject.caught[1].kind)
         assert.equal("INVALID_GRANT", subject.caught[1].code_name)
         assert.equal(0, #granted + #denied)
      end)

      it("where the grant cannot be stored is an error", function()
         listen()
         local asked = browser:start(ask "USER_ID")
         store.broken.set = "grant:"
         assert.equal(COMPLETION, browser:agree(edge, asked).headers.location)
         assert.equal("store", subject.caught[1].kind)
         assert.equal(0, #granted)
      end)

      it("is answered 503 where the store cannot be asked, and may be tried again", function()
         local asked = browser:start(ask "USER_ID")
         store.broken.get = true
         refused(browser:agree(edge, asked), 503)
         store.broken = {}
         assert.equal(303, browser:agree(edge, asked).status)
      end)

      it("is heard by no handler of everything where somebody listens for it", function()
         local all = 0
         bot:on("*", function() all = all + 1 end)
         listen()
         browser:refuse(browser:start(ask "USER_ID"))
         assert.equal(1, #denied)
         assert.equal(0, all)
      end)
   end)
end)
