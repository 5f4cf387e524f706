local event = require "kenar.event"
local fixture = require "spec.support.fixture"

local function parse(name, headers, endpoint)
   return assert(event.parse(fixture.bytes(name), headers, endpoint))
end

describe("kenar.event: messages", function()
   it("reads a message in a post's chat", function()
      local bytes = fixture.bytes "in.new_message.text"
      local got = assert(event.parse(bytes))
      assert.equal("NEW_MESSAGE", got.type)
      assert.equal("message", got.kind)
      assert.equal("current", got.variant)
      assert.equal("post", got.chat)
      assert.equal("e7a08a2c-8ee4-11ef-af85-4e9e9bfa3c12", got.id)
      assert.equal(got.id, got.dedup_key)
      assert.equal("edbb9499-cccc-4d35-b21f-621fa95f2b3e", got.conversation_id)
      assert.equal(got.conversation_id, got.order_key)
      assert.equal("gZd7omnS", got.post_token)
      assert.equal("SELLER", got.side)
      assert.same({ type = "BOT" }, got.sender)
      assert.equal("TEXT", got.message_type)
      assert.equal("Hello!", got.text)
      assert.equal(1729429926140000, got.sent_at)
      assert.same({ key = "value" }, got.metadata)
      assert.equal("Hello!", got.payload.text)
      assert.equal(bytes, got.raw)
   end)

   it("reads a message in the bot's own chat", function()
      local got = parse "in.new_chatbot_message.captured_shape"
      assert.equal("bot", got.chat)
      assert.is_nil(got.post_token)
      assert.is_nil(got.side)
      assert.same({ type = "HUMAN" }, got.sender)
      assert.equal("text", got.detail)
      assert.equal(1752662502648410, got.sent_at)
   end)

   it("takes the bot's old key of the text, and a text that is missing", function()
      assert.equal("hello world", parse("in.new_chatbot_message.message_text").text)
      assert.is_nil(parse("in.new_chatbot_message.no_text").text)
   end)

   it("reads an image, with figures that came as strings", function()
      local got = parse "in.new_message.wire_numbers"
      assert.equal("image", got.detail)
      assert.same({
         link = "https://example.com/images/image1.jpg", size_bytes = 204800, height_px = 1080, width_px = 1920,
      }, got.image)
      assert.equal(1729429926140000, got.sent_at)
   end)

   it("reads a file", function()
      local got = parse "in.new_message.file"
      assert.equal("file", got.detail)
      assert.equal("string", type(got.file.name))
      assert.equal(fixture.value("in.new_message.file").new_message.file_data.link, got.file.link)
   end)

   it("reads a voice message", function()
      local got = parse "in.new_message.voice"
      assert.equal("voice", got.detail)
      assert.equal(fixture.value("in.new_message.voice").new_message.voice_data.size_bytes, got.voice.size_bytes)
   end)

   it("reads a video", function()
      local got = parse "in.new_message.video"
      assert.equal("video", got.detail)
      assert.equal(fixture.value("in.new_message.video").new_message.video_data.thumbnail_link,
         got.video.thumbnail_link)
   end)

   it("reads a place as two numbers", function()
      local got = parse "in.new_message.location"
      local sent = fixture.value("in.new_message.location").new_message.location_data
      assert.equal("location", got.detail)
      assert.same({ latitude = sent.latitude, longitude = sent.longitude }, got.location)
   end)

   it("reads a contact, with and without a name", function()
      assert.same({ name = "Sample Name", phone = "+989123456789" }, parse("in.new_message.contact").contact)
      local nameless = parse("in.new_message.contact_no_name").contact
      assert.is_nil(nameless.name)
      assert.equal("string", type(nameless.phone))
   end)

   it("passes a message type through that Divar adds later", function()
      local got = parse "in.new_message.unknown_type"
      assert.equal("message", got.kind)
      assert.equal("unknown", got.detail)
      assert.equal(fixture.value("in.new_message.unknown_type").new_message.type, got.message_type)
   end)

   it("treats the sender type USER as HUMAN", function()
      assert.equal("USER", fixture.value("in.new_message.contact").new_message.sender.type)
      assert.equal("HUMAN", parse("in.new_message.contact").sender.type)
   end)

   it("reads a sender type of SELLER or BUYER as the side", function()
      local got = parse "in.new_message.sender_type_seller"
      assert.equal("SELLER", got.side)
      assert.is_nil(got.sender.type)
      assert.same({ your_key = "your_value" }, got.metadata)
   end)
end)

describe("kenar.event: /start", function()
   it("names the touch point and its id", function()
      assert.same({ touch_point = "MY_POST", id = "gZd7omnS" }, parse("in.new_chatbot_message.start_my_post").start)
      assert.equal("CHAT", parse("in.new_chatbot_message.start_chat").start.touch_point)
      assert.equal("DEMAND_POST", parse("in.new_chatbot_message.start_demand_post").start.touch_point)
   end)

   it("has no id where Divar gives none", function()
      assert.same({ touch_point = "MY_POST" }, parse("in.new_chatbot_message.start_my_post_no_token").start)
      assert.same({ touch_point = "MY_DIVAR" }, parse("in.new_chatbot_message.start_my_divar").start)
      assert.same({ touch_point = "DIVAR_PRO" }, parse("in.new_chatbot_message.start_divar_pro").start)
   end)

   it("is no start in the middle of a word or of a text", function()
      local body = [[{"type":"NEW_CHATBOT_MESSAGE","new_chatbot_message":{"id":"1","conversation":{"id":"c",
         "type":"BOT"},"sender":{"type":"HUMAN"},"type":"TEXT","text":"%s"}}]]
      assert.is_nil(event.parse(body:format "/started MY_POST").start)
      assert.is_nil(event.parse(body:format "so /start MY_POST").start)
      assert.same({}, event.parse(body:format "/start").start)
   end)
end)

