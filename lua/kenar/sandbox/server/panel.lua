--- The URL fields of Divar's panel. Each can be set by itself; `bot` sets all of them to the paths of a kenar bot.

local panel = {}

--- The URLs that Divar calls or opens.
panel.kinds = { "events", "session", "action", "fallback" }

local RETURN_PATH = "/oauth/return"

--- The mistake in a URL of the panel; nil if there is none.
---@param url any
---@param is_redirect? boolean
---@return string? problem
function panel.problem(url, is_redirect)
   if type(url) ~= "string" or not url:find "^https?://[^/?#%s][^#%s]*$" then
      return "expected a URL such as http://127.0.0.1:8080/events"
   elseif is_redirect and url:find("?", 1, true) then
      return "a redirect URL has no query, such data belong into state"
   end
end

--- The fields of an app below one URL.
---@param url string without a slash at the end
---@return { urls: table<string, string>, redirect_uris: string[], public_url: string? }
function panel.below(url)
   local urls = {}
   for _, kind in ipairs(panel.kinds) do
      urls[kind] = url .. "/" .. kind
   end
   return { urls = urls, redirect_uris = { url .. RETURN_PATH }, public_url = url:match "^%a[%w+.-]*://[^/]+" }
end

local known = { bot = true, redirect = true }
for _, kind in ipairs(panel.kinds) do
   known[kind] = true
end

local function redirects_of(list)
   if type(list) ~= "table" or #list == 0 then
      return nil, "redirect: expected a list of URLs"
   end
   local copy = {}
   for i, url in ipairs(list) do
      local problem = panel.problem(url, true)
      if problem then
         return nil, ("redirect[%d]: %s"):format(i, problem)
      end
      copy[i] = url
   end
   return copy
end

local function check(given)
   for name in pairs(given) do
      if not known[name] then
         return ("unknown field %s; known are action, bot, events, fallback, redirect, session"):format(tostring(name))
      end
   end
   for name, url in pairs(given) do
      local problem = name ~= "redirect" and panel.problem(url)
      if problem then
         return ("%s: %s"):format(name, problem)
      end
   end
end

--- An app's fields with some of them replaced.
---@param fields { urls: table<string, string>, redirect_uris: string[], public_url: string? } the current ones
---@param given { bot: string?, events: string?, session: string?, action: string?, fallback: string?,
---   redirect: string[]? }
---@return table? fields, string? problem
function panel.set(fields, given)
   local problem = check(given)
   if problem then
      return nil, problem
   end
   local base = given.bot and panel.below(given.bot:match "^(.*[^/])/*$") or fields
   local result = { urls = {}, redirect_uris = base.redirect_uris, public_url = base.public_url }
   for _, kind in ipairs(panel.kinds) do
      result.urls[kind] = given[kind] or base.urls[kind]
   end
   if given.redirect ~= nil then
      result.redirect_uris, problem = redirects_of(given.redirect)
   end
   if problem then
      return nil, problem
   end
   return result
end

return panel
