--- Sends one message to each of many conversations: `bot:send_many`.
--
-- Rows are read one at a time. Up to `concurrency` rows are sent at the same time; rows of one conversation are sent in
-- their order. With a journal, a new run after an interruption sends only the rows that were not sent.

local checks = require "kenar.base.options"
local journals = require "kenar.send.journal"
local progress = require "kenar.send.progress"
local progress_display = require "kenar.send.progress_display"
local send_row = require "kenar.send.row"
local send_source = require "kenar.send.source"
local send_tally = require "kenar.send.tally"
local sending = require "kenar.send.one"
local turns = require "kenar.base.keyed_lock"

local send_many = {}

---@class kenar.SendManyOptions
---@field journal? string       path of a file that records each row by its `key`, so that later runs skip the rows sent
---@field concurrency? integer  how many rows are sent at the same time (32, at most 48); a bot has up to 64
---   connections, and the other connections are left for replies
---@field template? kenar.Template fills a message with each row's values; then a row has no `message`
---@field progress? boolean|fun(numbers: kenar.Progress) true: on stderr, a bar on a terminal, else a line every 10 s;
---   false: nowhere; nil: the bar if stderr is a terminal; a function gets the numbers at most 10 times a second
---@field total? integer        the number of rows that a function will return, for the progress
---@field on_day_quota? "stop"|"wait" if the day's quota is spent: end the run, or wait for the next day
---@field on_result? fun(row: any, result: table?, err: kenar.Error?) called for each row that was sent, failed or is in
---   doubt; `result` is Divar's answer

---@class kenar.SendManyReport
---@field sent integer
---@field failed integer        nothing was sent
---@field skipped integer       recorded as sent or failed by the journal; or a second row with the same key
---@field in_doubt (string|integer)[] keys of rows that may have been sent (row numbers if they have no key): the
---   first 1000, with a journal those of earlier runs too. They are not sent again
---@field in_doubt_count integer
---@field left? integer         rows that were not tried because the run stopped; nil if the number is unknown
---@field stopped? "day_quota"|"closed"|"rows"|"journal" why not all rows were tried: the day's quota is spent, the host
---   has stopped, the rows raised, the journal cannot be written
---@field err? kenar.Error      the error that stopped the run
---@field torn? boolean         the journal's last line was incomplete, and was removed

local function of_type(expected)
   return function(value)
      return type(value) ~= expected and ("expected a %s, got a %s"):format(expected, type(value)) or nil
   end
end

local option_types = {
   journal = of_type "string", template = of_type "table", total = of_type "number", on_result = of_type "function",
   progress = true, concurrency = true, on_day_quota = true,
}
local CONCURRENCY = 32
--- The largest `concurrency`. It is less than the number of connections of a bot, so that replies find a free one.
send_many.MOST_CONCURRENT = 48
-- The number of skipped rows after which other tasks get a turn.
local YIELD_AFTER = 256

local function check(options, level)
   checks.check(options, option_types, "unknown option %q of send_many", level + 1)
   local concurrency, on_day_quota = options.concurrency or CONCURRENCY, options.on_day_quota
   if type(concurrency) ~= "number" or concurrency % 1 ~= 0 or concurrency < 1
      or concurrency > send_many.MOST_CONCURRENT then
      error(("concurrency: expected a whole number from 1 to %d"):format(send_many.MOST_CONCURRENT), level + 1)
   elseif on_day_quota ~= nil and on_day_quota ~= "stop" and on_day_quota ~= "wait" then
      error('on_day_quota: expected "stop" or "wait", got ' .. tostring(on_day_quota), level + 1)
   elseif options.template and type(options.template.render) ~= "function" then
      error("template: expected what kenar.template gives", level + 1)
   end
end

local function display_of(wanted, host, level)
   if type(wanted) == "function" then
      return progress_display.of(wanted)
   elseif progress_display.is(wanted) then
      return wanted
   elseif wanted ~= nil and type(wanted) ~= "boolean" then
      error("progress: expected true, false or a function, got " .. type(wanted), level + 1)
   elseif wanted or wanted == nil and host.is_interactive and progress_display.has_terminal() then
      return progress_display.new()
   end
end

---@class kenar.SendRun
local Run = {}
Run.__index = Run

local function stop(self, reason, err)
   if not self.stopped then
      self.stopped, self.err = reason, err
   end
end

-- Keep the first value that a function of the program raised. It is raised again when all started rows have ended.
local function remember(self, raised)
   if raised ~= nil and self.raised == nil then
      self.raised = raised
      stop(self, "raised")
   end
end

local function tell(self, row, result, err)
   if self.options.on_result then
      local ok, raised = pcall(self.options.on_result, row, result, err)
      if not ok then
         remember(self, raised == nil and "on_result raised nil" or raised)
      end
   end
