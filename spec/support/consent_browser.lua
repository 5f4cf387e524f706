--- A user's browser for a bot: it keeps cookies, follows a consent, and agrees or refuses on Divar's page.
local core = require "kenar.core"
local urls = require "kenar.base.url"

local browser = {}

local Browser = {}
Browser.__index = Browser

local function cookie_header(self)
   local parts = {}
   for name, value in pairs(self.cookies) do
      parts[#parts + 1] = name .. "=" .. value
   end
   return parts[1] and table.concat(parts, "; ") or nil
end

--- Open a URL of the bot's, or a path of it.
---@param url string
---@return table response
function Browser:get(url)
   local path, text = url:gsub("^https?://[^/]*", ""):match "^([^?]*)%??(.*)$"
   local response = self.bot:handle {
      method = "GET", path = path, query = text ~= "" and text or nil, body = "",
      headers = { cookie = cookie_header(self) },
   }
   local set = response.headers["set-cookie"]
   if set then
      local name, value = set:match "^([^=]+)=([^;]*)"
      self.cookies[name] = not set:find "Max%-Age=0;" and value or nil
   end
   return response
end

--- Open the start of a consent.
---@param url string as ctx:authorize gave it
---@return table<string, string> asked the query of Divar's page
function Browser:start(url)
   local response = self:get(url)
   assert(response.status == 303, "the start page answered " .. response.status)
   return assert(urls.decode_query(response.headers.location:match "%?(.*)$"))
end

--- Agree on Divar's page: come back with a code for the scopes that were asked for.
---@param edge table of spec.support.oauth_edge
---@param asked table<string, string>
---@param granted? string the scopes that Divar grants
---@return table response
function Browser:agree(edge, asked, granted)
   edge.issued_codes = (edge.issued_codes or 0) + 1
   local code = "the-code-" .. edge.issued_codes
   edge.codes[code] = granted or asked.scope
   return self:get(asked.redirect_uri .. "?" .. urls.encode_query { { "state", asked.state }, { "code", code } })
end

--- Refuse on Divar's page.
---@param asked table<string, string>
---@return table response
function Browser:refuse(asked)
   return self:get(asked.redirect_uri .. "?error=access_denied&state=" .. core.percent_encode(asked.state))
end

---@param bot kenar.Bot
function browser.new(bot)
   return setmetatable({ bot = bot, cookies = {} }, Browser)
end

return browser
