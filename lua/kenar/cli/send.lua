--- `kenar send`: one message, or one for each row of a file.

local core = require "kenar.core"
local failure = require "kenar.cli.failure"

-- Seconds that calls under way have to end after Ctrl-C.
local STOP_DEADLINE = 5

-- The address of one message: the option, and its name in bot:send.
local targets = {
   { "conversation", "conversation_id" }, { "bot_conversation", "bot_conversation_id" }, { "user", "user_id" },
}

local function to_concurrency(text)
   local number = tonumber(text)
   local most = require("kenar.send.many").MOST_CONCURRENT
   if number and number >= 1 and number <= most and number % 1 == 0 then
      return number
   end
   return nil, ("--concurrency: expected a whole number from 1 to %d, got %q"):format(most, text)
end

-- The kind of run that the command line asks for: "one" or "batch".
local function purpose_of(given)
   local count = 0
   for _, row in ipairs(targets) do
      count = count + (given[row[1]] and 1 or 0)
   end
   if given.batch and count == 0 and not given.text then
      return "batch"
   elseif count == 1 and given.text and not given.batch then
      return "one"
   end
   return nil, failure.new("usage", "what is to be sent?",
      'kenar send --conversation <id> "text", or kenar send --batch rows.csv --template t.lua')
end

local function bot_of(given, host)
   local bot, why
   if given.bot then
      bot, why = require("kenar.cli.bot_file").load(given.bot)
      if not bot then
         return nil, why
      end
   else
      bot = require("kenar.bot").new {}
   end
   local ok, message = pcall(bot.attach, bot, host)
   if not ok then
      return nil, failure.new("configuration", tostring(message))
   elseif not bot:setting "api_key" then
      return nil, failure.new("configuration", "there is no api_key",
         "give it to kenar.bot { api_key = ... } in the file of --bot, or set KENAR_API_KEY")
   end
   return bot
end

-- The exit status of a message that was not sent, by the kind of error.
local statuses = { invalid = "data", auth = "configuration" }

local function send_one(bot, given)
   local request = { message = given.text, as = given.as }
   for _, row in ipairs(targets) do
      request[row[2]] = given[row[1]]
   end
   local raised, result, err = pcall(bot.send, bot, request)
   if not raised then
      return nil, failure.new("usage", tostring(result))
   elseif not result then
      return nil, failure.new(statuses[err.kind] or "partial", tostring(err))
   end
   print "sent"
   return true
end

-- Ctrl-C and SIGTERM: no new call begins, and calls under way may end.
local function run_on_loop(f, given)
   local host = require("kenar.host.loop").new {}
   local bot, why = bot_of(given, host)
   if not bot then
      return nil, why
   end
   -- Sent messages must reach the journal, also if the output's reader has gone.
   core.survive_broken_pipes()
   host:on_signal({ "TERM", "INT" }, function()
      host:stop(STOP_DEADLINE)
   end)
   local task = host.spawn(f, bot, given)
   host:run(function()
      return task.done
   end)
   host:stop(0)
   host:run()
   bot:close()
   local ran, done, failed = task:wait()
   if not ran then
      error(done, 0)
   end
   return done, failed
end

return {
   summary = "Send a message, or one for each row of a file.",
   arguments = { { name = "text", args = "?", description = "The text of one message." } },
   options = {
      { name = "--conversation", argname = "<id>",
         description = "The conversation of a post; needs the consent of one of its users (see --bot)." },
      { name = "--bot-conversation", argname = "<id>", description = "A conversation of the bot's own." },
      { name = "--user", argname = "<id>", description = "A user who has allowed the bot to write to him." },
      { name = "--as", argname = "<side>", choices = { "SELLER", "BUYER" },
         description = "For whom to speak in a post's conversation." },
      { name = "--batch", argname = "<file>", description = "Rows: a .csv, .tsv or .jsonl file. "
         .. "Its columns key, conversation_id, bot_conversation_id, user_id, as, post_token, grant and message are "
         .. "what they say; with a template all columns are its values." },
      { name = "--template", argname = "<file>", description = "A Lua file that returns a message with gaps." },
      { name = "--separator", argname = "<text>", description = "Between the cells of a .csv; a comma by default." },
      { name = "--bot", argname = "<file>",
         description = "A bot file, for its settings and the consents in its store." },
      { name = "--journal", argname = "<file>",
         description = "What was sent, by the rows' keys; the batch file's name and .journal by default." },
      { name = "--no-journal", args = 0, description = "Keep none: rows need no key, and nothing is known later." },
      { name = "--concurrency", argname = "<number>", convert = to_concurrency,
         description = "How many are under way at a time (default: 32)." },
      { name = "--on-day-quota", argname = "<what>", choices = { "stop", "wait" },
         description = "What to do when the day's calls are spent (default: stop)." },
      { name = "--dry-run", args = 0, description = "Check all rows, show the first messages, and send nothing." },
      { name = "--yes", args = 0, description = "Do not ask before a batch is sent." },
   },

   ---@param given table
   ---@return true? ok, kenar.cli.Failure? why
   run = function(given)
      local purpose, why = purpose_of(given)
      if not purpose then
         return nil, why
      elseif purpose == "one" then
         return run_on_loop(send_one, given)
      end
      local batch = require "kenar.cli.send_batch"
      if given.dry_run then
         return batch.preview(given)
      end
      local agreed
      agreed, why = batch.confirm(given)
      if not agreed then
         return nil, why
      end
      return run_on_loop(batch.send, given)
   end,
}
