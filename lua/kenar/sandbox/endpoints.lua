--- Divar's API as the sandbox answers it: one row an endpoint, and what each does.
--
-- A row's `act` runs once key, permission, token and body have been judged; it answers with a body, or with nil and
-- the name of a refusal.

local core = require "kenar.core"
local rules = require "kenar.sandbox.rules"
local state = require "kenar.sandbox.state"

local endpoints = {}

local other_side = { SELLER = "BUYER", BUYER = "SELLER" }

-- `{ rows = { { buttons = { ... } } } }` as a list of lists; nil where the message has no grid.
local function rows_of(grid)
   if type(grid) ~= "table" or type(grid.rows) ~= "table" then
      return nil
   end
   local rows = {}
   for i, row in ipairs(grid.rows) do
      rows[i] = row.buttons
   end
   return rows
end

local function filled(value)
   return type(value) == "string" and value ~= "" and value or nil
end

-- Any of three scopes lets an app write in a conversation; two of them are the post's owner's.
local function may_send(conversation, side, scopes)
   return scopes["CONVERSATION_SEND_MESSAGE." .. conversation.id]
      or side == "SELLER" and (scopes["CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. conversation.post_token]
         or scopes.CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND)
end

local function send_message(call)
   local conversation = call.state.conversations[call.parameters.conversation_id]
   if not conversation or conversation.type ~= "POST" then
      return nil, "unknown_conversation"
   end
   local side = state.side_of(conversation, call.grant.user_id)
   if not side then
      return nil, "foreign_token"
   end
   if not may_send(conversation, side, call.grant.scopes) then
      return nil, "missing_scope"
   end
   if not call.state:post(conversation.post_token).test then
      return nil, "real_post"
   end
   if conversation.blocked then
      return nil, "blocked"
   end
   local body = call.body
   local message = call.state:add_message(conversation, {
      sender = { type = "BOT", side = side }, type = filled(body.media_token) and "IMAGE" or "TEXT",
      text = filled(body.message), media_token = filled(body.media_token),
      buttons = { [side] = rows_of(body.sender_buttons), [other_side[side]] = rows_of(body.receiver_buttons) },
   })
   call.deliver_message(conversation, message)
   return { status = 200, message = "success" }
end

local function send_in_chatbot(call, conversation)
   if conversation.blocked then
      return nil, "blocked"
   end
   local body = call.body
   call.state:add_message(conversation, {
      sender = { type = "BOT" }, type = filled(body.media_token) and "IMAGE" or "TEXT",
      text = filled(body.text_message), media_token = filled(body.media_token),
      buttons = { USER = rows_of(body.buttons) },
   })
   return { conversation_id = conversation.id }
end

local function send_bot_message(call)
   local conversation = call.state.conversations[call.parameters.conversation_id]
   if not conversation or conversation.type ~= "BOT" then
      return nil, "unknown_conversation"
   end
   return send_in_chatbot(call, conversation)
end

local function send_bot_message_to_user(call)
   local user_id = call.parameters.user_id
   if not call.state.users[user_id] then
      return nil, "unknown_user"
   end
   if call.grant.user_id ~= user_id then
      return nil, "foreign_token"
   end
   if not call.grant.scopes.CHAT_BOT_USER_MESSAGE_SEND then
      return nil, "missing_scope"
   end
   return send_in_chatbot(call, call.state:chatbot(user_id))
end

---@class kenar.sandbox.Endpoint
---@field name string                 the name of the client's method
---@field method string
---@field path string                 `{name}` stands for one percent-encoded part
---@field permission? string          what the API key must be allowed
---@field token "required"|"optional" the user's access token
---@field body? table                 one of kenar.sandbox.rules
---@field act fun(call: table): table?, string?

---@type kenar.sandbox.Endpoint[]
endpoints.rows = {
   {
      name = "send_message", method = "POST",
      path = "/v2/open-platform/conversations/{conversation_id}/messages",
      permission = "CHAT_SEND_MESSAGE_OAUTH", token = "required", body = rules.conversation_message,
      act = send_message,
   },
   {
      name = "send_bot_message", method = "POST",
      path = "/v1/open-platform/chat/bot/conversations/{conversation_id}/messages",
      permission = "CHAT_BOT_SEND_MESSAGE", token = "optional", body = rules.bot_message,
      act = send_bot_message,
   },
   {
      name = "send_bot_message_to_user", method = "POST",
      path = "/v1/open-platform/chat/bot/users/{user_id}/messages",
      permission = "CHAT_BOT_SEND_MESSAGE", token = "required", body = rules.bot_message,
      act = send_bot_message_to_user,
   },
}

--- The rows by name.
---@type table<string, kenar.sandbox.Endpoint>
endpoints.by_name = {}

-- `{conversation_id}` becomes a capture of one part of the path, everything else is itself.
local function compile(path)
   local names = {}
   local pattern = path:gsub("[%-%.%+%*%?%[%]%^%$%(%)%%]", "%%%0"):gsub("{([%w_]+)}", function(name)
      names[#names + 1] = name
      return "([^/]+)"
   end)
   return "^" .. pattern .. "$", names
end

for _, row in ipairs(endpoints.rows) do
   row.pattern, row.parameters = compile(row.path)
   endpoints.by_name[row.name] = row
end

local function parameters_of(row, path)
   local captures = { path:match(row.pattern) }
   if #captures == 0 then
      return nil
   end
   local parameters = {}
   for i, name in ipairs(row.parameters) do
      local value = core.percent_decode(captures[i])
      if not value then
         return nil
      end
      parameters[name] = value
   end
   return parameters
end

--- The endpoint of a request.
---@param method string
---@param path string without the query
---@return kenar.sandbox.Endpoint? row, table<string, string>|string parameters or the name of the refusal
function endpoints.find(method, path)
   local refusal = "unknown_path"
   for _, row in ipairs(endpoints.rows) do
      local parameters = parameters_of(row, path)
      if parameters and row.method == method then
         return row, parameters
      elseif parameters then
         refusal = "wrong_method"
      end
   end
   return nil, refusal
end

return endpoints
