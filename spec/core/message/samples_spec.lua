--- Divar's samples of what is sent, made again from a message table.

local core = require "kenar.core"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"

local encode_message = core.message_encoder(json.conventions)

local samples = {
   { "out.send_message.text", "conversation" },
   { "out.send_message.media", "conversation" },
   { "out.send_message.full_grid", "conversation" },
   { "out.send_message.doc_sample", "conversation" },
   { "out.send_message.icon_name", "conversation", { icon_key = "icon_name" } },
   { "out.chatbot_send.text", "bot" },
   { "out.chatbot_send.media", "bot" },
   { "out.chatbot_send.no_type", "bot", { send_type = false } },
   { "out.chatbot_send.full_grid", "bot" },
   { "out.chatbot_send.xo_board", "bot" },
   { "out.chatbot_send.doc_sample", "bot", { icon_key = "as_given" } },
   { "out.chatbot_send_user.text", "bot" },
   { "out.chatbot_send_user.doc_sample", "bot", { icon_key = "as_given" } },
}

local function message_of(sample)
   return {
      text = sample.message or sample.text_message,
      media_token = sample.media_token,
      sender_buttons = sample.sender_buttons,
      receiver_buttons = sample.receiver_buttons,
      buttons = sample.buttons,
   }
end

describe("core.message_encoder", function()
   for _, row in ipairs(samples) do
      local name, kind, options = row[1], row[2], row[3]
      it("writes " .. name, function()
         local sample = fixture.value(name)
         local bytes = assert(encode_message(kind, message_of(sample), options))
         assert.same(sample, json.decode(bytes))
      end)
   end

   it("writes out.send_message.doc_sample from plain data, but for what marks our buttons", function()
      local page = "https://example.com/page"
      local data = { my_key_1 = "value", my_key_2 = "value2" }
      local bytes = assert(encode_message("conversation", {
         text = "سلام، پیام آزمایشی",
         sender_buttons = {
            { "متن دکمه", direct_link = page, icon = "ADD" },
            { "متن دکمه", server_link = "visit", data = data, icon = "ADD" },
         },
         receiver_buttons = {
            { "متن دکمه", direct_link = page, icon = "CAR_INSPECTED" },
            { "متن دکمه", server_link = "visit", data = data, icon = "REAL_STATE" },
         },
      }))
      local written = json.decode(bytes)
      for _, side in ipairs { "sender_buttons", "receiver_buttons" } do
         local link = written[side].rows[1].buttons[2].action.open_server_link
         assert.equal("visit", link.data.kenar_action)
         link.data.kenar_action = nil
      end
      assert.same(fixture.value "out.send_message.doc_sample", written)
   end)
end)
