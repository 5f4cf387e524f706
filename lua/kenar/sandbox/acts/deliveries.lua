--- The bodies of Divar's deliveries to a bot.

local contents = require "kenar.sandbox.acts.contents"
local json = require "kenar.json"

local deliveries = {}

--- A time as protobuf's JSON writes it.
---@param microseconds number since 1970
---@return string
function deliveries.rfc3339(microseconds)
   local seconds = math.floor(microseconds / 1000000)
   return os.date("!%Y-%m-%dT%H:%M:%S", seconds) .. (".%06dZ"):format(microseconds - seconds * 1000000)
end

-- The fields that Divar's OpenAPI file types as 64-bit integers, which protobuf's JSON writes as strings.
local wide = { size_bytes = true, cost_rials = true }

-- An object with its numbers in the assumed form.
local function numbered(assumed, object)
   if assumed.numbers ~= "openapi" then
      return object
   end
   local copy = {}
   for key, value in pairs(object) do
      copy[key] = wide[key] and type(value) == "number" and ("%.0f"):format(value) or value
   end
   return copy
end

local function sent_at(assumed, message)
   if assumed.sent_at == "rfc3339" or assumed.numbers == "openapi" then
      return deliveries.rfc3339(message.sent_at)
   end
   return message.sent_at
end

--- A message in the form of events and of conversations that are read.
---@param assumed table as in assumptions.deliveries
---@param conversation kenar.sandbox.Conversation
---@param message kenar.sandbox.Message
---@return table
function deliveries.message(assumed, conversation, message)
   local payload = {
      id = message.id,
      conversation = { id = conversation.id, type = conversation.type, post_token = conversation.post_token },
      sender = {
         type = message.sender.type == "HUMAN" and assumed.human or message.sender.type, side = message.sender.side,
      },
      type = message.type,
      sent_at = sent_at(assumed, message),
      text = message.text,
   }
   local key = contents.key(message.type)
   if key then
      payload[key] = numbered(assumed, message.content or contents.of_app(message.type, message.media_token))
   end
   return payload
end

--- The event of a message in a bot's chat.
function deliveries.chatbot_message(assumed, conversation, message)
   return { type = "NEW_CHATBOT_MESSAGE", new_chatbot_message = deliveries.message(assumed, conversation, message) }
end

--- The event of a message in a post's chat.
---@param metadata? table of the subscription
function deliveries.new_message(assumed, conversation, message, metadata)
   return {
      type = "NEW_MESSAGE", metadata = metadata, new_message = deliveries.message(assumed, conversation, message),
   }
end

local other_side = { SELLER = "BUYER", BUYER = "SELLER" }

--- A message in the form of the hook from before 2024-11: users by their old ids, and no conversation id.
---@param assumed table as in assumptions.legacy
---@param state table
function deliveries.chat_message(assumed, state, conversation, message)
   local post, side = state:post(conversation.post_token), message.sender.side
   local function party(which)
      return { id = state.users[conversation.members[which]].legacy_id, is_supply = which == "SELLER" }
   end
   local payload = {
      id = message.id, type = message.type, data = { text = message.text },
      metadata = { post_token = post.token, category = post.category, title = post.title },
      sent_at = ("%.0f"):format(message.sent_at),
   }
   local sender, receiver = party(side), party(other_side[side])
   if assumed.hook_parties == "from_to" then
      payload.from, payload.to = sender, receiver
   else
      payload.sender, payload.receiver = sender, receiver
      if assumed.hook_parties == "both" then
         payload.from, payload.to = json.null, json.null
      end
   end
   return {
      type = "CHAT_MESSAGE", timestamp = ("%.0f"):format(math.floor(message.sent_at / 1000000)), payload = payload,
   }
end

-- Divar writes null for an unknown value. A bot's chat has neither a post nor sides.
local function visit(assumed, conversation, side, fields)
   fields.post_token = conversation.post_token or json.null
   fields.conversation_id = conversation.id or json.null
   fields.user_side = assumed.user_side[side] or json.null
   fields.user_id = conversation.members[side]
   return fields
end

--- The request for the page that a server link or a touch point opens.
---@param conversation table a conversation, or { post_token =, members = } if there is none
---@param data? table the action's data; nil when the app was opened without a button
---@param source string CHAT_MESSAGE_ACTION, or the touch point
---@return table body
function deliveries.session(assumed, conversation, side, data, source)
   local body = visit(assumed, conversation, side, {
      source = assumed.session_source and source or nil, [assumed.session_data] = data,
   })
   if assumed.session_return ~= "none" then
      body[assumed.session_return] = assumed.return_url
   end
   return body
end

--- The request for a page, in the form from before 2024-11.
---@param assumed table all assumptions
---@param state table
---@param data? table the button's extra_data; nil when the app was opened without a button
---@return table body
function deliveries.legacy_session(assumed, state, conversation, side, data)
   local function id(which)
      return state.users[conversation.members[which]].legacy_id
   end
   return {
      extra_data = data and { provider_data = data }, callback_url = assumed.deliveries.return_url,
      post_token = conversation.post_token, user_id = id(side), peer_id = id(other_side[side]),
      [assumed.legacy.supplier_key] = { id = id "SELLER" }, demand = { id = id "BUYER" },
      conversation_id = assumed.legacy.conversation_id and conversation.id or nil,
   }
end

--- The request of a dynamic action.
---@return table body
function deliveries.action(assumed, conversation, side, data)
   return visit(assumed, conversation, side, { touchpoint = "CHAT", extra_data = data or {} })
end

--- The event of a post's change. If the post is gone, the event has only its token.
---@param post table
---@param change string
---@param fields? table
---@param metadata? table
function deliveries.post_update(post, change, fields, metadata)
   local told = { token = post.token }
   if change ~= "RETIRE" and change ~= "ARCHIVE" then
      told = {
         token = post.token, category = post.category, city = "tehran", district = "nazi-abad", is_phone_hidden = false,
         supplier_chat_assistant_enabled = true, chat_enabled = true, first_published_at = "2025-02-08T10:00:00Z",
         data = { title = post.title, description = post.title },
      }
      for key, value in pairs(fields or {}) do
         told[key] = value
      end
   end
   return { type = "POST_UPDATE", metadata = metadata, post_update = { type = change, post = told } }
end

--- The event of a payment.
---@param transaction table in Divar's fields
---@param metadata? table
function deliveries.payment(assumed, transaction, metadata)
   return { type = "PAYMENT_TRANSACTION", metadata = metadata, [assumed.payment_key] = numbered(assumed, transaction) }
end

--- The event of a user's revocation of consents.
---@param user_id string
function deliveries.revocation(user_id)
   return { type = "USER_ACCESS_REVOCATION", user_access_revocation = { user_id = user_id } }
end

return deliveries
