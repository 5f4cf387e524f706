--- Finds and opens the inbox that a command line names.

local failure = require "kenar.cli.failure"

local inbox_url = {}

--- The options of all commands that open an inbox.
inbox_url.options = {
   { name = "--inbox", argname = "<url>",
      description = 'The inbox, such as sqlite:inbox.db. Default: the bot\'s, or KENAR_INBOX.' },
   { name = "--bot", argname = "<file>", description = "The bot file whose inbox it is." },
}

local hint = "kenar inbox --inbox sqlite:inbox.db, or --bot bot.lua, or KENAR_INBOX=sqlite:inbox.db"

local function find(given)
   if given.inbox then
      return given.inbox
   elseif not given.bot then
      local url = os.getenv "KENAR_INBOX"
      if not url or url == "" then
         return nil, failure.new("usage", "which inbox?", hint)
      end
      return url
   end
   local bot, why = require("kenar.cli.bot_file").load(given.bot)
   if not bot then
      return nil, why
   end
   local resolved, inbox = pcall(bot.setting, bot, "inbox")
   if not resolved then
      return nil, failure.new("configuration", tostring(inbox))
   elseif not inbox then
      return nil, failure.new("configuration", given.bot .. " has no inbox", hint)
   end
   return inbox.url
end

--- An inbox's failure as the command's.
---@param err kenar.Error
---@return kenar.cli.Failure
function inbox_url.failure(err)
   return failure.new(err.code_name == "INBOX_MISSING" and "no_input" or "storage", err.message)
end

--- Open the inbox to read it and to replay or discard its dead letters.
---@param given { inbox: string?, bot: string? }
---@return table? visitor, string|kenar.cli.Failure url
function inbox_url.visit(given)
   local url, why = find(given)
   if not url then
      return nil, why
   end
   local inboxes = require "kenar.inbox"
   local ok, message = inboxes.check(url)
   if not ok then
      return nil, failure.new("usage", message, hint)
   end
   local visitor, err = inboxes.visit(url)
   if not visitor then
      return nil, inbox_url.failure(err)
   end
   return visitor, url
end

return inbox_url