describe("kenar.event: visits", function()
   it("reads a session of version 2 by its header, in either spelling", function()
      local body = [[{"post_token":"wZC44q5D","extra_data":{"a":"b"}}]]
      assert.equal("session_init", event.parse(body, { ["api-version"] = "2" }).kind)
      assert.equal("session_init", event.parse(body, { api_version = " 2" }).kind)
      assert.equal("unknown", event.parse(body, {}).kind)
   end)

   it("reads a session of version 2 by its shape", function()
      local got = parse "in.session_init_v2.open_server_link"
      assert.equal("session_init", got.kind)
      assert.equal("current", got.variant)
      assert.equal("POST_ADDON", got.source)
      assert.equal("SELLER", got.side)
      assert.equal("6GqmD76dle5NpJySqnBX8seTpt6uVtzqaNTNJU1ettI=", got.user_id)
      assert.same({ your_key_1 = "your value", your_key_2 = "your value" }, got.data)
   end)

   it("is a press of our button where the data names a handler", function()
      local got = event.parse [[{"source":"CHAT_MESSAGE_ACTION","extra_data":{"kenar_action":"visit"}}]]
      assert.equal("server_link", got.kind)
   end)

   it("reads every spelling of the same: provider_data, the misspelt source, return URLs, nulls", function()
      assert.same({ some_key = { some_other_key = "some_value" } },
         parse("in.session_init_v2.touchpoint_provider_data").data)
      assert.equal("https://open-platform-redirect.divar.ir/completion",
         parse("in.session_init_v2.touchpoint_provider_data").return_url)
      assert.equal("https://divar.ir/", parse("in.session_init_v2.with_return_url").return_url)
      assert.equal("POST_ADDON", parse("in.session_init_v2.post_adodn_typo").source)
      local nulls = parse "in.session_init_v2.nulls"
      assert.is_nil(nulls.post_token)
      assert.is_nil(nulls.user_id)
      assert.is_nil(nulls.side)
      assert.is_nil(nulls.data)
   end)

   it("reads a dynamic action", function()
      local got = parse "in.dynamic_action.anonymous"
      assert.equal("dynamic_action", got.kind)
      assert.equal("CHAT", got.source)
      assert.equal("6b3d5cf7-9291-4fa9-892a-9d07e300daea", got.conversation_id)
      assert.is_nil(got.user_id)
      assert.equal("move", got.data.action)
   end)

   it("takes the keys of the other form for nothing when they are null", function()
      local old = event.parse '{"source":null,"user_side":null,"peer_id":"p","user_id":"u","supplier":{"id":"u"}}'
      assert.equal("legacy", old.variant)
      assert.equal("SELLER", old.side)
      local new = event.parse '{"source":"CHAT","peer_id":null,"supplier":null}'
      assert.equal("current", new.variant)
      assert.equal("session_init", event.parse('{"source":null,"post_token":"t"}').kind)
   end)

   it("lets the URL decide only where the body does not", function()
      local bare = [[{"extra_data":{"a":"b"}}]]
      assert.equal("dynamic_action", event.parse(bare, {}, "action").kind)
      assert.equal("session_init", event.parse(bare, {}, "session").kind)
      assert.equal("dynamic_action", parse("in.dynamic_action.chat", {}, "session").kind)
   end)
end)

describe("kenar.event: what is not understood", function()
   it("passes an event type through that Divar adds later", function()
      local got = parse "in.unknown_event"
      assert.equal("unknown", got.kind)
      assert.equal("SOMETHING_NEW", got.type)
      assert.equal("x", got.payload.something_new.id)
   end)

   it("calls a known type without its payload unknown", function()
      assert.equal("unknown", event.parse('{"type":"NEW_MESSAGE"}').kind)
      assert.equal("unknown", event.parse('{"type":"NEW_MESSAGE","new_message":null}').kind)
      assert.equal("unknown", event.parse('{"type":"NEW_MESSAGE","new_message":[1]}').kind)
   end)

   it("never fails on values of another type than documented", function()
      local got = event.parse [[{"type":"NEW_CHATBOT_MESSAGE","metadata":7,"new_chatbot_message":{"id":5,
         "conversation":"c","sender":[],"type":{},"sent_at":{},"text":["x"],"image_data":3}}]]
      assert.equal("message", got.kind)
      assert.is_nil(got.id)
      assert.is_nil(got.conversation_id)
      assert.is_nil(got.text)
      assert.is_nil(got.image)
      assert.is_nil(got.metadata)
   end)

   it("is an error when the body is no JSON object", function()
      for _, bytes in ipairs { "", "hello", "[]", "[1]", '"x"', "7", "null", '{"a":1', "{\"a\":\"\255\"}" } do
         local got, err = event.parse(bytes)
         assert.is_nil(got)
         assert.equal("invalid", err.kind)
      end
   end)
end)
