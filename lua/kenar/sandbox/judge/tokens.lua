--- Codes, access tokens and refresh tokens: issue, refresh, expire, revoke.

local scopes = require "kenar.sandbox.judge.scopes"

local tokens = {}

---@class kenar.sandbox.Token
---@field user_id string
---@field scopes table<string, boolean> today's names
---@field expires_at? number nil: the token does not expire
---@field revoked? boolean

---@class kenar.sandbox.RefreshToken
---@field user_id string
---@field asked string[]      scopes as they were asked for
---@field access_token string the access token of the same pair
---@field expires_at number
---@field revoked? boolean

--- Whether a token is valid now.
---@param state table
---@param token kenar.sandbox.Token|kenar.sandbox.RefreshToken
---@return boolean
function tokens.is_live(state, token)
   return not token.revoked and (not token.expires_at or state.now() < token.expires_at)
end

-- Tokens have the form of Divar's, which are Ory's.
local function name(state, kind)
   return ("ory_%s_%s.%s"):format(kind, state:next_id():gsub("-", ""), state.seed)
end

--- Issue a code after a user has agreed.
---@param state table
---@param assumed table as in assumptions.oauth
---@param user_id string
---@param asked string[]
---@param redirect_uri string the URL that gets the code
---@return string code
function tokens.issue_code(state, assumed, user_id, asked, redirect_uri)
   local code = name(state, "ac")
   state.codes[code] = {
      user_id = user_id, asked = asked, redirect_uri = redirect_uri, expires_at = state.now() + assumed.code_lifetime,
   }
   return code
end

local function issue(state, assumed, user_id, asked, renewable)
   local pair = { access_token = name(state, "at"), asked = asked, expires_in = assumed.access_token_lifetime }
   state:grant(pair.access_token, user_id, asked, pair.expires_in)
   if renewable or scopes.set(asked).offline_access then
      pair.refresh_token = name(state, "rt")
      state.refresh_tokens[pair.refresh_token] = {
         user_id = user_id, asked = asked, access_token = pair.access_token,
         expires_at = state.now() + assumed.refresh_token_lifetime,
      }
   end
   return pair
end

--- Exchange a code for tokens. A code is valid once.
---@param state table
---@param assumed table
---@param code? string
---@param redirect_uri? string as it was when the code was given; nil if the old form names none
---@param renewable? boolean true: a refresh token is issued also without offline_access
---@return { access_token: string, refresh_token: string?, expires_in: number, asked: string[] }? pair
function tokens.redeem(state, assumed, code, redirect_uri, renewable)
   local record = code and state.codes[code]
   if not record or record.is_used or not tokens.is_live(state, record)
      or redirect_uri and redirect_uri ~= record.redirect_uri then
      return nil
   end
   record.is_used = true
   return issue(state, assumed, record.user_id, record.asked, renewable)
end

-- The replaced pair works for two more minutes, so that a refresh can be repeated if its answer was lost.
local function replace(state, assumed, token)
   if token and token.expires_at then
      token.expires_at = math.min(token.expires_at, state.now() + assumed.grace)
   end
end

--- Exchange a refresh token for a new pair.
---@param state table
---@param assumed table
---@param refresh_token? string
---@param code? string the access token of the same pair
---@return table? pair, string? refusal one of assumptions.oauth_refusals
function tokens.refresh(state, assumed, refresh_token, code)
   local record = refresh_token and state.refresh_tokens[refresh_token]
   if not record or not tokens.is_live(state, record) then
      return nil, "invalid_grant"
   elseif assumed.code_on_refresh == "require" and code ~= record.access_token then
      return nil, code and "invalid_grant" or "invalid_request"
   end
   replace(state, assumed, record)
   replace(state, assumed, state.tokens[record.access_token])
   return issue(state, assumed, record.user_id, record.asked, true)
end

--- Expire every access token that has a lifetime. Refresh tokens stay valid.
---@param state table
function tokens.expire(state)
   for _, token in pairs(state.tokens) do
      if token.expires_at then
         token.expires_at = math.min(token.expires_at, state.now())
      end
   end
end

--- Revoke all consents of a user.
---@param state table
---@param user_id string
---@return boolean is_told whether a live token has the scopes NOTIFICATION_ACCESS_REVOCATION and USER_ID
function tokens.revoke(state, user_id)
   local is_told = false
   local function take(list, set_of)
      for _, token in pairs(list) do
         if token.user_id == user_id then
            local set = set_of(token)
            if tokens.is_live(state, token) and set.NOTIFICATION_ACCESS_REVOCATION and set.USER_ID then
               is_told = true
            end
            token.revoked = true
         end
      end
   end
   take(state.tokens, function(token) return token.scopes end)
   take(state.refresh_tokens, function(token) return scopes.set(token.asked) end)
   take(state.codes, function() return {} end)
   return is_told
end

return tokens
