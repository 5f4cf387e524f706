--- How each `out.*` sample is produced: what the client or the OAuth side is told, and the public call.
local CONVERSATION, BOT_CHAT = "edbb9499-cccc-4d35-b21f-621fa95f2b3e", "1fad7e32-0000-4084-8ec9-000000000001"
local USER = "6GqmD76dle5NpJySqnBX8seTpt6uVtzqaNTNJU1ettI="
local TEXT, CAPTION, PAGE = "سلام، پیام آزمایشی", "متن دکمه", "https://example.com/page"
local CODE = "c87sDtaqmWwgis7dYyukMqy6KAArNUFkukAPW8O90GmiEJkdmSTWH4KjSkNUP6FZ"

-- Data that names no handler of ours is given in Divar's own form.
local function server_link(data)
   return { open_server_link = { data = data } }
end

local function dynamic_action(data)
   return { get_dynamic_action = { data = data } }
end

local MY_DATA = { my_key_1 = "value", my_key_2 = "value2" }

local function two_buttons(first_icon, second_icon)
   return {
      { CAPTION, direct_link = PAGE, icon = first_icon },
      { CAPTION, action = server_link(MY_DATA), icon = second_icon },
   }
end

-- All five actions, three rows of three; the last button has no icon.
local nine_buttons = {
   { "1", direct_link = PAGE, icon = "LINK" },
   { "2", action = server_link(MY_DATA), icon = "LAUNCH" },
   { "3", action = dynamic_action { answer = "yes" }, icon = "CHECK_CIRCLE" },
   { "4", post_page = "gZd7omnS", icon = "ADVERT" },
   { "5", post_manage_page = "gZd7omnS", icon = "SETTINGS" },
   { "6", direct_link = PAGE, icon = "CALL" },
   { "7", action = server_link(MY_DATA), icon = "HOME" },
   { "8", action = dynamic_action { answer = "yes" }, icon = "CANCEL" },
   { "9", direct_link = PAGE },
}

local function board()
   local squares = {}
   for position = 0, 8 do
      squares[position + 1] = { "➖", action = dynamic_action {
         game_id = "7", position = ("%d"):format(position), action = "move", disabled = "False",
      } }
   end
   return squares
end

-- Divar's sample has both keys of the icon; each button is written as it is given.
local mixed_icons = {
   { CAPTION, direct_link = PAGE, icon_name = "REAL_STATE" },
   { CAPTION, action = server_link(MY_DATA), icon = "HOME" },
}

local legacy = { base_url = "https://api.divar.ir", token_header = "x_access_token" }

local function legacy_message(message)
   message.user_id, message.peer_id = "e9ba8a81-9583-4f7c-af54-b07df089d971", "1697004f-e902-44c2-bbbe-bf8e20d54bff"
   message.post_token, message.text = "AZf3Uqr3", TEXT
   return function(client) return client.legacy:send_message(message) end
end

local function to_post(message)
   return function(client) return client:send_message(CONVERSATION, message) end
end

local function to_bot_chat(message)
   return function(client) return client:send_bot_message(BOT_CHAT, message) end
end

local function to_user(message)
   return function(client) return client:send_bot_message_to_user(USER, message) end
end

local function subscribe(subscription)
   return function(client) return client:subscribe(subscription) end
end

-- A call to the bot's chat needs no user, and a call that needs none must not name one.
local key_only = { access_token = false }
local own_link = { your_custom_key = "your value" }

local current_oauth = { redirect_uri = "https://oauth-redirect.my-app.ir" }
local legacy_oauth = { legacy = true, oauth_url = "https://api.divar.ir", client_secret = "<api key>" }

local function exchange(oauth) return oauth:exchange(CODE) end

