--- A user's browser, as far as a consent needs one: it follows redirects between a bot and Divar, and keeps cookies.

local form = require "kenar.sandbox.judge.form"

local browser = {}

---@class kenar.sandbox.Browser
local Browser = {}
Browser.__index = Browser

-- More redirects than this are a loop.
local MAX_HOPS = 10

-- The paths of Divar's consent page: today's, and until 2024-05. The form goes to the first.
local asks = { ["/oauth2/auth"] = true, ["/oauth"] = true }

local function split(url)
   local origin, path, query = url:match "^(%a[%w+.-]*://[^/?#]+)([^?#]*)%??([^#]*)"
   return origin, path ~= "" and path or "/", query ~= "" and query or nil
end

-- `name=value; Path=...; Max-Age=0`: only the first part is read, and whether the cookie is deleted.
local function keep_cookie(self, origin, header)
   local name, value = (header or ""):match "^([^=;%s]+)=([^;]*)"
   if name then
      self.cookies[origin] = self.cookies[origin] or {}
      self.cookies[origin][name] = not header:find "Max%-Age=0%f[%D]" and value or nil
   end
end

local function cookies_for(self, origin)
   local pairs_of = {}
   for name, value in pairs(self.cookies[origin] or {}) do
      pairs_of[#pairs_of + 1] = name .. "=" .. value
   end
   table.sort(pairs_of)
   return pairs_of[1] and table.concat(pairs_of, "; ") or nil
end

local function fetch(self, method, url, headers, body)
   local origin, path, query = split(url)
   local serve = self.serves[origin]
   if not serve then
      return nil
   end
   headers.cookie = cookies_for(self, origin)
   local response = serve { method = method, path = path, query = query, headers = headers, body = body }
   if response then
      keep_cookie(self, origin, response.headers["set-cookie"])
   end
   return response
end

-- Send the form of Divar's consent page as a browser does.
local function decide(self, url)
   local origin, _, query = split(url)
   local fields = form.encode {
      { "query", query }, { "user", self.user }, { "decision", self.is_denied and "deny" or "allow" },
   }
   local headers = { ["content-type"] = "application/x-www-form-urlencoded" }
   return fetch(self, "POST", origin .. "/oauth2/auth", headers, fields)
end

--- Open a URL and follow redirects and consent pages to a page of another origin, or to a page without a redirect.
---@param url string
---@return { url: string, status: integer?, body: string? } seen `status` and `body` unless of another origin
function Browser:open(url)
   for _ = 1, MAX_HOPS do
      local response = fetch(self, "GET", url, { accept = "text/html" })
      if response and response.status == 200 and asks[select(2, split(url))] then
         response = decide(self, url)
      end
      if not response then
         return { url = url }
      elseif not response.headers.location then
         return { url = url, status = response.status, body = response.body }
      end
      url = response.headers.location
   end
   error("the browser is sent around in a circle: " .. url, 0)
end

--- Make a browser.
---@param options { serves: table<string, fun(request: table): table?>, user: string, is_denied: boolean? }
---   `serves`: a function for each origin, which gives nil for a page that is neither the bot's nor Divar's; `user`:
---   the name of the user that decides on Divar's page
---@return kenar.sandbox.Browser
function browser.new(options)
   return setmetatable({
      serves = options.serves, user = options.user, is_denied = options.is_denied, cookies = {},
   }, Browser)
end

return browser
