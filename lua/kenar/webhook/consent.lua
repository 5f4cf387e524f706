--- A user's consent, from the URL of ctx:authorize to the saved grant.
--
-- ctx:authorize gives the URL of the bot's start page. The start page binds the state to the browser by a cookie and
-- redirects to Divar's page. Divar redirects to the bot's return page, with a code if the user agreed.

local addresses = require "kenar.send.address"
local checks = require "kenar.base.options"
local errors = require "kenar.error"
local urls = require "kenar.base.url"
local responses = require "kenar.webhook.response"
local scope = require "kenar.scope"

local consent = {}

--- Below a bot's prefix; the second is registered in Divar's panel.
consent.START_PATH, consent.RETURN_PATH = "/oauth/start", "/oauth/return"

-- Settings without which users cannot be asked.
local needed = {
   { "public_url", "KENAR_PUBLIC_URL" }, { "app_slug", "KENAR_APP_SLUG" }, { "oauth_secret", "KENAR_OAUTH_SECRET" },
}

local function check_settings(bot)
   for _, row in ipairs(needed) do
      if not bot:setting(row[1]) then
         return nil, errors.new {
            kind = "invalid", path = row[1], sent = "no", retryable = false,
            message = ("users cannot be asked without it: give %s, or set %s"):format(row[1], row[2]),
         }
      end
   end
   return true
end

-- As long as any state that is issued.
local LONGEST_STATE = ("x"):rep(64)

local options_known = {
   next = "string", side = "string", conversation_id = "string", post_token = "string", data = "table", ttl = "number",
}

local function check_options(options)
   checks.check(options, options_known, "unknown option %q of authorize", 4)
   if options.side and options.side ~= "SELLER" and options.side ~= "BUYER" then
      error('side: expected "SELLER" or "BUYER", got ' .. options.side, 4)
   elseif options.next and not (options.next:find "^https?://" and responses.is_location(options.next)) then
      error("next: expected a URL of at most 2048 bytes that begins with https:// or http://", 4)
   end
end

local function scopes_of(scopes)
   local list = type(scopes) == "string" and scope.list(scopes) or scopes
   if type(list) ~= "table" or list[1] == nil then
      error("scopes: expected a scope or a list of them, as kenar.scope makes them", 4)
   end
   for index, each in ipairs(list) do
      if type(each) ~= "string" or each == "" or each:find "[%s%c]" then
         error(("scopes: expected a scope at %d, got %s"):format(index, tostring(each)), 4)
      end
   end
   return list
end

--- The URL at which a user is asked.
---@param event kenar.Event that is being handled
---@param ctx kenar.Context
---@param scopes string|string[]
---@param options? table see ctx:authorize
---@return string? url, kenar.Error? err
function consent.url(event, ctx, scopes, options)
   options = options or {}
   check_options(options)
   scopes = scopes_of(scopes)
   local bot = ctx.bot
   local ok, err = check_settings(bot)
   if not ok then
      return nil, err
   elseif not responses.is_location(bot.oauth:page_url(LONGEST_STATE, scopes)) then
      error("scopes: the URL of Divar's page with all of them would be longer than 2048 bytes", 3)
   end
   local has_chat = event.chat or event.conversation_id
   local state
   state, err = bot.oauth.states:issue({
      scopes = scopes, next = options.next, data = options.data, variant = event.variant,
      chat = has_chat and addresses.of_event(event, ctx.via).chat or nil,
      side = options.side or event.side, conversation_id = options.conversation_id or event.conversation_id,
      post_token = options.post_token or event.post_token, user_id = event.user_id, peer_id = event.peer_id,
   }, options.ttl)
   if not state then
      return nil, err
   end
   return bot:setting "public_url" .. bot.prefix .. consent.START_PATH .. "?state=" .. state
end

-- One cookie a consent, so that two consents in one browser do not overwrite each other.
local function cookie_name(state)
   return "kenar_consent_" .. state:sub(1, 16)
