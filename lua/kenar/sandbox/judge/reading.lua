--- Endpoints that read: conversations and users.

local core = require "kenar.core"
local deliveries = require "kenar.sandbox.acts.deliveries"
local json = require "kenar.json"
local states = require "kenar.sandbox.judge.state"

local reading = {}

local function list()
   return setmetatable({}, json.array_mt)
end

-- The endpoint's documents have times in RFC 3339, also if events have microseconds.
local as_read = { sent_at = "rfc3339", human = "HUMAN" }

--- A conversation: its texts, the oldest first.
function reading.conversation(call)
   local conversation = call.state.conversations[call.parameters.conversation_id]
   if not conversation or conversation.type ~= "POST" then
      return nil, "unknown_conversation"
   elseif not states.side_of(conversation, call.grant.user_id) then
      return nil, "foreign_token"
   elseif not call.grant.scopes["CHAT_CONVERSATION_READ." .. conversation.id] then
      return nil, "missing_scope"
   end
   local messages = list()
   for _, message in ipairs(conversation.messages) do
      if message.type == "TEXT" then
         messages[#messages + 1] = deliveries.message(as_read, conversation, message)
      end
   end
   return {
      conversation = { id = conversation.id, type = conversation.type, post_token = conversation.post_token },
      messages = messages,
   }
end

--- A conversation as until 2024-05: named by a post and two users, with messages in the old hook's form.
function reading.legacy_conversation(call)
   local state, query = call.state, call.query
   local user, peer = state:user_by("legacy_id", query.user_id), state:user_by("legacy_id", query.peer_id)
   local post = state.posts[query.post_token]
   if not user or not peer then
      return nil, "unknown_user"
   elseif not post then
      return nil, "unknown_post"
   elseif call.grant.user_id ~= user.id then
      return nil, "foreign_token"
   end
   local id = core.base64_encode(("%s:%s:%s"):format(query.user_id, query.post_token, query.peer_id))
   if not call.grant.scopes["CHAT_CONVERSATION_READ." .. id] then
      return nil, "missing_scope"
   end
   local conversation = state:find_conversation(post.token, post.seller == user.id and peer.id or user.id)
   if not conversation then
      return nil, "unknown_conversation"
   end
   local messages = list()
   for _, message in ipairs(conversation.messages) do
      if message.type == "TEXT" then
         local payload = deliveries.chat_message(call.assumed.legacy, state, conversation, message).payload
         payload.metadata = nil
         messages[#messages + 1] = payload
      end
   end
   return { messages = messages }
end

-- Each field is present only with its scope.
local function user_of(call)
   local scopes = call.grant.scopes
   if not scopes.USER_ID and not scopes.USER_PHONE then
      return nil, "missing_scope"
   end
   local user = call.state.users[call.grant.user_id]
   return { user_id = scopes.USER_ID and user.id or nil }, scopes.USER_PHONE and user.phone or nil
end

--- The token's user.
function reading.user(call)
   local answer, phone = user_of(call)
   if not answer then
      return nil, phone
   end
   answer.phone_number = phone
   return answer
end

--- The token's user in the documents' older form, with a list of phone numbers.
function reading.user_by_post(call)
   local answer, phone = user_of(call)
   if not answer then
      return nil, phone
   end
   answer.phone_numbers = phone and { phone } or nil
   return answer
end

--- The user with a phone number.
function reading.user_id_by_phone(call)
   local user = call.state:user_by("phone", call.body.phone)
   if not user then
      return nil, "unknown_user"
   end
   return { user_id = user.id }
end

return reading
