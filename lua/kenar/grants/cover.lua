--- Which scopes let an app speak where, and for which side.
--
-- The scopes of Divar's send_message, narrowest first: one conversation; all conversations of one post, as its owner;
-- all conversations of all posts of an owner. Before 2024-11 a conversation was named by its post and its two people.

local scope = require "kenar.scope"

local grant_cover = {}

--- Where something is to be said, or what else a grant is wanted for.
---@class kenar.GrantTarget
---@field id? string              a hint: the grant that a button or a subscription names
---@field conversation_id? string
---@field post_token? string
---@field seller_id? string       with buyer_id: a conversation of the old kind
---@field buyer_id? string
---@field user_id? string         whose grant
---@field scope? string           which the grant must have
---@field as? "SELLER"|"BUYER"    for whom to speak

grant_cover.OWNER_WIDE = "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND"

--- The scopes that would do, narrowest first, each with the side it speaks for where the scope tells.
---@param target kenar.GrantTarget
---@return { scope: string, side: string? }[]? wanted nil when any grant will do
function grant_cover.wanted(target)
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
   list[#list + 1] = { scope = grant_cover.OWNER_WIDE, side = "SELLER" }
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

-- Whoever was asked there as the buyer does not own that post.
local function is_buyer_of(grant, target)
   return grant.side == "BUYER" and (
      grant.conversation_id ~= nil and grant.conversation_id == target.conversation_id
      or grant.post_token ~= nil and grant.post_token == target.post_token)
end

--- Whether a grant will do.
---@param grant kenar.Grant
---@param target kenar.GrantTarget
---@return boolean covers, string? side for whom the app then speaks, where that is known
function grant_cover.covers(grant, target)
   if target.user_id and grant.user_id ~= target.user_id then
      return false
   end
   local wanted = grant_cover.wanted(target)
   if not wanted then
      return not target.as or grant.side == target.as, grant.side
   end
   local covers, known_side = false, nil
   for _, each in ipairs(wanted) do
      local side = each.side or grant.side
      local is_others = each.scope == grant_cover.OWNER_WIDE and is_buyer_of(grant, target)
      if has(grant, each.scope) and not is_others and (not target.as or side == target.as) then
         covers, known_side = true, known_side or side
      end
   end
   return covers, known_side
end

--- The scopes to ask a user for where there is no grant.
---@param target kenar.GrantTarget
---@return string[]
function grant_cover.missing(target)
   local wanted = grant_cover.wanted(target)
   local scopes = { wanted and wanted[1].scope }
   -- Nobody's grant is found by a user whom Divar does not name.
   if target.user_id then
      scopes[#scopes + 1] = "USER_ID"
   end
   return scopes
end

return grant_cover
