--- Divar's endpoints as the sandbox answers them: one row each.
--
-- A row of the API has an `act`, which runs after the key, the permission, the token and the body were checked. It
-- returns a body, or nil and the name of a refusal. Rows of the other servers have a `door`, which does all of this.

local api = require "kenar.sandbox.judge.api"
local core = require "kenar.core"
local oauth = require "kenar.sandbox.judge.oauth"
local reading = require "kenar.sandbox.judge.reading"
local rules = require "kenar.sandbox.judge.rules"
local scopes = require "kenar.sandbox.judge.scopes"
local sending = require "kenar.sandbox.judge.sending"
local subscriptions = require "kenar.sandbox.judge.subscriptions"
local uploads = require "kenar.sandbox.judge.uploads"

local endpoints = {}

---@class kenar.sandbox.Endpoint
---@field name string                 the client's method; older twins begin with `legacy_`
---@field server? "api"|"oauth"|"upload" the host that serves it; default "api"
---@field method string
---@field path string                 `{name}` stands for one percent-encoded part
---@field older_paths? string[]       other paths of the same call, served if assumptions.legacy.old_bot_paths
---@field is_legacy? boolean          an endpoint from before 2024-11
---@field permission? string          the permission that the API key needs
---@field token? "required"|"optional"|"none" the user's access token
---@field body? table                 one of kenar.sandbox.judge.rules
---@field act? fun(call: table): table?, string?
---@field door? fun(judge: table, exchange: table, row: table, parameters: table): table default: the API's