return {
   ["out.legacy_send_message.text_only"] = { client = legacy, call = legacy_message {} },
   ["out.legacy_send_message.link_buttons"] = { client = legacy, call = legacy_message {
      sender_buttons = { { "دکمه فرستنده", action = server_link(own_link), icon = "ADD" } },
      receiver_buttons = { { "دکمه گیرنده", action = server_link(own_link), icon = "ADD" } },
   } },
   ["out.legacy_send_message.direct_link_button"] = { client = legacy, call = legacy_message {
      sender_buttons = { { "دکمه فرستنده", direct_link = PAGE, icon = "ADD" } },
   } },
   ["out.legacy_send_message.mixed"] = { client = legacy, call = legacy_message {
      sender_buttons = { { "direct", direct_link = PAGE, data = {}, icon = "SEND" } },
      receiver_buttons = { { "server", action = server_link(own_link), icon = "ADD" } },
   } },
   ["out.legacy_notify_post_conversations"] = { client = legacy, call = function(client)
      return client.legacy:notify_post_conversations {
         post_token = "gZd7omnS", endpoint = "https://app.example.com/divar/on-message",
         identification_key = "<secret chosen by the app>",
      }
   end },

   ["out.send_message.text"] = { call = to_post(TEXT) },
   ["out.send_message.doc_sample"] = { call = to_post {
      text = TEXT, sender_buttons = two_buttons("ADD", "ADD"),
      receiver_buttons = two_buttons("CAR_INSPECTED", "REAL_STATE"),
   } },
   ["out.send_message.icon_name"] = {
      client = { icon_key = "icon_name" }, call = to_post { text = TEXT, buttons = two_buttons("ADD", "ADD") },
   },
   ["out.send_message.full_grid"] = { call = to_post { text = TEXT, buttons = nine_buttons } },
   ["out.send_message.media"] = { call = to_post {
      media_token = "your_media_token", receiver_buttons = { { CAPTION, direct_link = PAGE, icon = "ADD" } },
   } },

   ["out.chatbot_send.text"] = { client = key_only, call = to_bot_chat "hello, World!" },
   ["out.chatbot_send.no_type"] = {
      client = { access_token = false, send_type = false }, call = to_bot_chat "hello, World!",
   },
   ["out.chatbot_send.doc_sample"] = {
      client = { access_token = false, icon_key = "as_given" },
      call = to_bot_chat { text = "hello, World!", buttons = mixed_icons },
   },
   ["out.chatbot_send.full_grid"] = {
      client = key_only, call = to_bot_chat { text = "hello, World!", buttons = nine_buttons },
   },
   ["out.chatbot_send.media"] = { client = key_only, call = to_bot_chat { media_token = "your_media_token" } },
   ["out.chatbot_send.xo_board"] = {
      client = key_only, call = to_bot_chat { text = "Your turn!", buttons = board() },
   },
   ["out.chatbot_send_user.text"] = { call = to_user "hello, World!" },
   ["out.chatbot_send_user.doc_sample"] = {
      client = { icon_key = "as_given" }, call = to_user { text = "hello, World!", buttons = mixed_icons },
   },

   ["out.generate_upload_token"] = { call = function(client) return client:create_upload_token() end },

   ["out.event_subscription.new_message_on_post"] = { call = subscribe {
      event_type = "NEW_MESSAGE_ON_POST", resource_id = "gZd7omnS", metadata = { key = "value" },
   } },
   ["out.event_subscription.all_posts"] = { call = subscribe { event_type = "NEW_MESSAGE_ON_POST" } },
   ["out.event_subscription.post_update_one"] = { call = subscribe {
      event_type = "POST_UPDATE", resource_id = "gZd7omnS",
   } },
   ["out.event_subscription.post_update_all"] = { call = subscribe { event_type = "POST_UPDATE", resource_id = "" } },
   ["out.event_subscription.meta_data"] = {
      client = { base_url = legacy.base_url, token_header = legacy.token_header, metadata_key = "meta_data" },
      call = subscribe {
         event_type = "NEW_MESSAGE_ON_POST", resource_id = "gZd7omnS", metadata = { your_key = "your_value" },
      },
   },

   ["out.get_user_id_by_phone"] = { call = function(client) return client:get_user_id_by_phone "09990000000" end },

   ["out.oauth_token.form"] = { oauth = current_oauth, call = exchange },
   ["out.oauth_refresh.form"] = { oauth = current_oauth, call = function(oauth)
      return oauth:refresh { access_token = "<current access token>", refresh_token = "<refresh token>" }
   end },
   ["out.legacy_oauth_access_token"] = { oauth = legacy_oauth, call = exchange },
   ["out.legacy_oauth_refresh"] = { oauth = legacy_oauth, call = function(oauth)
      return oauth:refresh { access_token = "f2mjqwiYDigBwGYg2...", refresh_token = "uXvX61ZI0wA7CDqk..." }
   end },
}
