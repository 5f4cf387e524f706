--- Pages of a bot that users' browsers open: the start and the return page of a consent, and Divar's fallback link.
--
-- Requests of these pages have no identification key. A consent is verified by the state that this bot issued; a
-- fallback link is not verified at all (Divar's docs, direct link page).

local consent = require "kenar.webhook.consent"
local fields = require "kenar.event.fields"
local urls = require "kenar.base.url"
local requests = require "kenar.webhook.request"

local pages = {}

---@class kenar.OpenedPage
---@field event? kenar.Event     for the handlers
---@field grant? kenar.Grant
---@field err? kenar.Error       why there is no grant: for `catch`
---@field response? table        the response if there is no event
---@field reason? string         of a refusal: for the log, never for the browser
---@field cookie? string

local function refused(status, reason)
   return { response = requests.response(status), reason = reason }
end

-- A refused request gets no page to read, because no user's browser sends one.
local function refused_by(err)
   return refused(err.kind == "store" and 503 or 400, err.message)
end

local function start(bot, request, values)
   local response, err = consent.start(bot, request, values)
   if not response then
      return refused_by(err)
   end
   return { response = response }
end

local function finish(bot, request, values)
   local event, result, cookie = consent.finish(bot, request, values)
   if not event then
      return refused_by(result)
   end
   local landed = { event = event, cookie = cookie }
   landed[event.detail == "granted" and "grant" or "err"] = result
   return landed
end

-- Fields that Divar adds to the link; all others are the app's.
local link_fields = { post_token = true, completion_url = true, return_url = true, callback_url = true }

--- The event of a fallback link.
---@param text? string the query string
---@return kenar.Event? event, string? problem
function pages.direct_link(text)
   local values, problem = urls.decode_query(text)
   if not values then
      return nil, problem
   end
   local data = {}
   for name, value in pairs(values) do
      if not link_fields[name] then
         data[name] = value
      end
   end
   return {
      kind = "direct_link", variant = "current", payload = values, raw = text or "", data = data,
      post_token = fields.text(values.post_token), return_url = fields.return_url(values),
   }
end

local function fallback(_, request)
   return { event = pages.direct_link(request.query) }
end

-- One row a page. Pages with `needs_oauth` exist only if the bot has an OAuth client.
local rows = {
   [consent.START_PATH] = { open = start, needs_oauth = true },
   [consent.RETURN_PATH] = { open = finish, needs_oauth = true },
   ["/fallback"] = { open = fallback },
}

--- The paths of the pages below a prefix.
---@param prefix string
---@return table<string, table>
function pages.paths(prefix)
   local paths = {}
   for rest, page in pairs(rows) do
      paths[prefix .. rest] = page
   end
   return paths
end

--- Open a page.
---@param bot kenar.Bot
---@param page table of pages.paths
---@param request kenar.Request
---@return kenar.OpenedPage
function pages.open(bot, page, request)
   if request.method ~= "GET" then
      local result = refused(405, "method is not GET")
      result.response.headers = { ["content-type"] = "application/json", allow = "GET" }
      return result
   elseif page.needs_oauth and not bot.oauth then
      return refused(404, "consents need app_slug and oauth_secret")
   end
   local values, problem = urls.decode_query(request.query)
   if not values then
      return refused(400, problem)
   end
   return page.open(bot, request, values)
end

return pages
