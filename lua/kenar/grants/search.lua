--- Finds the grant for a target.
--
-- Grants are looked up in this order: (1) the grant that a hint names (`kenar_via` in a button, `kenar_grant` in a
-- subscription), if it covers the target; (2) the grant with the narrowest scope that covers it; of two, the newer.

local cover = require "kenar.grants.cover"
local errors = require "kenar.error"
local scope = require "kenar.scope"
local subscriptions = require "kenar.grants.subscriptions"

local search = {}

---@class kenar.GrantSearch
local Search = {}
Search.__index = Search

local function no_grant(scopes, why)
   local message = "no user has granted this" .. (why or "")
   if scopes[1] then
      message = message .. ": ask for " .. table.concat(scopes, " ")
   end
   return nil, errors.new {
      kind = "auth", code_name = "NO_GRANT", scopes = scopes, sent = "no", retryable = false, message = message,
   }
end

-- The lists in which a grant may be, in the order of preference.
local function lists_for(target)
   if target.user_id then
      return { "grants:user:" .. target.user_id }
   end
   local keys = {}
   for _, each in ipairs(cover.wanted(target) or {}) do
      if each.scope ~= cover.OWNER_WIDE or target.scope then
         keys[#keys + 1] = "grants:scope:" .. each.scope
      end
   end
   -- An owner-wide scope does not name the owner's posts, but the place of the question does.
   if target.conversation_id then
      keys[#keys + 1] = "grants:conversation:" .. target.conversation_id
   end
   if target.post_token then
      keys[#keys + 1] = "grants:post:" .. target.post_token
   end
   return keys
end

local function first_covering(self, ids, target)
   for _, id in ipairs(ids) do
      local grant, err = self._records:read(id)
      if err then
         return nil, err
      end
      local covers, side
      if grant then
         covers, side = cover.covers(grant, target)
      end
      if covers then
         return grant, side
      end
   end
end

-- If only one owner has granted all conversations, the conversation is taken for theirs.
local function only_owner(self, target)
   local ids, err = self._records.index:ids("grants:scope:" .. cover.OWNER_WIDE)
   if not ids then
      return nil, err
   end
   local found, found_side
   for _, id in ipairs(ids) do
      local grant, side = first_covering(self, { id }, target)
      if grant and not found then
         found, found_side = grant, side
      elseif grant and (grant.user_id == nil or grant.user_id ~= found.user_id) then
         return no_grant(cover.missing(target), " so that it is clear whose conversation this is: several owners "
            .. "granted all of theirs")
      elseif not grant and side then
         return nil, side
      end
   end
   return found, found_side
end

--- Find a grant, and the side for which the app then speaks.
---@param target kenar.GrantTarget
---@return kenar.Grant? grant
---@return string|kenar.Error|nil side "SELLER" or "BUYER" if it is known; or the error
function Search:locate(target)
   if target.id then
      local grant, side = first_covering(self, { target.id }, target)
      if grant or side then
         return grant, side
      end
   end
   for _, key in ipairs(lists_for(target)) do
      local ids, err = self._records.index:ids(key)
      if not ids then
         return nil, err
      end
      local grant, side = first_covering(self, ids, target)
      if grant or side then
         return grant, side
      end
   end
   if not target.user_id and not target.scope and (target.conversation_id or target.post_token) then
      local grant, side = only_owner(self, target)
      if grant or side then
         return grant, side
      end
   end
   return no_grant(cover.missing(target))
end

--- The grant to subscribe with.
---@param event_type string
---@param resource_id? string
---@param preferred? kenar.Grant used if its scopes allow it, or if the event needs no scope that is known
---@return kenar.Grant? grant, kenar.Error? err kind `auth` with code_name NO_GRANT
function Search:subscriber(event_type, resource_id, preferred)
   local scopes = subscriptions.scopes(event_type, resource_id)
   if preferred and scopes[1] == nil then
      return preferred
   end
   for _, each in ipairs(scopes) do
      if preferred and cover.covers(preferred, { scope = each }) then
         return preferred
      end
   end
   for _, each in ipairs(scopes) do
      -- A scope without a resource does not name its user.
      local _, resource = scope.parse(each)
      if resource or preferred and preferred.user_id then
         local grant, err = self:locate { scope = each, user_id = not resource and preferred.user_id or nil }
         if grant then
            return grant
         elseif err.code_name ~= "NO_GRANT" then
            return nil, err
         end
      end
   end
   return no_grant { scopes[1] }
end

---@param records kenar.GrantRecords
---@return kenar.GrantSearch
function search.new(records)
   return setmetatable({ _records = records }, Search)
end

return search
