--- Log lines, in logfmt or as JSON, with the secrets masked.
--
-- `time=2026-08-18T09:15:00.250Z level=info msg="message answered" conversation=1fad7e32 ms=3`
-- This module formats; where a line goes is the caller's function, stderr unless one is given.

local core = require "kenar.core"
local formats = require "kenar.telemetry.log_format"

local log = {}

local hidden = "***"
local ranks = { debug = 1, info = 2, warn = 3, error = 4 }

-- Fields that are a secret by their name, whoever logs them.
local secret_names = {
   access_token = true, api_key = true, authorization = true, client_secret = true, cookie = true,
   identification_key = true, oauth_secret = true, password = true, refresh_token = true, secret = true,
   set_cookie = true, token = true, x_access_token = true, x_api_key = true,
}

local function show(value)
   if type(value) ~= "number" or value ~= value or value - value ~= 0 then
      return tostring(value)
   end
   if value % 1 == 0 then
      return ("%.0f"):format(value)
   end
   -- A locale may have another point.
   return (("%.3f"):format(value):gsub(",", "."):gsub("%.?0?0?0?$", ""))
end

local function write_to_stderr(line)
   return io.stderr:write(line .. "\n")
end

local function replace(text, secret)
   local parts, from = {}, 1
   while true do
      local first, last = text:find(secret, from, true)
      if not first then
         break
      end
      parts[#parts + 1] = text:sub(from, first - 1)
      from = last + 1
   end
   parts[#parts + 1] = text:sub(from)
   return table.concat(parts, hidden)
end

---@class kenar.Log
local Log = {}
Log.__index = Log
Log.__name = "kenar.log"

function Log.__tostring()
   return Log.__name
end

--- A text without the secrets in it.
---@param text string
---@return string
function Log:mask(text)
   for _, secret in ipairs(self._secrets) do
      text = replace(text, secret)
   end
   return (text:gsub("([Bb][Ee][Aa][Rr][Ee][Rr]%s+)[^%s\"']+", "%1" .. hidden))
end

-- A name that no earlier field of the line has.
local function unique(name, taken)
   while taken[name] do
      name = name .. "_"
   end
   taken[name] = true
   return name
end

--- One line, without its end. The fields follow the message in the order of their names; one whose name is taken gets
--- an underscore behind it.
---@param level "debug"|"info"|"warn"|"error"
---@param message string
---@param fields? table<string, any> shown with tostring
---@return string
function Log:line(level, message, fields)
   local values, names = {}, {}
   for _, given in ipairs { self._fields, fields or {} } do
      for name, value in pairs(given) do
         if values[name] == nil then
            names[#names + 1] = name
         end
         values[name] = value
      end
   end
   table.sort(names)
   local now = self._now()
   local seconds = math.floor(now)
   local listed = {
      { "time", ("%s.%03dZ"):format(os.date("!%Y-%m-%dT%H:%M:%S", seconds), math.floor((now - seconds) * 1000)) },
      { "level", level },
      { "msg", self:mask(message) },
   }
   local taken = { time = true, level = true, msg = true }
   for _, name in ipairs(names) do
      local word, value = name:gsub("[^%w_.-]", "_"), values[name]
      local key = unique(word, taken)
      if secret_names[(word:lower():gsub("-", "_"))] then
         listed[#listed + 1] = { key, hidden }
      else
         listed[#listed + 1] = { key, self:mask(show(value)), value }
      end
   end
   return self._format(listed)
end

--- A log that adds fields to every line.
---@param fields table<string, any>
---@return kenar.Log
function Log:with(fields)
   local merged = {}
   for _, given in ipairs { self._fields, fields } do
      for name, value in pairs(given) do
         merged[name] = value
      end
   end
   return setmetatable({
      _write = self._write, _now = self._now, _rank = self._rank, _secrets = self._secrets, _format = self._format,
      _on_lost = self._on_lost, _fields = merged,
   }, Log)
end

--- Whether a line of this level is written, for callers whose fields cost something.
---@param level "debug"|"info"|"warn"|"error"
---@return boolean
function Log:enabled(level)
   return ranks[level] >= self._rank
end

-- A line that cannot be written must not end the handler that logs it.
local function emit(self, line)
   local ran, written, message = pcall(self._write, line)
   if self._on_lost and not (ran and (written or message == nil)) then
      self._on_lost()
   end
end

-- log:debug(message, fields), log:info, log:warn, log:error
for level, rank in pairs(ranks) do
   Log[level] = function(self, message, fields)
      if rank >= self._rank then
         emit(self, self:line(level, message, fields))
      end
   end
end

--- Make a log.
---@param options? table `write`, a function that gets each line, and returns nil and a message if it cannot be written;
---   `on_lost`, a function that is called for each line that `write` refused or failed at; `now`, which gives
---   wall seconds; `level`, the lowest that is written (default "info"); `format`, "logfmt" (default) or "json";
---   `secrets`, strings that are masked wherever they occur; `fields` of every line
---@return kenar.Log
function log.new(options)
   options = options or {}
   if options.write ~= nil and type(options.write) ~= "function" then
      error("write: expected a function that takes a line, got " .. type(options.write), 2)
   end
   local level = options.level or "info"
   if not ranks[level] then
      error("level: expected debug, info, warn or error, got " .. tostring(level), 2)
   end
   local format = formats[options.format or "logfmt"]
   if not format then
      error("format: expected logfmt or json, got " .. tostring(options.format), 2)
   end
   local secrets = {}
   for _, secret in ipairs(options.secrets or {}) do
      if secret ~= "" then
         secrets[#secrets + 1] = secret
      end
   end
   -- The longest first: one secret may be the beginning of another.
   table.sort(secrets, function(a, b)
      return #a > #b
   end)
   return setmetatable({
      _write = options.write or write_to_stderr, _on_lost = options.on_lost, _now = options.now or core.now,
      _rank = ranks[level], _secrets = secrets, _format = format, _fields = options.fields or {},
   }, Log)
end

return log
