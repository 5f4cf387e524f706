--- Options of kenar.bot.

local checks = require "kenar.base.options"
local responses = require "kenar.webhook.response"
local sessions = require "kenar.bot.session"
local settings = require "kenar.settings"

local options = {}

-- Options that are no settings: they come from no environment.
local bot_options = { name = true, prefix = true, fallback = true, session = true }
local fallbacks = { url = true, text = true, stale = true }

--- Whether an option is the bot's own, and no setting.
---@param name string
---@return boolean
function options.is_own(name)
   return bot_options[name] == true
end

--- Check the options of a bot.
---@param given table
---@param level integer as for `error`
function options.check(given, level)
   settings.check(given, bot_options, level + 1)
   local prefix = given.prefix
   if prefix ~= nil and (type(prefix) ~= "string" or not prefix:find "^/[%w%-._~/]*$") then
      error("prefix: expected a path that begins with a slash", level + 1)
   end
   checks.table(given.fallback or {}, "fallback", level + 1)
   for name, value in pairs(given.fallback or {}) do
      if not fallbacks[name] or type(value) ~= "string" then
         error("fallback: expected url, text and stale, all strings, got " .. tostring(name), level + 1)
      elseif name == "url" and not responses.is_location(value) then
         error("fallback.url: expected an absolute URL of at most 2048 bytes, got " .. value, level + 1)
      end
   end
   sessions.check_options(given.session, level + 1)
end

return options
