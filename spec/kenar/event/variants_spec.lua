-- Where Divar's documents, its OpenAPI file and its traffic disagree about what apps are sent: every form is read, and
-- handlers see one. docs/coverage.md lists the same numbers.
local edge = require "spec.support.edge"
local event = require "kenar.event"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local kenar = require "kenar"
local landing = require "kenar.webhook.pages"
local urls = require "kenar.base.url"

local OK = { status = 200, body = "{}" }

local function parse(body, headers)
   return assert(event.parse(type(body) == "table" and assert(json.encode(body)) or fixture.bytes(body), headers))
end

local function new_message(fields)
   local message = { id = "m-1", type = "TEXT", conversation = { id = "c-1", type = "POST" }, sender = {} }
   for name, value in pairs(fields) do
      message[name] = value
   end
   return parse { type = "NEW_MESSAGE", new_message = message }
end

local function session(fields)
   fields.source = fields.source or "CHAT"
   return parse(fields)
end

local function bot_with(options, handler)
   options.identification_key, options.api_key = "k", "key-1"
   local bot = kenar.bot(options)
   bot:on("*", handler)
   local host, requests = edge.host { OK }
   return bot:attach(host), requests
end

local function post(bot, body)
   local response = bot:handle { method = "POST", path = "/kenar", headers = { authorization = "k" }, body = body }
   return json.decode(response.body), response.status
end

describe("variants of a chat message", function()
   it("D4: the two sides are from and to, or sender and receiver, also where the others are null", function()
      for _, sample in ipairs { "from_to", "sender_receiver", "captured_shape" } do
         local got = parse("in.legacy_chat_message." .. sample)
         assert.equal("1697004f-e902-44c2-bbbe-bf8e20d54bff", got.user_id)
         assert.equal("e9ba8a81-9583-4f7c-af54-b07df089d971", got.peer_id)
         assert.equal("BUYER", got.side)
      end
   end)

   it("D6: a sender type of SELLER or BUYER is the side", function()
      local old, new = new_message { sender = { type = "BUYER" } }, new_message { sender = { side = "BUYER" } }
      assert.equal("BUYER", old.side)
      assert.is_nil(old.sender.type)
      assert.equal("BUYER", new.side)
   end)

   it("D7: USER is HUMAN", function()
      assert.equal("HUMAN", new_message({ sender = { type = "USER" } }).sender.type)
      assert.equal("HUMAN", new_message({ sender = { type = "HUMAN" } }).sender.type)
      assert.equal("BOT", new_message({ sender = { type = "BOT" } }).sender.type)
   end)

   it("D8: an event's metadata lies under metadata or meta_data", function()
      for _, key in ipairs { "metadata", "meta_data" } do
         assert.same({ a = "b" }, parse({ type = "NEW", [key] = { a = "b" } }).metadata)
      end
   end)

   it("D15: the event of a subscription to NEW_MESSAGE_ON_POST is called NEW_MESSAGE", function()
      assert.equal("message", new_message({}).kind)
      assert.equal("unknown", parse({ type = "NEW_MESSAGE_ON_POST", new_message = {} }).kind)
   end)

   it("D23: a time is microseconds as a number or a string, or RFC 3339", function()
      for _, written in ipairs { 1729429926140000, "1729429926140000", "2024-10-20T13:12:06.140Z",
         "2024-10-20T13:12:06.14Z", "2024-10-20T16:42:06.140000000+03:30" } do
         assert.equal(1729429926140000, new_message({ sent_at = written }).sent_at)
      end
   end)

   it("D24: a 64-bit integer is a number or a string", function()
      for _, written in ipairs { 512000, "512000" } do
         assert.equal(512000, new_message({ type = "VOICE", voice_data = { size_bytes = written } }).voice.size_bytes)
         assert.equal(512000, parse({ type = "PAYMENT_TRANSACTION", transaction = { cost_rials = written } })
            .payment.cost_rials)
      end
   end)

   it("D25: the bot's text is text or message_text, or missing", function()
      assert.equal("hello world", parse("in.new_chatbot_message.text").text)
      assert.equal("hello world", parse("in.new_chatbot_message.message_text").text)
      assert.is_nil(parse("in.new_chatbot_message.no_text").text)
   end)

   it("D27: a post's token is whatever came", function()
      for _, token in ipairs { "wZC44q5D", "AZm-NExJ", "abcdefghij_-2345", ("x"):rep(40) } do
         assert.equal(token, new_message({ conversation = { id = "c", post_token = token } }).post_token)
         assert.equal(token, session({ post_token = token }).post_token)
      end
   end)

   it("D32: a place has numbers, or strings that hold them", function()
      local place = { latitude = 35.5, longitude = 51.25 }
      assert.same(place, new_message({ type = "LOCATION", location_data = place }).location)
      assert.same(place, new_message({
         type = "LOCATION", location_data = { latitude = "35.5", longitude = "51.25" },
      }).location)
      assert.equal(51.34850978851319, parse("in.legacy_session_init.location_strings").location.longitude)
   end)

   it("D16: a payment lies under payment_transaction or transaction", function()
      for _, key in ipairs { "payment_transaction", "transaction" } do
         local got = parse { type = "PAYMENT_TRANSACTION", [key] = { id = "1", state = "TRANSACTION_STATE_FAILED" } }
         assert.equal("1:failed", got.dedup_key)
         assert.equal("failed", parse({ type = "PAYMENT_TRANSACTION", [key] = { id = "1", state = 3 } }).detail)
      end
   end)
end)

