--- Pages of a bot that users' browsers open: the two ends of a consent, and Divar's fallback link.
--
-- Nothing here is authenticated by Divar's key. A state that was issued here vouches for a consent; the fallback link
-- vouches for nothing (Divar's docs, direct link page).

local consent = require "kenar.webhook.consent"
local fields = require "kenar.event.fields"
local urls = require "kenar.base.url"
local webhook = require "kenar.webhook.request"

local landing = {}

---@class kenar.Landing
---@field event? kenar.Event     for the handlers
---@field grant? kenar.Grant
---@field err? kenar.Error       why there is no grant: for `catch`
---@field response? table        what to answer where there is no event
---@field reason? string         why it was refused: for the log, never for the browser
---@field cookie? string

local function refused(status, reason)
   return { response = webhook.response(status), reason = reason }
end

-- What is not to be believed gets no page: it was made by nobody who could read one.
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

-- What Divar adds to the link itself; the rest is the app's own.
local link_fields = { post_token = true, completion_url = true, return_url = true, callback_url = true }

--- The event of a fallback link.
---@param text? string the query string
---@return kenar.Event? event, string? problem
function landing.direct_link(text)
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
   return { event = landing.direct_link(request.query) }
end

-- One row a page; `needs_oauth` are those that exist only where users can be asked.
local pages = {
   [consent.START_PATH] = { open = start, needs_oauth = true },
   [consent.RETURN_PATH] = { open = finish, needs_oauth = true },
   ["/fallback"] = { open = fallback },
}

--- The paths of the pages below a prefix.
---@param prefix string
---@return table<string, table>
function landing.paths(prefix)
   local paths = {}
   for rest, page in pairs(pages) do
      paths[prefix .. rest] = page
   end
   return paths
end

--- Open a page.
---@param bot kenar.Bot
---@param page table of landing.paths
---@param request kenar.Request
---@return kenar.Landing
function landing.open(bot, page, request)
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

return landing
