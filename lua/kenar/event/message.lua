--- Chat messages as Divar writes them, now and before 2024-11.
--
-- A field is read when it is first asked for: of the twenty that a message has, a handler uses few, and Divar
-- unpublishes apps that are slow.

local fields = require "kenar.event.fields"
local timestamp = require "kenar.base.timestamp"

local text, object, side_of = fields.text, fields.object, fields.side

local messages = {}

local NONE = {}
local SLASH = ("/"):byte()

local function part(message, name)
   local value = message[name]
   return type(value) == "table" and value or NONE
end

-- `/start MY_POST gZd7omnS` is what Divar writes in the user's name when a touch point opens a bot's chat.
local function start_of(written)
   if not written or written:byte() ~= SLASH then
      return nil
   end
   local rest = written:match "^/start%f[%s%z](.*)$"
   if not rest then
      return nil
   end
   local touch_point, id = rest:match "^%s+(%S+)%s*(%S*)"
   return { touch_point = touch_point, id = text(id) }
end

-- The readers that both shapes share: each takes Divar's message and returns the field's value.
local function with_shared(readers)
   function readers.id(message) return text(message.id) end
   function readers.dedup_key(message) return text(message.id) end
   function readers.message_type(message) return text(message.type) end
   function readers.detail(message) return fields.type_name(message.type) end
   function readers.sent_at(message) return timestamp.microseconds(message.sent_at) end
   return readers
end

-- An older form of get_conversation has a flat id.
local function conversation_id(message)
   return text(part(message, "conversation").id) or text(message.conversation_id)
end

local current = with_shared {
   conversation_id = conversation_id,
   order_key = conversation_id,
   post_token = function(message) return text(part(message, "conversation").post_token) end,
   side = function(message)
      local sender = part(message, "sender")
      return side_of(sender.side) or side_of(sender.type)
   end,
   -- Divar's samples write USER where its table has HUMAN, and once wrote the side here.
   sender_type = function(message)
      local kind = text(part(message, "sender").type)
      if kind == "USER" then
         return "HUMAN"
      end
      return not side_of(kind) and kind or nil
   end,
   sender = function(message, event) return { id = text(part(message, "sender").id), type = event.sender_type } end,
   -- `message_text` was the bot's key from 2025-01 to 2025-02.
   text = function(message) return text(message.text) or text(message.message_text) end,
   start = function(_, event) return event.chat == "bot" and start_of(event.text) or nil end,
}
for _, name in ipairs(fields.media) do
   current[name] = function(message) return fields.medium(name, message) end
end

-- The old hook called the two sides `from` and `to` first, and may send both pairs, one of them null.
local function party(message, name, older)
   return object(message[name]) or part(message, older)
end

local legacy = with_shared {
   post_token = function(message) return text(part(message, "metadata").post_token) end,
   post = function(message)
      local about = part(message, "metadata")
      return { token = text(about.post_token), category = text(about.category), title = text(about.title) }
   end,
   user_id = function(message) return text(party(message, "sender", "from").id) end,
   peer_id = function(message) return text(party(message, "receiver", "to").id) end,
   sender = function(_, event) return { id = event.user_id } end,
   side = function(message)
      local sent, received = party(message, "sender", "from").is_supply, party(message, "receiver", "to").is_supply
      if type(sent) == "boolean" then
         return sent and "SELLER" or "BUYER"
      elseif type(received) == "boolean" then
         return received and "BUYER" or "SELLER"
      end
   end,
   -- There is no conversation id: the post and its two sides name the conversation.
   order_key = function(_, event)
      local seller, buyer = event.user_id, event.peer_id
      if event.side == "BUYER" then
         seller, buyer = buyer, seller
      end
      if event.post_token or seller or buyer then
         return table.concat({ event.post_token or "", seller or "", buyer or "" }, ":")
      end
   end,
   text = function(message) return text(part(message, "data").text) end,
}
for _, name in ipairs(fields.media) do
   legacy[name] = function(message) return fields.medium(name, part(message, "data")) end
end

local function lazily(readers)
   return {
      readers = readers,
      __index = function(event, key)
         local reader = readers[key]
         if reader then
            local value = reader(event.payload, event)
            if value ~= nil then
               rawset(event, key, value)
            end
            return value
         end
      end,
   }
end

local shapes = { current = lazily(current), legacy = lazily(legacy) }

--- A message of today's shape, in a post's chat or the bot's.
---@param event kenar.Event with its payload
---@param message table
function messages.read(event, message)
   event.kind = "message"
   event.chat = part(message, "conversation").type == "BOT" and "bot" or "post"
   setmetatable(event, shapes.current)
end

--- A message in the bot's chat, whatever its conversation says.
---@param event kenar.Event with its payload
function messages.read_chatbot(event)
   event.kind, event.chat = "message", "bot"
   setmetatable(event, shapes.current)
end

--- A message of the old hook.
---@param event kenar.Event with its payload
function messages.read_legacy(event)
   event.kind, event.variant, event.chat = "message", "legacy", "post"
   setmetatable(event, shapes.legacy)
end

--- Read every field, so that the event is plain data.
---@param event kenar.Event
---@return kenar.Event
function messages.complete(event)
   local shape = getmetatable(event)
   if shape then
      for name in pairs(shape.readers) do
         local _ = event[name]
      end
      setmetatable(event, nil)
   end
   return event
end

return messages
