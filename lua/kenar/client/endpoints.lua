--- Divar's endpoints, one row each.
--
-- `token` says whether a call acts for a user: "required"; "optional" where Divar's documents ask for the API key
-- alone but its OpenAPI file lists a scope; "none" where only the key counts, and no token leaves. `reads` marks calls
-- that change nothing, which alone may be repeated without a thought.

local bodies = require "kenar.client.bodies"
local results = require "kenar.client.results"

---@class kenar.Endpoint
---@field name string
---@field method string
---@field path string      below the API's base URL, with at most one {id}
---@field older_paths? table<string, string> by the other values of the setting path_style; one that is absent has none
---@field token "required"|"optional"|"none"
---@field id? string       the name of the argument that goes into the path
---@field message? "conversation"|"bot" the kind that kenar.message encodes
---@field via? string      what the buttons of the message say of the chat they stand in
---@field body? fun(argument: any, values: table): table?, kenar.Error?, string? the JSON body, made of the method's
---   argument, and the path of a button without a caption
---@field constant_body? string
---@field query? string[]  the names of the argument's ids, which go into the query
---@field conversation? string[] the names of the argument's ids that together name a conversation
---@field result? fun(result: table): table how the answer is given back; default as it came
---@field reads? boolean
---@field is_legacy? boolean a method of client.legacy

---@type kenar.Endpoint[]
return {
   {
      name = "send_message", method = "POST", token = "required",
      path = "/v2/open-platform/conversations/{id}/messages",
      id = "conversation_id", message = "conversation",
   },
   {
      name = "send_bot_message", method = "POST", token = "optional",
      path = "/v1/open-platform/chat/bot/conversations/{id}/messages",
      older_paths = {
         experimental = "/experimental/open-platform/chat/bot/conversations/{id}/messages",
         v2 = "/v2/open-platform/chatbot-conversations/{id}/messages",
      },
      id = "conversation_id", message = "bot", via = "bot",
   },
   {
      name = "send_bot_message_to_user", method = "POST", token = "required",
      path = "/v1/open-platform/chat/bot/users/{id}/messages",
      older_paths = { experimental = "/experimental/open-platform/chat/bot/users/{id}/messages" },
      id = "user_id", message = "bot", via = "bot",
   },
   {
      name = "get_conversation", method = "GET", token = "required", reads = true,
      path = "/v1/open-platform/chat/conversations/{id}", id = "conversation_id", result = results.conversation,
   },
   {
      name = "create_upload_token", method = "POST", token = "none",
      path = "/experimental/open-platform/chat/upload", constant_body = "{}",
   },
   {
      name = "subscribe", method = "POST", token = "required",
      path = "/v1/open-platform/events/subscriptions", body = bodies.subscription,
   },
   {
      name = "get_user", method = "GET", token = "required", reads = true,
      path = "/v1/open-platform/users", result = results.user,
   },
   {
      -- The form of the documents before the current one.
      name = "get_user_by_post", method = "POST", token = "required", reads = true,
      path = "/v1/open-platform/users", constant_body = "{}", result = results.user,
   },
   {
      name = "get_user_id_by_phone", method = "POST", token = "none", reads = true,
      path = "/v1/open-platform/get-user-id-by-phone", body = bodies.phone,
   },
   {
      name = "oauth_scopes", method = "GET", token = "none", reads = true,
      path = "/v1/open-platform/assets/oauth-scope", result = results.list "scopes",
   },
   {
      name = "permissions", method = "GET", token = "none", reads = true,
      path = "/v1/open-platform/assets/permission", result = results.list "permissions",
   },
   {
      name = "send_message", method = "POST", token = "required", is_legacy = true,
      path = "/v2/open-platform/chat/conversation", body = bodies.legacy_message,
      conversation = { "user_id", "peer_id", "post_token" },
   },
   {
      name = "notify_post_conversations", method = "POST", token = "required", is_legacy = true,
      path = "/v1/open-platform/notify/chat/post-conversations", body = bodies.notify,
   },
   {
      name = "conversation_messages", method = "GET", token = "required", is_legacy = true, reads = true,
      path = "/v1/open-platform/chat/conversation-messages", query = { "user_id", "peer_id", "post_token" },
      result = results.legacy_conversation,
   },
}
