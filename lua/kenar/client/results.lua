--- The results of calls that differ from Divar's own answer.

local fields = require "kenar.event.fields"
local messages = require "kenar.event.message"

local results = {}

--- Make the function that takes the list under a key. An absent list is an empty one (protobuf's zero value).
function results.list(key)
   return function(result)
      return fields.array(result[key])
   end
end

-- The conversation. An older form has `conversation_info` and a flat `conversation_id`.
local function conversation_of(result)
   local current = fields.object(result.conversation)
   if current then
      return current
   end
   local conversation = {}
   for name, value in pairs(fields.object(result.conversation_info) or {}) do
      conversation[name] = value
   end
   conversation.id = fields.text(conversation.id) or fields.text(result.conversation_id)
   return conversation
end

--- A conversation and its messages in the shape of events; `payload` is Divar's own form.
function results.conversation(result)
   local list = {}
   for index, message in ipairs(fields.array(result.messages)) do
      local read = { variant = "current", payload = fields.object(message) or {} }
      messages.read(read, read.payload)
      list[index] = messages.complete(read)
   end
   return {
      conversation = conversation_of(result), messages = list,
      conversation_id = fields.text(result.conversation_id),
      conversation_info = fields.object(result.conversation_info),
   }
end

--- The messages of the removed call, which have the shape of the old hook.
function results.legacy_conversation(result)
   local list = {}
   for index, message in ipairs(fields.array(result.messages)) do
      local read = { payload = fields.object(message) or {} }
      messages.read_legacy(read)
      list[index] = messages.complete(read)
   end
   return { messages = list }
end

--- A user: `user_id` and `phone_number`, each only with its scope. The old form has a list of numbers.
function results.user(result)
   local numbers = fields.array(result.phone_numbers)
   return {
      user_id = fields.text(result.user_id),
      phone_number = fields.text(result.phone_number) or fields.text(numbers[1]),
      phone_numbers = numbers,
   }
end

return results