end

-- The task of one row.
local function work(self, item)
   local became, result, err = sending.send(self, item)
   if became == "left" then
      stop(self, result, err)
   end
   local ok, why = self.tally:finish(item, became, err)
   if not ok then
      stop(self, "journal", why)
   elseif became ~= "left" then
      tell(self, item.row, result, err)
   end
   item.is_over = true
   self.running[item] = nil
   self.slots:post()
end

-- The next row to send; nil at the end, and if the source raised.
local function next_item(self)
   local source, tally = self.source, self.tally
   local passed_over = 0
   while not self.stopped do
      local row, err = source:next()
      if err then
         stop(self, "rows", err)
      end
      if row == nil then
         return nil
      end
      local place = source:place()
      local key, item
      key, err = send_row.key(row, place, tally.journal ~= nil)
      if not err and not tally:pass_over(key) then
         item, err = send_row.read(row, place, self.options.template)
         if item then
            item.key, item.number = key, source.number
            return item
         end
      end
      if err then
         tally:refuse(key)
         tell(self, row, nil, err)
      end
      passed_over = passed_over + 1
      if passed_over % YIELD_AFTER == 0 and not self.host.sleep(0) then
         stop(self, "closed")
      end
   end
end

local function feed(self)
   while not self.stopped do
      if not self.slots:wait() then
         stop(self, "closed")
         return
      end
      local item = next_item(self)
      if not item then
         return
      end
      self.tally:begin(item)
      local task = self.host.spawn(work, self, item)
      if not item.is_over then
         self.running[item] = task
      end
   end
end

local function await_all(self)
   local item, task = next(self.running)
   while item do
      local ok, raised = task:wait()
      if not ok then
         remember(self, raised)
      end
      self.running[item] = nil
      item, task = next(self.running)
   end
end

-- Count the rows that were not tried. The function of a program may wait for new rows, or never end, so it is called
-- only if the day's quota stopped the run.
local function count_left(self)
   local source, tally = self.source, self.tally
   if not source.is_readable_to_end and self.stopped ~= "day_quota" then
      return source.is_at_end and tally.left or nil
   end
   local row, err = source:next()
   while row ~= nil do
      local key = send_row.key(row, "", false)
      if not tally:pass_over(key) then
         tally:leave(key)
      end
      row, err = source:next()
   end
   return not err and tally.left or nil
end

local function numbers_of(self)
   local tally = self.tally
   local numbers = tally:numbers()
   numbers.done = self.source.number - numbers.in_flight
   numbers.total = self.source:total()
   numbers.wait = self.waits_until and math.max(0, self.waits_until - self.host.clock()) or nil
   return numbers
end

local function run_to_end(self, display)
   local ticker = display and progress.start(self.host, display, function() return numbers_of(self) end)
   local ok, raised = pcall(feed, self)
   if not ok then
      remember(self, raised)
   end
   await_all(self)
   if ticker then
      remember(self, ticker:finish())
   end
end

local function report_of(self)
   local left
   if self.stopped ~= "rows" and self.stopped ~= "raised" then
      left = count_left(self)
   end
   self.source:close()
   local report = self.tally:report()
   report.left, report.stopped, report.err = left, self.stopped, self.err
   local ok, err = self.tally:close(report)
   if not ok and not report.stopped then
      report.stopped, report.err = "journal", err
   end
   return report
end

--- Send a message for each row.
---@param bot kenar.Bot with a host
---@param rows table[]|kenar.Rows|fun(): table? each row has what `bot:send` takes, and a `key`, a string or a number,
---   that is its identity. A mistake in a row is passed to `on_result`, and the other rows are sent
---@param options? kenar.SendManyOptions
---@param level integer as for `error`
---@return kenar.SendManyReport? report when the run has ended
---@return kenar.Error? err kind `store`: the journal cannot be opened; nothing was sent
function send_many.run(bot, rows, options, level)
   options = options or {}
   check(options, level + 1)
   local host = bot.host
   local source = send_source.new(rows, options.total, level + 1)
   local display = display_of(options.progress, host, level + 1)
   local journal, err
   if options.journal then
      journal, err = journals.open(options.journal)
      if not journal then
         return nil, err
      end
   end
   local self = setmetatable({
      bot = bot, host = host, options = options, source = source, tally = send_tally.new(journal), running = {},
      slots = host.semaphore(options.concurrency or CONCURRENCY), turns = turns.new(host),
   }, Run)
   run_to_end(self, display)
   local report = report_of(self)
   if self.raised ~= nil then
      error(self.raised, 0)
   end
   return report
end

return send_many
