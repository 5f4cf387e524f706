--- Chat messages as Divar writes them, now and before 2024-11, read into an event.

local content = require "kenar.content"
local timestamp = require "kenar.timestamp"

local text, object, side_of = content.text, content.object, content.side

local messages = {}

--- A message of today's shape, in a post's chat or the bot's.
---@param result table
---@param message table
function messages.read(result, message)
   local conversation = object(message.conversation) or {}
   local sender = object(message.sender) or {}
   result.kind = "message"
   result.id = text(message.id)
   result.dedup_key = result.id
   result.conversation_id = text(conversation.id)
   result.order_key = result.conversation_id
   result.post_token = text(conversation.post_token)
   result.chat = conversation.type == "BOT" and "bot" or "post"
   result.side = side_of(sender.side) or side_of(sender.type)
   local sender_type = text(sender.type)
   if sender_type == "USER" then
      sender_type = "HUMAN"
   elseif side_of(sender_type) then
      sender_type = nil
   end
   result.sender = { id = text(sender.id), type = sender_type }
   result.message_type = text(message.type)
   result.detail = content.type_name(result.message_type)
   result.sent_at = timestamp.microseconds(message.sent_at)
   content.read_into(result, message)
end

--- A message of the old hook. It has no conversation id: the post and its two sides name the conversation.
---@param result table
---@param message table
function messages.read_legacy(result, message)
   local from = object(message.sender) or object(message.from) or {}
   local to = object(message.receiver) or object(message.to) or {}
   local about = object(message.metadata) or {}
   result.kind = "message"
   result.variant = "legacy"
   result.chat = "post"
   result.id = text(message.id)
   result.dedup_key = result.id
   result.post_token = text(about.post_token)
   result.post = { token = result.post_token, category = text(about.category), title = text(about.title) }
   result.user_id = text(from.id)
   result.peer_id = text(to.id)
   result.sender = { id = result.user_id }
   if type(from.is_supply) == "boolean" then
      result.side = from.is_supply and "SELLER" or "BUYER"
   elseif type(to.is_supply) == "boolean" then
      result.side = to.is_supply and "BUYER" or "SELLER"
   end
   local seller, buyer = result.user_id, result.peer_id
   if result.side == "BUYER" then
      seller, buyer = buyer, seller
   end
   result.order_key = table.concat({ result.post_token or "", seller or "", buyer or "" }, ":")
   result.message_type = text(message.type)
   result.detail = content.type_name(result.message_type)
   result.sent_at = timestamp.microseconds(message.sent_at)
   content.read_into(result, object(message.data) or {})
end

return messages