end

local function cookie_of(request, state)
   local header = request.headers.cookie
   if type(header) == "table" then
      header = table.concat(header, "; ")
   end
   local wanted = cookie_name(state)
   -- Servers join repeated headers by commas; cookies of this bot contain none.
   for cookie in (header or ""):gmatch "[^%s;,]+" do
      local name, value = cookie:match "^([^=]+)=(.*)$"
      if name == wanted then
         return value
      end
   end
end

local function set_cookie(bot, state, value, max_age)
   local path = bot.prefix == "" and "/" or bot.prefix
   return ("%s=%s; Max-Age=%.0f; Path=%s; HttpOnly; SameSite=Lax%s"):format(cookie_name(state), value, max_age, path,
      urls.is_loopback_http(bot:setting "public_url" or "") and "" or "; Secure")
end

--- The start page: binds the consent to the browser and sends it on to Divar's page.
---@param bot kenar.Bot
---@param request kenar.Request
---@param values table<string, string> the query's
---@return table? response, kenar.Error? err
function consent.start(bot, request, values)
   local states, state = bot.oauth.states, values.state or ""
   local about, err = states:peek(state)
   if not about then
      return nil, err
   end
   local browser, ttl = states:bind(state, cookie_of(request, state))
   if not browser then
      return nil, ttl
   end
   local response = responses.redirect(bot.oauth:page_url(state, about.scopes))
   response.headers["set-cookie"] = set_cookie(bot, state, browser, ttl)
   return response
end

-- The id of the user who consented. If Divar does not give it, the consent is kept, and is found by its scopes.
local function user_id_of(bot, tokens, about)
   for _, each in ipairs(tokens.scopes) do
      if scope.canonical(each) == "USER_ID" then
         local user, err = bot.client:get_user { access_token = tokens.access_token }
         if user and user.user_id then
            return user.user_id
         end
         bot.log:warn("user not known", { error = err or "Divar names none" })
      end
   end
   -- Ids of the old form differ from those of today, and are not mixed with them.
   return about.variant ~= "legacy" and about.user_id or nil
end

local function exchange(bot, code, about)
   local tokens, err = bot.oauth:exchange(code, about.scopes)
   if not tokens then
      return nil, err
   end
   return bot.grants:save(tokens, {
      user_id = user_id_of(bot, tokens, about), side = about.side, conversation_id = about.conversation_id,
      post_token = about.post_token, redirect_uri = bot.oauth.redirect_uri,
   })
end

--- The return page.
---@param bot kenar.Bot
---@param request kenar.Request
---@param values table<string, string> the query's
---@return kenar.Event? event kind `oauth_return`, detail `granted`, `denied` or `failed`; nil if the return is refused
---@return kenar.Grant|kenar.Error|nil grant or why there is none
---@return string? cookie a Set-Cookie that ends the browser's part
function consent.finish(bot, request, values)
   local states, state = bot.oauth.states, values.state or ""
   local ok, err = states:check_browser(state, cookie_of(request, state))
   local about
   if ok then
      about, err = states:take(state)
   end
   if not about then
      return nil, err
   end
   local event = {
      kind = "oauth_return", variant = about.variant or "current", chat = about.chat, side = about.side,
      conversation_id = about.conversation_id, order_key = about.conversation_id, post_token = about.post_token,
      user_id = about.user_id, peer_id = about.peer_id, data = about.data, raw = request.query or "",
      payload = { state = state, error = values.error, error_description = values.error_description },
   }
   local cookie = set_cookie(bot, state, "", 0)
   if not values.code or values.code == "" then
      event.detail = "denied"
      return event, nil, cookie
   end
   local grant
   grant, err = exchange(bot, values.code, about)
   if not grant then
      event.detail = "failed"
      return event, err, cookie
   end
   event.detail, event.next_url = "granted", about.next
   if event.variant == "current" then
      event.user_id = grant.user_id
   end
   return event, grant, cookie
end

return consent
