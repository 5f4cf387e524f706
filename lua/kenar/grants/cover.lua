--- The scopes with which an app may send to a conversation, and the side for which it then speaks.
--
-- The scopes of Divar's send_message, narrowest first: one conversation; all conversations of one post, as its owner;
-- all conversations of all posts of an owner. Before 2024-11 a conversation was named by its post and its two users.

local scope = require "kenar.scope"

local cover = {}

--- The purpose for which a grant is looked up: a conversation, a user or a scope.
---@class kenar.GrantTarget
---@field id? string              a hint: the grant that a button or a subscription names
---@field conversation_id? string
---@field post_token? string
---@field seller_id? string       with buyer_id: a conversation of the old kind
---@field buyer_id? string
---@field user_id? string         the user of the grant
---@field scope? string           a scope of the grant
---@field as? "SELLER"|"BUYER"    the side to speak for

cover.OWNER_WIDE = "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND"

--- The sufficient scopes, narrowest first, each with the side it speaks for if the scope tells it.
---@param target kenar.GrantTarget
---@return { scope: string, side: string? }[]? wanted nil if any grant is sufficient
function cover.wanted(target)
   if target.scope then
      return { { scope = scope.canonical(target.scope) } }
   end
   local conversation, post = target.conversation_id, target.post_token
   if not conversation and not post then
      return nil
   end
   local list = {}
   if conversation then
      list[1] = { scope = "CONVERSATION_SEND_MESSAGE." .. conversation }
   end
   if post then
      local seller, buyer = target.seller_id, target.buyer_id
      if seller and buyer then
         list[#list + 1] = {
            scope = "CHAT_MESSAGE_SEND." .. scope.legacy_conversation(seller, post, buyer), side = "SELLER",
         }
         list[#list + 1] = {
            scope = "CHAT_MESSAGE_SEND." .. scope.legacy_conversation(buyer, post, seller), side = "BUYER",
         }
      end
      list[#list + 1] = { scope = "CHAT_POST_CONVERSATIONS_MESSAGE_SEND." .. post, side = "SELLER" }
   end
   list[#list + 1] = { scope = cover.OWNER_WIDE, side = "SELLER" }
   return list
end

local function has(grant, wanted)
   for _, each in ipairs(grant.scopes) do
      if each == wanted then
         return true
      end
   end
   return false
end

-- A user who was asked as the buyer does not own the post.
local function is_buyer_of(grant, target)
   return grant.side == "BUYER" and (
      grant.conversation_id ~= nil and grant.conversation_id == target.conversation_id
      or grant.post_token ~= nil and grant.post_token == target.post_token)
end

--- Whether a grant is sufficient.
---@param grant kenar.Grant
---@param target kenar.GrantTarget
---@return boolean covers, string? side for which the app then speaks, if it is known
function cover.covers(grant, target)
   if target.user_id and grant.user_id ~= target.user_id then
      return false
   end
   local wanted = cover.wanted(target)
   if not wanted then
      return not target.as or grant.side == target.as, grant.side
   end
   local covers, known_side = false, nil
   for _, each in ipairs(wanted) do
      local side = each.side or grant.side
      local is_others = each.scope == cover.OWNER_WIDE and is_buyer_of(grant, target)
      if has(grant, each.scope) and not is_others and (not target.as or side == target.as) then
         covers, known_side = true, known_side or side
      end
   end
   return covers, known_side
end

--- The scopes to ask a user for if there is no grant.
---@param target kenar.GrantTarget
---@return string[]
function cover.missing(target)
   local wanted = cover.wanted(target)
   local scopes = { wanted and wanted[1].scope }
   -- Without the scope USER_ID Divar does not name the user, so the grant could not be found by the user.
   if target.user_id then
      scopes[#scopes + 1] = "USER_ID"
   end
   return scopes
end

return cover
