--- Subscriptions to events. A subscription ends with the token that made it.

local tokens = require "kenar.sandbox.judge.tokens"

local subscriptions = {}

---@class kenar.sandbox.Subscription
---@field event_type "NEW_MESSAGE_ON_POST"|"POST_UPDATE"
---@field post_token? string nil: all posts of the user
---@field user_id? string    nil: the owner of the post
---@field token? kenar.sandbox.Token nil: the subscription does not end
---@field metadata? table

-- The scopes of a subscription to one post and to all posts (Divar's documents, page on events).
local scopes = {
   NEW_MESSAGE_ON_POST = {
      one = function(post_token) return "CHAT_POST_CONVERSATIONS_READ." .. post_token end,
      all = "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ",
   },
   POST_UPDATE = { one = function() return "USER_POSTS_GET" end, all = "USER_POSTS_GET" },
}

local function is_same(a, b)
   return a.event_type == b.event_type and a.post_token == b.post_token and a.token == b.token
end

local function add(state, subscription)
   local kept = {}
   for _, each in ipairs(state.subscriptions) do
      if not is_same(each, subscription) and (not each.token or tokens.is_live(state, each.token)) then
         kept[#kept + 1] = each
      end
   end
   kept[#kept + 1] = subscription
   state.subscriptions = kept
end

--- Subscribe in a user's name.
---@param call table as an endpoint's `act` gets it
---@return table? result, string? refusal
function subscriptions.subscribe(call)
   local body, state, token = call.body, call.state, call.grant
   local post_token = call.text(body.event_resource_id)
   local row = scopes[body.event_type]
   local is_allowed = post_token and token.scopes[row.one(post_token)]
      or (not post_token or call.assumed.events.all_covers_one) and token.scopes[row.all]
   if not is_allowed then
      return nil, "missing_scope"
   end
   local post = post_token and state.posts[post_token]
   if post_token and not post then
      return nil, "unknown_post"
   elseif post and post.seller ~= token.user_id then
      return nil, "foreign_token"
   end
   add(state, {
      event_type = body.event_type, post_token = post_token, user_id = token.user_id, token = token,
      metadata = call.object(body.metadata) or call.object(body.meta_data),
   })
   return {}
end

--- Deliver a post's messages to the bot without a subscription, or stop doing so.
---@param state table
---@param post_token string
---@param is_on boolean
function subscriptions.stand(state, post_token, is_on)
   local standing = { event_type = "NEW_MESSAGE_ON_POST", post_token = post_token }
   if is_on then
      return add(state, standing)
   end
   for index, each in ipairs(state.subscriptions) do
      if is_same(each, standing) then
         return table.remove(state.subscriptions, index)
      end
   end
end

--- Register the hook from before 2024-11: Divar posts a post's messages to a URL, with a key that the app chose.
---@param call table
---@return table? result, string? refusal
function subscriptions.hook(call)
   local body, state, token = call.body, call.state, call.grant
   if not token.scopes["CHAT_POST_CONVERSATIONS_READ." .. body.post_token] then
      return nil, "missing_scope"
   end
   local post = state.posts[body.post_token]
   if not post then
      return nil, "unknown_post"
   elseif post.seller ~= token.user_id then
      return nil, "foreign_token"
   end
   state.hooks[body.post_token] = { url = body.endpoint, key = body.identification_key, token = token }
   return {}
end

--- The live hook of a post.
---@param state table
---@param assumed table as in assumptions.legacy
---@param post_token string
---@return { url: string, key: string }?
function subscriptions.live_hook(state, assumed, post_token)
   local hook = state.hooks[post_token]
   if hook and (assumed.hook_lives == "ever" or tokens.is_live(state, hook.token)) then
      return hook
   end
end

--- The subscriptions that cover an event of a post: the newest, or all, as assumed.
---@param state table
---@param assumed table as in assumptions.events
---@param event_type string
---@param post table
---@param for_all? boolean whether subscriptions to all posts count; default true
---@return kenar.sandbox.Subscription[]
function subscriptions.covering(state, assumed, event_type, post, for_all)
   local found, standing = {}, nil
   for index = #state.subscriptions, 1, -1 do
      local each = state.subscriptions[index]
      local is_about = each.event_type == event_type
         and (each.post_token == post.token or each.post_token == nil and for_all ~= false)
      if is_about and not each.token then
         standing = each
      elseif is_about and each.user_id == post.seller and tokens.is_live(state, each.token) then
         found[#found + 1] = each
      end
   end
   if #found == 0 then
      return { standing }
   end
   return assumed.overlapping == "each" and found or { found[1] }
end

return subscriptions
