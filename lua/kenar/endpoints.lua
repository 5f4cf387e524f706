--- Divar's endpoints, one row each.
--
-- `id` is the argument that goes into the path; `message` the kind that kenar.message encodes; `token` whether the
-- call acts for a user: "required", or "optional" where Divar's documents ask for the API key alone but its OpenAPI
-- file lists a scope. `reads` marks calls that change nothing, which alone may be repeated without a thought.

---@class kenar.Endpoint
---@field name string
---@field method string
---@field path string      below the API's base URL, with one {id}
---@field id string
---@field message "conversation"|"bot"
---@field token "required"|"optional"
---@field via? string      what the buttons of the message say of the chat they stand in
---@field reads? boolean

---@type kenar.Endpoint[]
local endpoints = {
   {
      name = "send_message", method = "POST",
      path = "/v2/open-platform/conversations/{id}/messages",
      id = "conversation_id", message = "conversation", token = "required",
   },
   {
      name = "send_bot_message", method = "POST",
      path = "/v1/open-platform/chat/bot/conversations/{id}/messages",
      id = "conversation_id", message = "bot", token = "optional", via = "bot",
   },
   {
      name = "send_bot_message_to_user", method = "POST",
      path = "/v1/open-platform/chat/bot/users/{id}/messages",
      id = "user_id", message = "bot", token = "required", via = "bot",
   },
}

return endpoints
