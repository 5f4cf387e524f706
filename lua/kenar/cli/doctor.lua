--- `kenar doctor [bot.lua]`: checks the settings and the environment of a bot.

local failure = require "kenar.cli.failure"

local DEFAULT_FILE = "bot.lua"

local function is_there(path)
   local file = io.open(path)
   return file ~= nil and file:close()
end

-- If no bot file can be loaded, the environment is still checked.
local function load_bot(report, path)
   if not path and not is_there(DEFAULT_FILE) then
      report:warning("bot file", "none was named; kenar doctor bot.lua looks at its settings too")
      return require("kenar.bot").new {}
   end
   path = path or DEFAULT_FILE
   local bot, why = require("kenar.cli.bot_file").load(path)
   if bot then
      report:ok("bot file", "%s returns a bot", path)
      return bot
   end
   report:problem("bot file", "%s", why.message)
   return require("kenar.bot").new {}
end

local function look(report, given)
   require "kenar.cli.doctor.versions"(report)
   local bot = load_bot(report, given.file)
   local resolved, secrets = pcall(bot.secrets, bot)
   if not resolved then
      return report:problem("settings", "%s", tostring(secrets))
   end
   report:hide(secrets)
   local host = require("kenar.host.loop").new {}
   require "kenar.cli.doctor.settings"(report, bot)
   require "kenar.cli.doctor.storage"(report, bot, host)
   if not given.offline then
      require "kenar.cli.doctor.network"(report, bot, host)
   end
end

local function count(number, singular)
   return ("%d %s%s"):format(number, singular, number == 1 and "" or "s")
end

return {
   summary = "Look whether all is there that a bot needs; changes nothing, and shows no secret.",
   arguments = {
      { name = "file", args = "?", description = "The bot file; bot.lua where there is one." },
   },
   options = {
      { name = "--offline", args = 0, description = "Ask nobody: neither Divar nor the bot's public URL." },
   },

   ---@param given { file: string?, offline: boolean? }
   ---@return true? ok, kenar.cli.Failure? why
   run = function(given)
      local report = require("kenar.cli.doctor.report").new(print)
      look(report, given)
      local counts = report.counts
      local verdict = count(counts.problem, "problem") .. ", " .. count(counts.warning, "warning")
         .. (given.offline and "; Divar and the public URL were not asked" or "")
      if counts.problem > 0 then
         return nil, failure.new("configuration", verdict)
      end
      print(verdict)
      return true
   end,
}
