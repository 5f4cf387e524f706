-- Forms of requests on which Divar's documents, its OpenAPI file and its traffic disagree: one form is the default, and
-- a form that apps may need besides is an option. docs/coverage.md lists the same numbers.
local edge = require "spec.support.edge"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local kenar = require "kenar"
local served = require "spec.support.served"

local OK = { status = 200, body = "{}" }

-- A client with options, and the requests that it made.
local function client(options, answers)
   local host, requests = edge.host(answers or { OK })
   local values = { host = host, api_key = "key-1", access_token = "ory_at_1" }
   for name, value in pairs(options or {}) do
      values[name] = value
   end
   values.access_token = values.access_token or nil
   return kenar.client(values), requests
end

-- The body of the message that a client with these options sends.
local function sent(options, message)
   local c, requests = client(options)
   assert(c:send_bot_message("c", message))
   return json.decode(requests[1].body)
end

local function oauth(answer)
   local host, requests = edge.host { { status = 200, body = assert(json.encode(answer)) } }
   return kenar.oauth { client_id = "app", client_secret = "s", redirect_uri = "https://a.ir/r", host = host }, requests
end

local function bot_with(options, handler)
   options.identification_key, options.api_key = "k", "key-1"
   local bot = kenar.bot(options)
   bot:on("*", handler)
   return bot:attach((edge.host { OK }))
end

local function post(bot, body)
   local response = bot:handle { method = "POST", path = "/kenar", headers = { authorization = "k" }, body = body }
   return json.decode(response.body), response.status
end

describe("variants of an address", function()
   it("D1: the API lies at open-api.divar.ir; base_url names another host", function()
      local c, requests = client()
      c:oauth_scopes()
      assert.matches("^https://open%-api%.divar%.ir/v1/", requests[1].url)
      c, requests = client { base_url = "https://api.divar.ir" }
      c:oauth_scopes()
      assert.matches("^https://api%.divar%.ir/v1/", requests[1].url)
   end)

   it("D2: a user's token goes as a bearer; token_header has the older header", function()
      local c, requests = client()
      c:get_user()
      assert.equal("Bearer ory_at_1", requests[1].headers.authorization)
      assert.is_nil(requests[1].headers["x-access-token"])
      c, requests = client { token_header = "x_access_token" }
      c:get_user()
      assert.equal("ory_at_1", requests[1].headers["x-access-token"])
      assert.is_nil(requests[1].headers.authorization)
   end)

   it("D17: a message to the bot's chat carries a token only where one is given", function()
      local c, requests = client { access_token = false }
      c:send_bot_message("c", "x")
      c:send_bot_message("c", "x", { access_token = "ory_at_2" })
      assert.is_nil(requests[1].headers.authorization)
      assert.equal("Bearer ory_at_2", requests[2].headers.authorization)
   end)

   it("D18: a user is read by GET; the older POST and its list of numbers are taken too", function()
      local c, requests = client({}, { { status = 200, body = fixture.bytes "resp.get_user.legacy_phone_numbers" } })
      assert.equal("09990000000", c:get_user().phone_number)
      assert.equal("09990000000", c:get_user({ method = "POST" }).phone_number)
      assert.equal("GET", requests[1].method)
      assert.equal("POST", requests[2].method)
   end)

   it("D29: the token of an upload goes as a bearer", function()
      local c, requests = client({}, {
         { status = 200, body = '{"token":"upload-1"}' }, { status = 200, body = '{"id":"m"}' },
      })
      assert(c:upload_media("image", { bytes = "\137PNG\r\n\26\n", name = "a.png" }))
      assert.equal("Bearer upload-1", requests[2].headers.authorization)
   end)

   it("D30: the key's header is found in any case", function()
      local heard = 0
      local bot = bot_with({}, function() heard = heard + 1 end)
      local site = served.open()
      site.handle = function(request) return bot:handle(request) end
      for _, name in ipairs { "Authorization", "authorization", "AUTHORIZATION" } do
         local response = site:client(("POST /kenar HTTP/1.1\r\nHost: b\r\n%s: k\r\nContent-Length: 12\r\n\r\n%s")
            :format(name, '{"type":"X"}')):response()
         assert.equal(200, response.status)
      end
      site:close()
      assert.equal(3, heard)
   end)
end)

