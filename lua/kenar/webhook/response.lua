--- Responses to events. A callback's response is built from the handler's value; other events are acknowledged.

local json = require "kenar.json"
local message = require "kenar.message"
local requests = require "kenar.webhook.request"

local response = {}

--- Where Divar's documents send a user at the end of every visit; it takes no parameters.
response.COMPLETION_URL = "https://open-platform-redirect.divar.ir/completion"

-- The server's own headers, and a cookie, have room beside a Location of this size.
local MAX_LOCATION = 2048

--- Whether a value is an absolute URL.
---@param value any
---@return boolean
function response.is_url(value)
   return type(value) == "string" and value:find "^%a[%w+.-]*:[^%s%c]+$" ~= nil
end

--- Whether a URL can stand in a header of the response.
---@param url string
---@return boolean
function response.is_location(url)
   return #url <= MAX_LOCATION and response.is_url(url)
end

-- Divar's documents warn of open redirects: a return URL in a request counts only if it is on divar.ir.
local function completion_url(event)
   local url = event.return_url
   if url and response.is_location(url) then
      local host, rest = url:match "^https://([%w.-]+)(.*)$"
      local is_divar = host == "divar.ir" or host and host:find "^[%w-]+%.divar%.ir$"
      if is_divar and (rest == "" or rest:sub(1, 1) == "/") then
         return url
      end
   end
   return response.COMPLETION_URL
end

local function encode(status, value)
   local body, err = json.encode(value)
   if not body then
      return nil, err
   end
   return requests.response(status, body)
end

-- The old form repeats the status in the body. Divar's documents show a string there, and a number in the answers of
-- its own API.
local function legacy_status(ctx, status)
   if ctx.bot:setting "legacy_status" == "number" then
      return status
   end
   return ("%.0f"):format(status)
end

-- `{ status = 400, message = "bad request" }` is what the old form has for a visit that leads nowhere; the current
-- one has nothing of the kind, and the user goes back to Divar.
local function refusal(event, value, ctx)
   local status, text = value.status, value.message
   if type(status) ~= "number" or status < 400 or status > 599 or status % 1 ~= 0 or type(text) ~= "string" then
      return nil, ("a handler of %s that refuses returns a status from 400 to 599 and a message"):format(event.kind)
   end
   if event.variant == "legacy" then
      return encode(200, { status = legacy_status(ctx, status), message = text })
   end
   return encode(200, { url = completion_url(event) })
end

local function url_of(event, value)
   if value == nil then
      return completion_url(event)
   end
   if not response.is_url(value) then
      return nil, ("a handler of %s returns an absolute URL or nil, got %s"):format(event.kind,
         type(value) == "string" and ("%q"):format(value) or type(value))
   end
   return value
end

local function url_reply(event, value, ctx)
   if type(value) == "table" then
      return refusal(event, value, ctx)
   end
   local err
   value, err = url_of(event, value)
   if not value then
      return nil, err
   end
   if event.variant == "legacy" then
      return encode(200, { status = legacy_status(ctx, 200), message = "success", url = value })
   end
   return encode(200, { url = value })
end

local function action_reply(_, value, ctx)
   if value == nil then
      return requests.response(200)
   end
   if type(value) == "string" then
      return encode(200, { text_message = value })
   end
   if type(value) ~= "table" then
      return nil, "a handler of dynamic_action returns a text, a table or nil, got " .. type(value)
   end
   local rest, has_action = {}, false
   for key, item in pairs(value) do
      if key ~= "text" then
         rest[key] = item
         has_action = true
      end
   end
   if value.text ~= nil and type(value.text) ~= "string" then
      return nil, "text: expected a string, got " .. type(value.text)
   end
   local action, err
   if has_action then
      action, err = message.action(rest, { via = ctx.via })
      if not action then
         return nil, err
      end
   end
   return encode(200, { action = action, text_message = value.text })
end

--- A redirect of a browser. The page is not cached and its address is not sent on, because it may contain a state.
---@param url string
---@return table response
function response.redirect(url)
   return {
      status = 303, body = "",
      headers = { location = url, ["cache-control"] = "no-store", ["referrer-policy"] = "no-referrer" },
   }
end

local function redirect_reply(event, value)
   if value == nil and event.next_url and response.is_location(event.next_url) then
      value = event.next_url
   end
   local url, err = url_of(event, value)
   if not url then
      return nil, err
   elseif #url > MAX_LOCATION then
      return nil, ("a handler of %s returns a URL of at most %d bytes, got %d"):format(event.kind, MAX_LOCATION, #url)
   end
   return response.redirect(url)
end

local replies = {
   server_link = url_reply, session_init = url_reply, dynamic_action = action_reply,
   oauth_return = redirect_reply, direct_link = redirect_reply,
}

--- The response to an event.
---@param event kenar.Event
---@param value any what the handler returned
---@param ctx kenar.Context whose chat new buttons say they stand in
---@return table? response, any err
function response.of(event, value, ctx)
   local build = replies[event.kind]
   if not build then
      return requests.response(200)
   end
   return build(event, value, ctx)
end

--- The response to a callback if its handler failed or there is none.
---@param event kenar.Event
---@param fallback { url: string?, text: string? }
---@param ctx kenar.Context
---@return table response
function response.fallback(event, fallback, ctx)
   local value = fallback.url
   if event.kind == "dynamic_action" then
      value = fallback.text
   end
   return (assert(replies[event.kind](event, value, ctx)))
end

return response
