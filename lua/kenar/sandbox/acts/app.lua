--- Acts of people outside the app's chats, and the deliveries that follow.
--
-- As in kenar.sandbox.acts, each function returns an act, or nil and the mistake.

local acts = require "kenar.sandbox.acts"
local deliveries = require "kenar.sandbox.acts.deliveries"
local form = require "kenar.sandbox.judge.form"
local notices = require "kenar.sandbox.acts.notices"
local oauth = require "kenar.sandbox.judge.oauth"
local tokens = require "kenar.sandbox.judge.tokens"

local app_acts = {}

--- Check that the bot answers: deliver an event of an unknown type, for which a bot answers 200.
---@return kenar.sandbox.Act act
function app_acts.check(judge)
   local act = acts.new "check"
   judge:deliver("events", { type = "SANDBOX_CHECK" }, act)
   return act
end

-- A user by name; nil and the mistake. kenar.sandbox.judge.state checks the name's length.
local function user_of(judge, name)
   local ok, user = pcall(judge.state.user, judge.state, name)
   if not ok then
      return nil, "user: a name is needed, of at most 29 bytes"
   end
   return user
end

--- Open the app from one of Divar's pages rather than from a chat: a post's, or the user's own.
---@param name string the user's
---@param source string POST_ADDON, MY_POST, MY_DIVAR, DIVAR_PRO, DEMAND_POST or another of Divar's
---@param post_token? string
---@return kenar.sandbox.Act? act, string? problem
function app_acts.visit(judge, name, source, post_token)
   local user, problem = user_of(judge, name)
   if not user then
      return nil, problem
   elseif type(source) ~= "string" or source == "" then
      return nil, "source: a touch point is needed, such as POST_ADDON"
   end
   local side = "USER"
   if post_token then
      side = judge.state:post(post_token).seller == user.id and "SELLER" or "BUYER"
   end
   local act = acts.new "visit"
   act.side = side
   judge:deliver("session", deliveries.session(judge.assumed.deliveries, {
      post_token = post_token, members = { [side] = user.id },
   }, side, nil, source), act)
   return act
end

--- Follow a direct link: a browser opens the app's fallback URL. The request carries no proof of who the user is.
---@param post_token? string
---@return kenar.sandbox.Act? act, string? problem
function app_acts.direct_link(judge, post_token)
   local url = judge.app.urls.fallback
   if not url then
      return nil, "the app has no fallback URL"
   end
   local act, return_url = acts.new "direct_link", judge.assumed.deliveries.return_url
   judge:deliver("page", { post_token = post_token, completion_url = return_url }, act, {
      url = form.url(url, { { "post_token", post_token }, { "completion_url", return_url } }),
   })
   return act
end

--- Agree on Divar's consent page, or refuse.
---@param name string the user's
---@param url string the consent page's URL, as the app made it
---@param is_denied? boolean
---@return kenar.sandbox.Act? act `seen.url` is the URL that the user is sent to; or string problem
function app_acts.consent(judge, name, url, is_denied)
   local user, problem = user_of(judge, name)
   if not user then
      return nil, problem
   end
   local path, query = tostring(url):match "^%a[%w+.-]*://[^/?#]+([^?#]*)%??([^#]*)"
   if path ~= "/oauth2/auth" then
      return nil, "url: expected that of Divar's consent page, /oauth2/auth"
   end
   local request, refusal = oauth.request(judge, query)
   if not request and not refusal.url then
      return nil, refusal.description
   end
   local act = acts.new "consent"
   act.seen.url = request and oauth.decide(judge, request, user.id, not is_denied) or refusal.url
   acts.finish(act, refusal and refusal.description)
   return act
end

--- Revoke the user's consents. Divar tells the app if it has the scopes for it.
---@param name string the user's
---@return kenar.sandbox.Act? act, string? problem
function app_acts.revoke(judge, name)
   local user, problem = user_of(judge, name)
   if not user then
      return nil, problem
   end
   local act = acts.new "revoke"
   if tokens.revoke(judge.state, user.id) then
      judge:deliver("events", deliveries.revocation(user.id), act)
   end
   acts.finish(act)
   return act
end

--- Pay, or change a payment's state: TRANSACTION_STATE_PENDING, _COMPLETED, _FAILED, _REFUNDED.
---@param fields? table Divar's: id, cost_rials, extra_details, state, type; what is absent is filled in
---@param metadata? table
---@return kenar.sandbox.Act act
function app_acts.pay(judge, fields, metadata)
   fields = fields or {}
   local transaction = {
      id = fields.id or judge.state:next_id(), cost_rials = 100000, extra_details = "",
      state = "TRANSACTION_STATE_COMPLETED", type = "TRANSACTION_TYPE_REORDER",
   }
   for key, value in pairs(fields) do
      transaction[key] = value
   end
   local act = acts.new "pay"
   judge:deliver("events", deliveries.payment(judge.assumed.deliveries, transaction, metadata), act)
   acts.finish(act)
   return act
end

--- Change a post: PUBLISH, RETIRE, ONGOING, ARCHIVE. Subscriptions to the post get an event.
---@param post_token string
---@param change? string default PUBLISH
---@param fields? table Divar's fields of the post
---@return kenar.sandbox.Act? act, string? problem
function app_acts.update_post(judge, post_token, change, fields)
   local post = judge.state.posts[post_token]
   if not post then
      return nil, ("there is no post %s"):format(tostring(post_token))
   end
   local act = acts.new "update_post"
   notices.post_update(judge, post, change or "PUBLISH", fields, act)
   acts.finish(act)
   return act
end

return app_acts
