--- Endpoints that send messages.

local fields = require "kenar.event.fields"
local contents = require "kenar.sandbox.acts.contents"
local core = require "kenar.core"
local json = require "kenar.json"
local state_of = require "kenar.sandbox.judge.state"

local sending = {}

local other_side = { SELLER = "BUYER", BUYER = "SELLER" }

-- A button as people see it. An absent caption is empty, and null counts as absent.
local function shown_button(button)
   return {
      caption = fields.text(button.caption) or "", icon = fields.text(button.icon),
      icon_name = fields.text(button.icon_name), action = button.action,
   }
end

-- `{ rows = { { buttons = { ... } } } }` as a list of lists; nil if the message has no grid.
local function rows_of(grid)
   if type(grid) ~= "table" or type(grid.rows) ~= "table" then
      return nil
   end
   local rows = {}
   for i, row in ipairs(grid.rows) do
      rows[i] = {}
      for j, button in ipairs(fields.array(row.buttons)) do
         rows[i][j] = shown_button(button)
      end
   end
   return rows
end

-- A message of the app's; nil and the refusal if its medium was never uploaded.
local function message_of(call, text, sender, buttons)
   local token = call.text(call.body.media_token)
   local medium = token and call.state.media[token]
   if token and not medium and call.assumed.media.unknown_token ~= "accept" then
      return nil, "unknown_media"
   end
   local message_type = token and (medium and medium.type or "IMAGE") or "TEXT"
   return {
      sender = sender, type = message_type, text = call.text(text), media_token = token, buttons = buttons,
      content = token and contents.of_app(message_type, token, medium),
   }
end

-- The checks of every message in a post's chat; nil and the refusal if one fails.
local function check_post_chat(call, conversation)
   if not call.state:post(conversation.post_token).test then
      return "real_post"
   elseif conversation.blocked then
      return "blocked"
   end
end

local function deliver(call, conversation, message)
   call.state:add_message(conversation, message)
   call.tell_of_message(conversation, message)
   return { status = 200, message = "success" }
end

-- Any of three scopes lets an app write in a conversation; two of them are the post's owner's.
local function may_send(conversation, side, scopes)
   return scopes["CONVERSATION_SEND_MESSAGE." .. conversation.id]
      or side == "SELLER" and (scopes["CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. conversation.post_token]
         or scopes.CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND)
end

--- A message in a post's chat, in the name of the token's user.
function sending.to_conversation(call)
   local conversation = call.state.conversations[call.parameters.conversation_id]
   if not conversation or conversation.type ~= "POST" then
      return nil, "unknown_conversation"
   end
   local side = state_of.side_of(conversation, call.grant.user_id)
   if not side then
      return nil, "foreign_token"
   elseif not may_send(conversation, side, call.grant.scopes) then
      return nil, "missing_scope"
   end
   local refused = check_post_chat(call, conversation)
   if refused then
      return nil, refused
   end
   local body = call.body
   local message
   message, refused = message_of(call, body.message, { type = "BOT", side = side }, {
      [side] = rows_of(body.sender_buttons), [other_side[side]] = rows_of(body.receiver_buttons),
   })
   if not message then
      return nil, refused
   end
   return deliver(call, conversation, message)
end

local function send_in_chatbot(call, conversation)
   if conversation.blocked then
      return nil, "blocked"
   end
   local message, refused = message_of(call, call.body.text_message, { type = "BOT" }, {
      USER = rows_of(call.body.buttons),
   })
   if not message then
      return nil, refused
   end
   call.state:add_message(conversation, message)
   return { conversation_id = conversation.id }
end

--- A message in a bot's chat.
function sending.to_chatbot(call)
   local conversation = call.state.conversations[call.parameters.conversation_id]
   if not conversation or conversation.type ~= "BOT" then
      return nil, "unknown_conversation"
   end
   return send_in_chatbot(call, conversation)
end

--- A message in the bot's chat with a user. The chat is opened if there is none.
function sending.to_user(call)
   local user_id = call.parameters.user_id
   if not call.state.users[user_id] then
      return nil, "unknown_user"
   elseif call.grant.user_id ~= user_id then
      return nil, "foreign_token"
   elseif not call.grant.scopes.CHAT_BOT_USER_MESSAGE_SEND then
      return nil, "missing_scope"
   end
   return send_in_chatbot(call, call.state:chatbot(user_id))
end

-- The one button of a side as today's rows, so that people can press it.
local function legacy_rows(button)
   if type(button) ~= "table" then
      return nil
   end
   local data = button.data
   local action = button.action == "DIRECT_LINK" and { open_direct_link = data.direct_link }
      or { legacy_link = { data = data.extra_data ~= json.null and data.extra_data or {} } }
   return { { { caption = fields.text(data.caption) or "", icon = data.icon_name, action = action } } }
end

--- A message by the endpoint from before 2024-11, which names a conversation by a post and two users.
function sending.legacy(call)
   local body, state = call.body, call.state
   local user, peer = state:user_by("legacy_id", body.user_id), state:user_by("legacy_id", body.peer_id)
   local post = state.posts[body.post_token]
   if not user or not peer then
      return nil, "unknown_user"
   elseif not post then
      return nil, "unknown_post"
   elseif user.id ~= post.seller and peer.id ~= post.seller or user == peer then
      return nil, "unknown_conversation"
   elseif call.grant.user_id ~= user.id then
      return nil, "foreign_token"
   end
   local id = core.base64_encode(("%s:%s:%s"):format(body.user_id, body.post_token, body.peer_id))
   local scopes, side = call.grant.scopes, user.id == post.seller and "SELLER" or "BUYER"
   if not scopes["CHAT_MESSAGE_SEND." .. id]
      and not (side == "SELLER" and scopes["CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. post.token]) then
      return nil, "missing_scope"
   end
   local buyer = side == "SELLER" and peer or user
   local conversation = state:find_conversation(post.token, buyer.id) or state:conversation(post.token, buyer.id)
   local refused = check_post_chat(call, conversation)
   if refused then
      return nil, refused
   end
   return deliver(call, conversation, {
      sender = { type = "BOT", side = side }, type = "TEXT", text = call.text(body.message),
      buttons = { [side] = legacy_rows(body.sender_btn), [other_side[side]] = legacy_rows(body.receiver_btn) },
   })
end

return sending
