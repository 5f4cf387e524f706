--- The findings of `kenar doctor`: a line for each, and the count of each level.

local log = require "kenar.telemetry.log"
local printable = require "kenar.base.printable"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local reports = {}

---@class kenar.cli.doctor.Report
---@field counts { ok: integer, warning: integer, problem: integer }
local Report = {}
Report.__index = Report

local function add(level)
   ---@param subject string the checked thing
   ---@param text string the finding, then the remedy
   ---@param ... any for the text's format; secrets in them are masked
   return function(self, subject, text, ...)
      local values = { ... }
      for index, value in ipairs(values) do
         values[index] = type(value) == "string" and printable.line((self._log:mask(value):gsub("%c+", " "))) or value
      end
      self.counts[level] = self.counts[level] + 1
      self._write(("%-8s %-18s %s"):format(level, subject, text:format(unpack(values))))
   end
end

-- "ok": all is well; "warning": the bot works, with a drawback; "problem": it does not work.
for _, level in ipairs { "ok", "warning", "problem" } do
   Report[level] = add(level)
end

--- Mask these secrets from now on.
---@param secrets string[]
function Report:hide(secrets)
   self._log = log.new { secrets = secrets }
end

--- Begin a report.
---@param write fun(line: string)
---@return kenar.cli.doctor.Report
function reports.new(write)
   return setmetatable({
      counts = { ok = 0, warning = 0, problem = 0 }, _write = write, _log = log.new {},
   }, Report)
end

return reports