---@type kenar.sandbox.Endpoint[]
endpoints.rows = {
   {
      name = "send_message", method = "POST",
      path = "/v2/open-platform/conversations/{conversation_id}/messages",
      permission = "CHAT_SEND_MESSAGE_OAUTH", token = "required", body = rules.conversation_message,
      act = sending.to_conversation,
   },
   {
      name = "send_bot_message", method = "POST",
      path = "/v1/open-platform/chat/bot/conversations/{conversation_id}/messages",
      older_paths = {
         "/experimental/open-platform/chat/bot/conversations/{conversation_id}/messages",
         "/experimental/open-platform/chatbot-conversations/{conversation_id}/messages",
         "/v2/open-platform/chatbot-conversations/{conversation_id}/messages",
      },
      permission = "CHAT_BOT_SEND_MESSAGE", token = "optional", body = rules.bot_message,
      act = sending.to_chatbot,
   },
   {
      name = "send_bot_message_to_user", method = "POST",
      path = "/v1/open-platform/chat/bot/users/{user_id}/messages",
      older_paths = { "/experimental/open-platform/chat/bot/users/{user_id}/messages" },
      permission = "CHAT_BOT_SEND_MESSAGE", token = "required", body = rules.bot_message,
      act = sending.to_user,
   },
   {
      name = "get_conversation", method = "GET", path = "/v1/open-platform/chat/conversations/{conversation_id}",
      permission = "CHAT_READ_CONVERSATION", token = "required", act = reading.conversation,
   },
   {
      name = "create_upload_token", method = "POST", path = "/experimental/open-platform/chat/upload",
      permission = "CHAT_UPLOAD_MEDIA", token = "none", body = rules.nothing, act = uploads.create_token,
   },
   {
      name = "upload_media", server = "upload", method = "POST", path = "/upload/{media_type}", door = uploads.answer,
   },
   {
      name = "subscribe", method = "POST", path = "/v1/open-platform/events/subscriptions",
      permission = "EVENTS_REGISTER_SUBSCRIPTION", token = "required", body = rules.subscription,
      act = subscriptions.subscribe,
   },
   {
      name = "get_user", method = "GET", path = "/v1/open-platform/users",
      permission = "USER_RETRIEVE", token = "required", act = reading.user,
   },
   {
      name = "get_user_by_post", method = "POST", path = "/v1/open-platform/users",
      permission = "USER_RETRIEVE", token = "required", body = rules.nothing, act = reading.user_by_post,
   },
   {
      name = "get_user_id_by_phone", method = "POST", path = "/v1/open-platform/get-user-id-by-phone",
      permission = "GET_USER_ID_BY_PHONE", token = "none", body = rules.phone, act = reading.user_id_by_phone,
   },
   {
      name = "oauth_scopes", method = "GET", path = "/v1/open-platform/assets/oauth-scope",
      token = "none", act = scopes.list_scopes,
   },
   {
      name = "permissions", method = "GET", path = "/v1/open-platform/assets/permission",
      token = "none", act = scopes.list_permissions,
   },
   {
      name = "legacy_send_message", method = "POST", path = "/v2/open-platform/chat/conversation", is_legacy = true,
      permission = "CHAT_SEND_MESSAGE_OAUTH", token = "required", body = rules.legacy_message, act = sending.legacy,
   },
   {
      name = "notify_post_conversations", method = "POST",
      path = "/v1/open-platform/notify/chat/post-conversations", is_legacy = true,
      permission = "CHAT_SET_NOTIFY_POST_CONVERSATIONS", token = "required", body = rules.hook,
      act = subscriptions.hook,
   },
   {
      name = "conversation_messages", method = "GET", path = "/v1/open-platform/chat/conversation-messages",
      is_legacy = true, permission = "CHAT_READ_CONVERSATION", token = "required", act = reading.legacy_conversation,
   },
   { name = "oauth_page", server = "oauth", method = "GET", path = "/oauth2/auth", door = oauth.page },
   { name = "oauth_decision", server = "oauth", method = "POST", path = "/oauth2/auth", door = oauth.decision },
   { -- The consent page of 2024-05 and before.
      name = "legacy_oauth_page", server = "oauth", method = "GET", path = "/oauth", is_legacy = true,
      door = oauth.page,
   },
   { name = "completion", server = "oauth", method = "GET", path = "/completion", door = oauth.completion },
   { name = "oauth_token", server = "oauth", method = "POST", path = "/oauth2/token", door = oauth.token },
   {
      name = "legacy_oauth_token", method = "POST", path = "/v1/open-platform/oauth/access_token",
      is_legacy = true, door = oauth.legacy_token,
   },
   {
      name = "legacy_oauth_form_token", method = "POST", path = "/v1/open-platform/oauth/url_encoded_access_token",
      is_legacy = true, door = oauth.legacy_form_token,
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
   return { pattern = "^" .. pattern .. "$", names = names }
end

for _, row in ipairs(endpoints.rows) do
   row.current, row.older = compile(row.path), {}
   for index, path in ipairs(row.older_paths or {}) do
      row.older[index] = compile(path)
   end
   row.server, row.door = row.server or "api", row.door or api.answer
   endpoints.by_name[row.name] = row
end

local function parameters_in(form, path)
   local captures = { path:match(form.pattern) }
   if #captures == 0 then
      return nil
   end
   local parameters = {}
   for i, name in ipairs(form.names) do
      local value = core.percent_decode(captures[i])
      if not value then
         return nil
      end
      parameters[name] = value
   end
   return parameters
end

local function parameters_of(row, path, with_older)
   local parameters = parameters_in(row.current, path)
   for _, form in ipairs(with_older and row.older or {}) do
      parameters = parameters or parameters_in(form, path)
   end
   return parameters
end

--- The endpoint of a request.
---@param method string
---@param path string without the query
---@param options { server: "api"|"oauth"|"upload"|nil, old_bot_paths: boolean } `server`: the host that received it,
---   nil for any; `old_bot_paths`: as in assumptions.legacy
---@return kenar.sandbox.Endpoint? row, table<string, string>|string parameters or the name of the refusal
function endpoints.find(method, path, options)
   local refusal, server = "unknown_path", options.server
   for _, row in ipairs(endpoints.rows) do
      local parameters = (not server or row.server == server) and parameters_of(row, path, options.old_bot_paths)
      if parameters and row.method == method then
         return row, parameters
      elseif parameters then
         refusal = "wrong_method"
      end
   end
   return nil, refusal
end

return endpoints
