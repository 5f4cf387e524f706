--- What a look at a bot has found: a line each, and how many of which kind.

local log = require "kenar.telemetry.log"
local printable = require "kenar.base.printable"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local reports = {}

---@class kenar.cli.doctor.Report
---@field counts { ok: integer, warning: integer, problem: integer }
local Report = {}
Report.__index = Report

local function add(level)
   ---@param subject string what was looked at
   ---@param text string what was found; behind it what to do
   ---@param ... any for the text's format; secrets in these are masked
   return function(self, subject, text, ...)
      local values = { ... }
      for index, value in ipairs(values) do
         values[index] = type(value) == "string" and printable.line((self._log:mask(value):gsub("%c+", " "))) or value
      end
      self.counts[level] = self.counts[level] + 1
      self._write(("%-8s %-18s %s"):format(level, subject, text:format(unpack(values))))
   end
end

-- All is well; it works, but; it does not work.
for _, level in ipairs { "ok", "warning", "problem" } do
   Report[level] = add(level)
end

--- Mask these from now on.
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
