--- OAuth scopes as Divar reads them, and the API's lists of scopes and permissions.
--
-- Written from Divar's documents, independently of kenar.scope.

local json = require "kenar.json"

local scopes = {}

-- Divar's OpenAPI file, the enum of the scope list.
local slugs = [[
   POST_ADDON_CREATE USER_PHONE USER_ID USER_ADDON_CREATE CHAT_MESSAGE_SEND CHAT_CONVERSATION_READ USER_POSTS_GET
   USER_POSTS_STATS_READ CHAT_POST_CONVERSATIONS_READ CHAT_POST_CONVERSATIONS_MESSAGE_SEND
   CHAT_SUPPLIER_ALL_CONVERSATIONS_READ CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND CHAT_BOT_USER_MESSAGE_SEND
   USER_VERIFICATION_CREATE OFFLINE_ACCESS OPENID PAYMENT_ALL_POSTS_PRICING_READ PAYMENT_ALL_POSTS_REORDER
   PAYMENT_ALL_POSTS_RENEW MANAGEMENT_APPS_READ MANAGEMENT_APPS_WRITE POST_ONGOING_IMAGES_GET USER_POSTS_ADDON_CREATE
   POST_EDIT CONVERSATION_SEND_MESSAGE BUSINESS_ADDON_CREATE POST_SEMANTIC_CREATE NOTIFICATION_ACCESS_REVOCATION
   SEND_EVENT SUBMIT_USER_POST SUBMIT_USER_PAYMENT USER_SET_CUSTOMIZED_BUTTON BUSINESS_CREATE_CUSTOMIZED_BUTTON
   DELETE_USER_POST EDIT_USER_POST USER_BUSINESSES_READ PRO_USER_PROFILE_IMAGE_READ PAY_USER_POST_PROMOTION
]]

local permission_slugs = [[
   CHAT_SEND_MESSAGE_OAUTH CHAT_BOT_SEND_MESSAGE CHAT_READ_CONVERSATION CHAT_UPLOAD_MEDIA EVENTS_REGISTER_SUBSCRIPTION
   USER_RETRIEVE GET_USER_ID_BY_PHONE CHAT_SET_NOTIFY_POST_CONVERSATIONS
]]

-- The authorize page takes these two in small letters (Divar's documents, OAuth pages).
local in_urls = { OFFLINE_ACCESS = "offline_access", OPENID = "openid" }

local needs_id = {
   CONVERSATION_SEND_MESSAGE = true, CHAT_POST_CONVERSATIONS_MESSAGE_SEND = true, CHAT_POST_CONVERSATIONS_READ = true,
   CHAT_CONVERSATION_READ = true, CHAT_MESSAGE_SEND = true,
}

-- The names of scopes in the documents of 2023-09 to 2024-05.
local renamed = {
   CHAT_SEND_MESSAGE = "CHAT_MESSAGE_SEND",
   CHAT_SEND_MESSAGE_OAUTH = "CHAT_MESSAGE_SEND",
   CHAT_SEND_MESSAGE_POST_CONVERSATIONS = "CHAT_POST_CONVERSATIONS_MESSAGE_SEND",
   CHAT_READ_POST_CONVERSATIONS = "CHAT_POST_CONVERSATIONS_READ",
   CHAT_READ_CONVERSATION = "CHAT_CONVERSATION_READ",
}

local known = {}
for slug in slugs:gmatch "%S+" do
   known[in_urls[slug] or slug] = true
end

-- Today's name, and the id after `.` or, until 2024-05, after `__`.
local function parse(text)
   local name, id = text:match "^([%w_]-)%.(.+)$"
   if not name then
      name, id = text:match "^([%w_]-)__(.+)$"
   end
   name = name or text
   return renamed[name] or name, id
end

--- The mistake in a scope that an app asks for; nil if there is none.
---@param text string
---@return string? problem
function scopes.problem(text)
   local name, id = parse(text)
   if not known[name] then
      return ("there is no scope %s"):format(text)
   elseif needs_id[name] and not id then
      return ("the scope %s needs an id behind a dot"):format(text)
   end
end

--- A list as a set of scopes with today's names.
---@param list string[]
---@return table<string, boolean>
function scopes.set(list)
   local set = {}
   for _, text in ipairs(list) do
      local name, id = parse(text)
      set[id and name .. "." .. id or name] = true
   end
   return set
end

-- One row per slug, as the API lists them.
local function listed(text)
   local list = setmetatable({}, json.array_mt)
   for slug in text:gmatch "%S+" do
      list[#list + 1] = { slug = slug, display = slug, description = slug, lifecycle_state = "ACTIVE" }
   end
   return list
end

--- List all scopes.
function scopes.list_scopes()
   return { scopes = listed(slugs) }
end

--- List all permissions.
function scopes.list_permissions()
   return { permissions = listed(permission_slugs) }
end

return scopes
