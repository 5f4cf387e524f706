--- Checks over the network: Divar, its clock, and the bot's public URL.

local urls = require "kenar.base.url"
local timestamp = require "kenar.base.timestamp"

-- Seconds.
local TIMEOUT = 5
-- HTTP dates have whole seconds, and the response took a while; tokens are renewed a minute before they expire.
local CLOCK_TOLERANCE, CLOCK_LIMIT = 5, 60

-- One row per kind of error: the remedy if a call to Divar ended with it.
local causes = {
   network = "is there a network, and does http_proxy name a proxy that is there?",
   timeout = "is there a network, and does http_proxy name a proxy that is there?",
   tls = "install ca-certificates, see whether the clock is right, and who stands in between",
   auth = "copy the API key from Divar's panel again; it may have been taken back",
   http = "base_url, or KENAR_BASE_URL, leads to somebody else",
}

-- `seen` is the response's `date`, if Divar responded, and the time `at` which it came.
local function check_clock(report, seen)
   local date = seen.date and timestamp.http_date(seen.date)
   if not date then
      return
   end
   -- The header's time is up to a second old.
   local ahead = seen.at - (date + 0.5)
   local text = ("%.0f seconds %s Divar's"):format(math.abs(ahead), ahead > 0 and "ahead of" or "behind")
   if math.abs(ahead) <= CLOCK_TOLERANCE then
      report:ok("clock", "as Divar's")
   elseif math.abs(ahead) <= CLOCK_LIMIT then
      report:warning("clock", "%s; let NTP set it", text)
   else
      report:problem("clock", "%s, and tokens would be renewed too late or for nothing; let NTP set it", text)
   end
end

local function check_divar(report, bot, host)
   local url, seen = bot:setting "base_url", {}
   local permissions, err = bot.client:permissions {
      timeout = TIMEOUT,
      on_response = function(response)
         seen.date, seen.at = response.headers.date, host.now()
      end,
   }
   if permissions then
      report:ok("Divar", "%s takes the API key", url)
   elseif err.kind == "rate_limited" or err.kind == "quota" then
      report:warning("Divar", "%s is there, but allows no call now: %s", url, tostring(err))
   elseif urls.is_loopback_http(url) and err.kind == "network" then
      report:problem("Divar", "%s: %s; start it with: kenar sandbox", url, tostring(err))
   else
      report:problem("Divar", "%s: %s%s", url, tostring(err), causes[err.kind] and "; " .. causes[err.kind] or "")
   end
   return seen
end

-- A bot answers a GET below its prefix with 405, also without a key.
local function check_public_url(report, bot, host)
   local url = bot:setting "public_url"
   if not url or url:find "^http:" and not urls.is_loopback_http(url) then
      return
   end
   url = url .. bot.prefix .. "/events"
   local response, err = host.request { method = "GET", url = url, headers = {}, timeout = TIMEOUT }
   if not response and err.kind == "tls" then
      report:problem("public URL", "%s: %s; Divar will refuse this certificate, too", url, err.message)
   elseif not response then
      report:warning("public URL", "%s does not answer from here: %s; does the bot run, and the proxy before it?", url,
         err.message)
   elseif response.status == 405 and response.headers.allow == "POST" then
      report:ok("public URL", "the bot answers at %s", url)
   elseif response.status >= 502 and response.status <= 504 then
      report:warning("public URL", "%s: a proxy answers with %d; does the bot run, on the port that the proxy knows?",
         url, response.status)
   else
      report:warning("public URL", "%s: somebody answers with %d, and a bot would with 405; does the proxy pass on "
         .. "all paths below %s?", url, response.status, bot.prefix .. "/")
   end
end

--- Check the network. The only call to Divar reads.
---@param report kenar.cli.doctor.Report
---@param bot kenar.Bot
---@param host kenar.Host
return function(report, bot, host)
   if bot:setting "api_key" then
      -- The check needs no stored data, and must not make the bot's files.
      bot:attach(host, { store = "memory:", attempts = 1, log_level = "error" })
      check_clock(report, check_divar(report, bot, host))
   end
   check_public_url(report, bot, host)
end
