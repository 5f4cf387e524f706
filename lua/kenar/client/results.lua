--- What calls give back, where that is more than Divar's own answer.

local content = require "kenar.event.fields"
local messages = require "kenar.event.message"

local results = {}

--- The list under one key; absent means empty (protobuf's zero value).
function results.list(key)
   return function(result)
      return content.array(result[key])
   end
end

-- The conversation itself. An older form has `conversation_info` and a flat `conversation_id`.
local function conversation_of(result)
   local current = content.object(result.conversation)
   if current then
      return current
   end
   local conversation = {}
   for name, value in pairs(content.object(result.conversation_info) or {}) do
      conversation[name] = value
   end
   conversation.id = content.text(conversation.id) or content.text(result.conversation_id)
   return conversation
end

--- A conversation's messages, each read like those of events; `payload` is Divar's own.
function results.conversation(result)
   local list = {}
   for index, message in ipairs(content.array(result.messages)) do
      local read = { variant = "current", payload = content.object(message) or {} }
      messages.read(read, read.payload)
      list[index] = messages.complete(read)
   end
   return {
      conversation = conversation_of(result), messages = list,
      conversation_id = content.text(result.conversation_id),
      conversation_info = content.object(result.conversation_info),
   }
end

--- The same of the removed call: its messages have the old hook's shape.
function results.legacy_conversation(result)
   local list = {}
   for index, message in ipairs(content.array(result.messages)) do
      local read = { payload = content.object(message) or {} }
      messages.read_legacy(read)
      list[index] = messages.complete(read)
   end
   return { messages = list }
end

--- A user: `user_id` and `phone_number`, each only with its scope. The old form gave a list of numbers.
function results.user(result)
   local numbers = content.array(result.phone_numbers)
   return {
      user_id = content.text(result.user_id),
      phone_number = content.text(result.phone_number) or content.text(numbers[1]),
      phone_numbers = numbers,
   }
end

return results
