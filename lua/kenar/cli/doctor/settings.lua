--- Checks a bot's keys and addresses without the network.

local urls = require "kenar.base.url"
local sandbox = require("kenar.sandbox.server").settings

-- Characters. Divar does not document its keys' lengths; a shorter key was probably not copied whole.
local SHORTEST, LONGEST = 8, 4096

-- One row per key that every bot needs. An attacker with the second key can pose as Divar, so it has to be longer.
local keys = {
   { name = "api_key", shortest = SHORTEST, where = "on the app's page in Divar's panel" },
   { name = "identification_key", shortest = 16, where = "the Divar Identification Key, on that page too" },
}

-- One row per address of Divar's that a sandbox also has.
local places = { "base_url", "oauth_url", "upload_url" }

local function variable(name)
   return "KENAR_" .. name:upper()
end

local function check_key(report, row, key, is_sandboxed)
   if key:find "[%s\"']" then
      report:problem(row.name, "has a space or a quote in it; copy it again, without them")
   elseif key == sandbox[row.name] and not is_sandboxed then
      report:problem(row.name, "is the sandbox's, which everybody knows; set %s to yours, %s", variable(row.name),
         row.where)
   elseif #key < row.shortest or #key > LONGEST then
      report:warning(row.name, "has %d characters; see whether it was copied whole", #key)
   else
      report:ok(row.name, "%d characters", #key)
   end
end

local function check_keys(report, bot, is_sandboxed)
   for _, row in ipairs(keys) do
      local given = bot:setting(row.name)
      local list = type(given) == "table" and given or { given }
      for _, key in ipairs(list) do
         check_key(report, row, key, is_sandboxed)
      end
      if not list[1] then
         report:problem(row.name, "is missing; set %s: %s", variable(row.name), row.where)
      end
   end
end

local function check_places(report, bot, is_sandboxed)
   local elsewhere = {}
   for _, name in ipairs(places) do
      local url = bot:setting(name)
      if url:find "^http:" and not urls.is_loopback_http(url) then
         report:problem(name, "%s would send keys in the clear; https:// is needed", url)
      elseif is_sandboxed and not urls.is_loopback_http(url) then
         elsewhere[#elsewhere + 1] = name
      end
   end
   if elsewhere[1] then
      report:warning(table.concat(elsewhere, ", "), "not the sandbox's, though base_url is; set %s to the same address",
         variable(elsewhere[1]) .. (elsewhere[2] and " and " .. variable(elsewhere[2]) or ""))
   end
end

local function check_public_url(report, url, is_sandboxed)
   if not url then
      report:warning("public_url", "is missing; set KENAR_PUBLIC_URL to the https:// address of the bot")
   elseif url:find "^https:" then
      report:ok("public_url", "%s", url)
   elseif urls.is_loopback_http(url) and is_sandboxed then
      report:ok("public_url", "%s, for the sandbox", url)
   else
      report:problem("public_url", "%s is not https://, and Divar calls nothing else; put a proxy with a certificate "
         .. "before the bot", url)
   end
end

local function check_consent(report, bot)
   local missing = {}
   for _, name in ipairs { "app_slug", "oauth_secret", "public_url" } do
      missing[#missing + 1] = not bot:setting(name) and variable(name) or nil
   end
   local is_wanted = bot:setting "app_slug" or bot:setting "oauth_secret"
   if is_wanted and missing[1] then
      report:problem("consents", "users cannot be asked; set %s too", table.concat(missing, " and "))
   elseif is_wanted then
      report:ok("consents", "redirect address for the panel: %s%s/oauth/return", bot:setting "public_url", bot.prefix)
   end
end

--- Check the settings.
---@param report kenar.cli.doctor.Report
---@param bot kenar.Bot
return function(report, bot)
   local is_sandboxed = urls.is_loopback_http(bot:setting "base_url")
   check_keys(report, bot, is_sandboxed)
   check_places(report, bot, is_sandboxed)
   check_public_url(report, bot:setting "public_url", is_sandboxed)
   check_consent(report, bot)
end
