--- OAuth scopes in the form of Divar's authorize page.
--
--    kenar.scope("CONVERSATION_SEND_MESSAGE", conversation_id)   CONVERSATION_SEND_MESSAGE.6b3d5cf7-...
--    kenar.scope("USER_PHONE")                                   USER_PHONE
--
-- Names and forms are from Divar's docs, OAuth pages, and their history.

local core = require "kenar.core"

local scope = {}

-- The API's list of scopes has these in capitals, but the authorize page needs them like this.
local in_urls = { OFFLINE_ACCESS = "offline_access", OPENID = "openid" }

-- Old names of scopes. CHAT_MESSAGE_SEND still takes the old id of a conversation.
local renamed = {
   CHAT_SEND_MESSAGE = "CHAT_MESSAGE_SEND",
   CHAT_SEND_MESSAGE_OAUTH = "CHAT_MESSAGE_SEND",
   CHAT_SEND_MESSAGE_POST_CONVERSATIONS = "CHAT_POST_CONVERSATIONS_MESSAGE_SEND",
   CHAT_READ_POST_CONVERSATIONS = "CHAT_POST_CONVERSATIONS_READ",
   CHAT_READ_CONVERSATION = "CHAT_CONVERSATION_READ",
   USER_RETRIEVE = "USER_PHONE",
}

local function check(name, id)
   if type(name) ~= "string" or not name:find "^[%w_]+$" then
      error("expected the name of a scope, such as CONVERSATION_SEND_MESSAGE", 3)
   end
   if id ~= nil and (type(id) ~= "string" or id == "" or id:find "[%s%c]") then
      error("expected the id as Divar gave it, without spaces", 3)
   end
end

local function build(name, separator, id)
   name = in_urls[name] or name
   return id and name .. separator .. id or name
end

--- The form of Divar's documents until 2024-05-26: two underscores before the id.
---@param name string
---@param id? string
---@return string
function scope.legacy(name, id)
   check(name, id)
   return build(name, "__", id)
end

--- The id of a conversation before Divar gave it one: base64 of "user:post:peer", in that order. It may have `+`, `/`
--- and `=`.
---@param user_id string for whom the app speaks
---@param post_token string
---@param peer_id string
---@return string
function scope.legacy_conversation(user_id, post_token, peer_id)
   for index, part in ipairs { user_id or false, post_token or false, peer_id or false } do
      if type(part) ~= "string" or part == "" then
         error(("argument %d: expected an id, got %s"):format(index, type(part)), 2)
      end
   end
   return core.base64_encode(("%s:%s:%s"):format(user_id, post_token, peer_id))
end

--- The current name of a scope of any form, and its id.
---@param text string
---@return string name, string? id
function scope.parse(text)
   local name, id = text:match "^([%w_]-)__(.+)$"
   if not name then
      name, id = text:match "^([^.]*)%.(.+)$"
   end
   name = name or text
   -- For six days of May 2024 a scope without a resource had its own name as the resource: USER_PHONE.USER_PHONE.
   if id == name then
      id = nil
   end
   return renamed[name] or in_urls[name] or name, id
end

--- A scope in its current form, so that two forms of one scope compare equal.
---@param text string
---@return string
function scope.canonical(text)
   local name, id = scope.parse(text)
   return build(name, ".", id)
end

--- The scopes of a token's `scope` field, or of a list.
---@param scopes string|string[]
---@return string[]
function scope.list(scopes)
   local list = {}
   if type(scopes) == "string" then
      for each in scopes:gmatch "%S+" do
         list[#list + 1] = each
      end
      return list
   end
   for index, each in ipairs(scopes) do
      list[index] = each
   end
   return list
end

return setmetatable(scope, {
   --- A scope, or the scope of one resource: a conversation's id or a post's token.
   __call = function(_, name, id)
      check(name, id)
      return build(name, ".", id)
   end,
})
