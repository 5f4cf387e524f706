--- `kenar send --batch`: a message for each row of a file.

local core = require "kenar.core"
local failure = require "kenar.cli.failure"
local printable = require "kenar.base.printable"
local progress_display = require "kenar.send.progress_display"
local send_files = require "kenar.cli.send_files"
local send_preview = require "kenar.cli.send_preview"

local send_batch = {}

local STDIN = 0
local AGAIN = "The same command goes on: what was sent is not sent twice."

local function journal_of(given)
   return not given.no_journal and (given.journal or given.batch .. ".journal") or nil
end

local function open(given)
   local template, rows, why
   if given.template then
      template, why = send_files.template(given.template)
      if not template then
         return nil, why
      end
   end
   rows, why = send_files.rows(given.batch, given.separator)
   return rows, why or template
end

local function look(given)
   local rows, template = open(given)
   if not rows then
      return nil, template
   end
   local counts, err = send_preview.look(rows, template, journal_of(given) ~= nil)
   if not counts then
      return nil, failure.new("data", err.path and ("%s: %s"):format(err.path, err.message) or err.message)
   end
   return counts
end

--- Check all rows, and send nothing.
---@param given table the command line
---@return true? ok, kenar.cli.Failure? why
function send_batch.preview(given)
   local counts, why = look(given)
   if not counts then
      return nil, why
   end
   print(("%d to be sent, %d wrong"):format(counts.ready, counts.wrong))
   if counts.wrong > 0 then
      return nil, failure.new("data",
         counts.wrong == 1 and "1 row is wrong" or ("%d rows are wrong"):format(counts.wrong))
   end
   return true
end

--- Ask the person at the terminal.
---@param given table the command line
---@return boolean? agreed, kenar.cli.Failure? why
function send_batch.confirm(given)
   if given.yes then
      return true
   elseif not core.is_terminal(STDIN) then
      return nil, failure.new("usage", "nobody is there to ask: --yes sends without asking",
         "--dry-run shows what would be sent")
   end
   local counts, why = look(given)
   if not counts then
      return nil, why
   end
   io.stdout:write(("Send %d messages%s? [y/N] "):format(counts.ready,
      counts.wrong > 0 and (", and leave %d rows out"):format(counts.wrong) or ""))
   io.stdout:flush()
   if not (io.read "*l" or ""):find "^%s*[yY]" then
      return nil, failure.new("partial", "nothing was sent")
   end
   return true
end

local function print_report(report)
   print(("%d sent, %d failed, %d skipped, %d in doubt, %s left"):format(report.sent, report.failed, report.skipped,
      report.in_doubt_count, report.left and ("%d"):format(report.left) or "?"))
   if report.torn then
      print "The journal's last line was only half there, and was cut off."
   end
   if report.in_doubt_count > 0 then
      print "In doubt are (they may have been sent, and are not sent again):"
      for _, key in ipairs(report.in_doubt) do
         print("  " .. printable.text(key))
      end
      if report.in_doubt_count > #report.in_doubt then
         print(("  and %d more"):format(report.in_doubt_count - #report.in_doubt))
      end
   end
end

-- One row per reason to stop: the exit status, the message, and the hint.
local reasons = {
   day_quota = { "partial", "the quota of the day is spent", AGAIN .. " --on-day-quota wait waits for the next day." },
   closed = { "partial", "interrupted", AGAIN },
   rows = { "data" }, journal = { "storage" },
}

local function verdict(report, has_journal)
   local reason = reasons[report.stopped]
   if reason then
      local hint = has_journal and reason[3] or nil
      return nil, failure.new(reason[1], reason[2] or printable.text(report.err), hint)
   elseif report.failed + report.in_doubt_count > 0 then
      return nil, failure.new("partial", ("%d failed, %d in doubt"):format(report.failed,
         report.in_doubt_count))
   end
   return true
end

--- Send the rows; inside a task.
---@param bot kenar.Bot with a host
---@param given table the command line
---@return true? ok, kenar.cli.Failure? why
function send_batch.send(bot, given)
   local rows, template = open(given)
   if not rows then
      return nil, template
   end
   local display, journal = progress_display.new(), journal_of(given)
   local report, err = bot:send_many(rows, {
      journal = journal, template = template, concurrency = given.concurrency, on_day_quota = given.on_day_quota,
      progress = display,
      on_result = function(row, _, problem)
         if problem then
            local key = type(row) == "table" and row.key
            display:note(printable.text((key and key .. ": " or "") .. tostring(problem)))
         end
      end,
   })
   if not report then
      rows:close()
      return nil, failure.new("storage", err.message)
   end
   print_report(report)
   return verdict(report, journal)
end

return send_batch