describe("variants of a visit", function()
   it("D5: the seller is Supplier or supplier", function()
      for _, key in ipairs { "Supplier", "supplier" } do
         local body = { user_id = "s", peer_id = "b", [key] = { id = "s" }, demand = { id = "b" } }
         assert.equal("SELLER", parse(body).side)
         body.user_id, body.peer_id = "b", "s"
         assert.equal("BUYER", parse(body).side)
      end
   end)

   it("D10: the version's header is written with a hyphen or an underscore", function()
      local body = { post_token = "p" }
      assert.equal("session_init", parse(body, { ["api-version"] = "2" }).kind)
      assert.equal("session_init", parse(body, { api_version = "2" }).kind)
   end)

   it("D11: the app's own data is provider_data or extra_data, or the one in the other", function()
      local data = { a = "b" }
      assert.same(data, session({ extra_data = data }).data)
      assert.same(data, session({ provider_data = data }).data)
      assert.same(data, parse({ callback_url = "https://divar.ir", extra_data = { provider_data = data } }).data)
      assert.same(data, parse({ callback_url = "https://divar.ir", extra_data = data }).data)
   end)

   it("D12: POST_ADODN is POST_ADDON", function()
      assert.equal("POST_ADDON", session({ source = "POST_ADODN" }).source)
      assert.equal("SOMETHING_ELSE", session({ source = "SOMETHING_ELSE" }).source)
   end)

   it("D13: without the header the body's keys tell a session's version", function()
      for _, key in ipairs { "source", "user_side" } do
         assert.equal("current", parse({ [key] = "CHAT" }).variant)
      end
      for key, value in pairs { peer_id = "p", supplier = {}, Supplier = {}, callback_url = "https://divar.ir" } do
         assert.equal("legacy", parse({ [key] = value }).variant)
         assert.equal("current", parse({ [key] = value }, { ["api-version"] = "2" }).variant)
      end
   end)

   it("D14: a side is Supply, SUPPLY or SELLER", function()
      for _, side in ipairs { "Supply", "SUPPLY", "supply", "SELLER" } do
         assert.equal("SELLER", session({ user_side = side }).side)
      end
      for _, side in ipairs { "Demand", "DEMAND", "demand", "BUYER" } do
         assert.equal("BUYER", session({ user_side = side }).side)
      end
   end)

   it("D28: the way back is callback_url, return_url, completion_url, or Divar's fixed page", function()
      local divar = "https://divar.ir/back"
      for _, key in ipairs { "callback_url", "return_url", "completion_url" } do
         assert.equal(divar, session({ [key] = divar }).return_url)
         assert.equal(divar, landing.direct_link(urls.encode_query { { key, divar } }).return_url)
      end
      local bot = bot_with({}, function() end)
      assert.equal("https://open-platform-redirect.divar.ir/completion", post(bot, '{"source":"CHAT"}').url)
      assert.equal(divar, post(bot, '{"source":"CHAT","return_url":"https://divar.ir/back"}').url)
      assert.equal("https://open-platform-redirect.divar.ir/completion",
         post(bot, '{"source":"CHAT","return_url":"https://divar.ir.evil.example/"}').url)
   end)
end)

describe("variants of a user's id", function()
   local SELLER, BUYER = "e9ba8a81-9583-4f7c-af54-b07df089d971", "1697004f-e902-44c2-bbbe-bf8e20d54bff"

   it("D35: an id is whatever came", function()
      for _, id in ipairs { SELLER, "6GqmD76dle5NpJySqnBX8seTpt6uVtzqaNTNJU1ettI=", "a+b/c==" } do
         assert.equal(id, session({ user_id = id }).user_id)
      end
   end)

   it("D35: the old ids go to the old endpoint only, and find no consent of today's", function()
      local grant
      local bot, requests = bot_with({ access_token = "ory_at_1" }, function(ctx)
         grant = ctx.grant
         ctx:reply "x"
      end)
      assert(bot.grants:save({ access_token = "a", expires_at = 2e9, scopes = { "USER_ID" } }, { user_id = SELLER }))
      post(bot, fixture.bytes "in.legacy_button_click.supplier_lower")
      post(bot, fixture.bytes "in.legacy_button_click.with_conversation_id")
      assert.is_nil(grant)
      assert.matches("/v2/open-platform/chat/conversation", requests[1].url, 1, true)
      assert.same({ type = "TEXT", message = "x", user_id = SELLER, peer_id = BUYER, post_token = "AZf3Uqr3" },
         json.decode(requests[1].body))
      assert.matches("/conversations/6b3d5cf7-9291-4fa9-892a-9d07e300daea/messages", requests[2].url, 1, true)
      assert.same({ type = "TEXT", message = "x" }, json.decode(requests[2].body))
   end)
end)