describe("variants of a message's writing", function()
   it("D3: an icon is written as icon; icon_key has icon_name and both", function()
      local message = { text = "x", buttons = { { "a", post_page = "p", icon_name = "ADD" } } }
      local function keys(icon_key)
         local button = sent({ icon_key = icon_key }, message).buttons.rows[1].buttons[1]
         return { button.icon or false, button.icon_name or false }
      end
      assert.same({ "ADD", false }, keys(nil))
      assert.same({ false, "ADD" }, keys "icon_name")
      assert.same({ "ADD", "ADD" }, keys "both")
   end)

   it("D19: a text or a medium, not both; text_with_media adds the empty text that one schema asks for", function()
      assert.same({ media_token = "m" }, sent({}, { media_token = "m" }))
      assert.same({ media_token = "m", text_message = "" }, sent({ text_with_media = "empty" }, { media_token = "m" }))
      local _, err = client():send_bot_message("c", { text = "x", media_token = "m" })
      assert.equal("text or media_token, not both", err.message)
   end)

   it("D20: a text has its type, a medium none; send_type takes it away", function()
      assert.same({ type = "TEXT", text_message = "x" }, sent({}, "x"))
      assert.is_nil(sent({}, { media_token = "m" }).type)
      assert.same({ text_message = "x" }, sent({ send_type = false }, "x"))
   end)

   it("D33: an icon that is not on Divar's list is passed on; strict_icons refuses it", function()
      local message = { text = "x", buttons = { { "a", post_page = "p", icon = "REAL_STATE" } } }
      assert.equal("REAL_STATE", sent({}, message).buttons.rows[1].buttons[1].icon)
      local _, err = client({ strict_icons = true }):send_bot_message("c", message)
      assert.matches("REAL_ESTATE", err.message, 1, true)
   end)

   it("D8: a subscription's metadata is written as metadata; metadata_key has meta_data", function()
      local subscription = { event_type = "POST_UPDATE", metadata = { a = "b" } }
      for _, key in ipairs { "metadata", "meta_data" } do
         local c, requests = client { metadata_key = key }
         c:subscribe(subscription)
         assert.same({ event_type = "POST_UPDATE", [key] = { a = "b" } }, json.decode(requests[1].body))
      end
      local c, requests = client()
      c:subscribe(subscription)
      assert.same({ a = "b" }, json.decode(requests[1].body).metadata)
   end)

   it("D9: the old reply's status is a string, legacy_status makes it a number; an answer's is either", function()
      local click = fixture.bytes "in.legacy_button_click.supplier_lower"
      local function reply(options, value)
         return post(bot_with(options, function() return value end), click)
      end
      local refusal = { status = 400, message = "bad request" }
      assert.equal("200", reply({}, "https://a.ir/").status)
      assert.equal(200, reply({ legacy_status = "number" }, "https://a.ir/").status)
      assert.same({ status = "400", message = "bad request" }, reply({}, refusal))
      assert.same({ status = 400, message = "bad request" }, reply({ legacy_status = "number" }, refusal))
      for _, status in ipairs { 200, "200" } do
         local c = client({}, { { status = 200, body = assert(json.encode { status = status }) } })
         assert.equal(status, c:send_message("c", "x").status)
      end
   end)

   it("D15: what is subscribed to keeps its name, which is not that of the event", function()
      local c, requests = client()
      c:subscribe { event_type = "NEW_MESSAGE_ON_POST" }
      assert.same({ event_type = "NEW_MESSAGE_ON_POST" }, json.decode(requests[1].body))
   end)
end)

describe("variants of a consent", function()
   it("D21: a scope's id stands behind a full stop; kenar.scope.legacy writes underscores; both are read", function()
      assert.equal("CHAT_POST_CONVERSATIONS_READ.gZd7omnS", kenar.scope("CHAT_POST_CONVERSATIONS_READ", "gZd7omnS"))
      local old = kenar.scope.legacy("CHAT_POST_CONVERSATIONS_READ", "gZd7omnS")
      assert.equal("CHAT_POST_CONVERSATIONS_READ__gZd7omnS", old)
      assert.equal("CHAT_POST_CONVERSATIONS_READ.gZd7omnS", kenar.scope.canonical(old))
   end)

   it("D22: scopes are joined by %20; base64's own signs survive", function()
      local id = "a+b/c=="
      local url = oauth({}):authorize_url { scopes = { "USER_ID", kenar.scope("CHAT_MESSAGE_SEND", id) } }
      assert.matches("&scope=USER_ID%20CHAT_MESSAGE_SEND.a%2Bb%2Fc%3D%3D&", url, 1, true)
   end)

   it("D26: a token lives as long as its answer says: seconds of any number, or a point in time", function()
      local now = edge.host({}).now()
      for _, case in ipairs {
         { { expires_in = 3600 }, now + 3600 }, { { expires_in = 604799 }, now + 604799 },
         { { expires_in = "3600" }, now + 3600 }, { { expires = now + 5 }, now + 5 }, { {}, now + 3600 },
      } do
         case[1].access_token = "ory_at_1"
         assert.equal(case[2], assert(oauth(case[1]):exchange "code").expires_at)
      end
   end)

   it("D31: both old names of the right to read a post's messages are known", function()
      assert.equal("CHAT_POST_CONVERSATIONS_READ.gZd7omnS",
         kenar.scope.canonical "CHAT_READ_POST_CONVERSATIONS__gZd7omnS")
      -- The other one is a permission of the key, which no user is asked for: it is listed as Divar names it.
      local answer = '{"permissions":[{"slug":"CHAT_SET_NOTIFY_POST_CONVERSATIONS"}]}'
      local c = client({}, { { status = 200, body = answer } })
      assert.equal("CHAT_SET_NOTIFY_POST_CONVERSATIONS", c:permissions()[1].slug)
   end)
end)

describe("variants of a target", function()
   it("D34: how long an event took is logged, for Divar asks for 500 ms here and for 2 s there", function()
      local host = edge.host { OK }
      local time = 100
      function host.clock() return time end
      local bot = kenar.bot { identification_key = "k", api_key = "key-1", log_level = "info" }
      bot:on("*", function() time = time + 0.75 end)
      bot:attach(host)
      post(bot, fixture.bytes "in.new_chatbot_message.text")
      assert.matches(" ms=750", host.lines[1], 1, true)
   end)
end)
