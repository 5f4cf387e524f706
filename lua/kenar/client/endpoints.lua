--- Divar's endpoints, one row each.
--
-- `token` tells whether a call acts for a user: "required"; "optional" if Divar's documents ask for the API key alone
-- but its OpenAPI file lists a scope; "none" if only the key counts, and no token is sent. `reads` marks calls that
-- change nothing: only these may always be repeated.

local bodies = require "kenar.client.bodies"
local results = require "kenar.client.results"

---@class kenar.Endpoint
---@field name string
---@field method string
---@field path string      below the API's base URL, with at most one {id}
---@field older_paths? table<string, string> by the other values of the setting path_style; an absent style has no path
---@field token "required"|"optional"|"none"
---@field id? string       the name of the argument that goes into the path
---@field message? "conversation"|"bot" the kind that kenar.message encodes
---@field via? string      the chat of the message, as its buttons name it
---@field fields? kenar.EndpointField[] of the JSON body; the method's argument has these fields
---@field body? fun(argument: any, settings: table, options: table?): table?, kenar.Error?, string? makes the JSON body
---   from the method's argument, if `fields` cannot; the string is the path of a button without a caption
---@field constant_body? string
---@field query? string[]  the names of the argument's ids, which go into the query
---@field conversation? string[] the names of the argument's ids that together name a conversation
---@field result? fun(result: table): table makes the method's result from Divar's answer; default: the answer
---@field reads? boolean
---@field is_legacy? boolean a method of client.legacy
---@field is_unlimited? boolean the quota does not count the call

---@class kenar.EndpointField
---@field name string      in the method's argument
---@field key? string      in the body; default: the name
---@field key_setting? string the setting that has the key
---@field is_optional? boolean
---@field is_object? boolean an object; default: a string
---@field is_positional? boolean the method's argument is the value of this field, which is the only one
---@field expected? string for the error

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
      path = "/v1/open-platform/events/subscriptions",
      fields = {
         { name = "event_type" },
         {
            name = "resource_id", key = "event_resource_id", is_optional = true,
            expected = "a post token, or nothing for all posts",
         },
         { name = "metadata", key_setting = "metadata_key", is_optional = true, is_object = true },
      },
   },
   {
      name = "get_user", method = "GET", token = "required", reads = true,
      path = "/v1/open-platform/users", result = results.user,
   },
   {
      -- The form in Divar's older documents.
      name = "get_user_by_post", method = "POST", token = "required", reads = true,
      path = "/v1/open-platform/users", constant_body = "{}", result = results.user,
   },
   {
      name = "get_user_id_by_phone", method = "POST", token = "none", reads = true,
      path = "/v1/open-platform/get-user-id-by-phone",
      fields = { { name = "phone", is_positional = true, expected = "a phone number as a string" } },
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
      path = "/v1/open-platform/notify/chat/post-conversations",
      fields = { { name = "post_token" }, { name = "endpoint" }, { name = "identification_key" } },
   },
   {
      name = "conversation_messages", method = "GET", token = "required", is_legacy = true, reads = true,
      path = "/v1/open-platform/chat/conversation-messages", query = { "user_id", "peer_id", "post_token" },
      result = results.legacy_conversation,
   },
}
