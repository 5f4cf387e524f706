--- What a client or a bot is told: options before environment, environment before defaults.
--
-- Nothing is read when a bot file is required; a test, nginx and `kenar run` load the same file.

local checks = require "kenar.base.options"
local inboxes = require "kenar.inbox"
local network = require "kenar.base.network"
local quotas = require "kenar.settings.quota"
local stores = require "kenar.store"

local settings = {}

-- One row a setting. `list` takes a string or a list of them; `many` says what separates them in the environment.
local rows = {
   api_key = { environment = "KENAR_API_KEY", type = "string", secret = true },
   access_token = { type = "string", secret = true },
   identification_key = { environment = "KENAR_IDENTIFICATION_KEY", type = "list", secret = true },
   app_slug = { environment = "KENAR_APP_SLUG", type = "string" },
   oauth_secret = { environment = "KENAR_OAUTH_SECRET", type = "string", secret = true },
   public_url = { environment = "KENAR_PUBLIC_URL", type = "url" },
   base_url = { environment = "KENAR_BASE_URL", type = "url", default = "https://open-api.divar.ir" },
   store = { environment = "KENAR_STORE", type = "store", default = "memory:" },
   quota = { type = "quota", complete = quotas.complete },
   inbox = { environment = "KENAR_INBOX", type = "inbox" },
   -- For how long an event's id is remembered where there is no inbox; false: not at all.
   dedup_ttl = { type = "seconds", default = 86400, may_be_off = true },
   send_code_on_refresh = { type = "boolean", default = true },
   legacy_oauth = { type = "choice", choices = { [true] = true, [false] = true, form = true }, default = false },
   oauth_url = { environment = "KENAR_OAUTH_URL", type = "url", default = "https://oauth.divar.ir" },
   upload_url = { environment = "KENAR_UPLOAD_URL", type = "url", default = "https://chat.divar.ir" },
   token_header = {
      type = "choice", choices = { authorization_bearer = true, x_access_token = true },
      default = "authorization_bearer",
   },
   -- Where the bot's chat lies; see kenar.client.endpoints.
   path_style = { type = "choice", choices = { current = true, experimental = true, v2 = true }, default = "current" },
   icon_key = {
      type = "choice", choices = { icon = true, icon_name = true, both = true, as_given = true }, default = "icon",
   },
   strict_icons = { type = "boolean", default = false },
   strict_captions = { type = "boolean", default = false },
   send_type = { type = "boolean", default = true },
   text_with_media = { type = "choice", choices = { empty = true } },
   metadata_key = { type = "choice", choices = { metadata = true, meta_data = true }, default = "metadata" },
   legacy_status = { type = "choice", choices = { string = true, number = true }, default = "string" },
   allow_addresses = { type = "networks", named = { divar = network.DIVAR } },
   trusted_proxies = { type = "networks" },
   log_level = {
      environment = "KENAR_LOG_LEVEL", type = "choice", default = "warn",
      choices = { debug = true, info = true, warn = true, error = true },
   },
   log_format = {
      environment = "KENAR_LOG_FORMAT", type = "choice", choices = { logfmt = true, json = true }, default = "logfmt",
   },
   -- Divar's policies ask for 99 of 100 answers within 2 seconds.
   budget = { type = "seconds", default = 2 },
   timeout = { type = "seconds", default = 10 },
   connect_timeout = { type = "seconds", default = 5 },
   -- All in all, the first one included; and when the last of them may begin.
   attempts = { type = "count", default = 3 },
   deadline = { type = "seconds", default = 30 },
}

local function check_url(value)
   if type(value) ~= "string" or not value:find "^https?://[^%s]+$" then
      return nil, "expected a URL that begins with https:// or http://"
   end
   return value:match "^(.*[^/])/*$"
end

local inbox_fields = {
   url = "string", workers = "number", power_cut = "boolean", attempts = "number", max_events = "number",
}

-- false: none, whatever the environment says.
local function inbox_options(value)
   if value == false then
      return false
   elseif type(value) == "string" then
      value = { url = value }
   elseif type(value) ~= "table" then
      return nil, 'expected a URL such as "sqlite:inbox.db", or a table with url, got ' .. type(value)
   end
   local problem = checks.problem(value, inbox_fields, "unknown field %q")
   if problem then
      return nil, problem
   end
   local ok, message = inboxes.check(value.url)
   return ok and value, message
end

-- One row a type: the value as it is kept, or nil and what was expected.
local types = {
   string = function(value)
      if type(value) ~= "string" then
         return nil, "expected a string, got " .. type(value)
      end
      if value:find "[\r\n%z]" then
         return nil, "has a line break in it"
      end
      return value
   end,
   url = check_url,
   store = function(value)
      local ok, message = stores.check(value)
      return ok and value, message
   end,
   networks = function(value, row)
      return network.list(row.named and row.named[value] or value)
   end,
   boolean = function(value)
      if type(value) ~= "boolean" then
         return nil, "expected true or false, got " .. type(value)
      end
      return value
   end,
   inbox = inbox_options,
   quota = quotas.check,
   seconds = function(value, row)
      if value == false and row.may_be_off then
         return false
      end
      if type(value) ~= "number" or not (value > 0 and value < 1e6) then
         return nil, "expected a number of seconds above 0"
      end
      return value
   end,
   count = function(value)
      if type(value) ~= "number" or value < 1 or value % 1 ~= 0 then
         return nil, "expected a whole number of at least 1"
      end
      return value
   end,
   choice = function(value, row)
      if not row.choices[value] then
         local names = {}
         for name in pairs(row.choices) do
            names[#names + 1] = tostring(name)
         end
         table.sort(names)
         return nil, "expected one of " .. table.concat(names, ", ")
      end
      return value
   end,
   list = function(value)
      if type(value) == "string" then
         value = { value }
      end
      if type(value) ~= "table" then
         return nil, "expected a string or a list of strings, got " .. type(value)
      end
      local list = {}
      for index, item in ipairs(value) do
         if type(item) ~= "string" then
            return nil, ("expected strings, got %s at %d"):format(type(item), index)
         end
         -- An empty key would let in whoever sends an empty header.
         if item ~= "" then
            list[#list + 1] = item
         end
      end
      return list
   end,
}

local function read(name, row, value)
   local kept, message = types[row.type](value, row)
   if kept == nil then
      return nil, name .. ": " .. message
   end
   return kept
end

--- Check options when they are given: a mistake in the program raises at once.
---@param options table
---@param allowed table<string, any> further names that the caller takes itself
---@param level integer as for `error`
function settings.check(options, allowed, level)
   checks.table(options, "options", level + 1)
   for name, value in pairs(options) do
      local row = rows[name]
      if row then
         local _, message = read(name, row, value)
         if message then
            error(message, level + 1)
         end
      elseif not allowed[name] then
         error(("unknown option %q"):format(tostring(name)), level + 1)
      end
   end
end

--- Every setting's value.
---@param options table what the program gave
---@param overrides? table what wins over it: a test's host
---@param environment? fun(name: string): string? default os.getenv
---@return table values
function settings.resolve(options, overrides, environment)
   environment = environment or os.getenv
   local values = {}
   for name, row in pairs(rows) do
      local value = overrides and overrides[name]
      if value == nil then
         value = options[name]
      end
      -- An empty string is a setting left blank.
      if value == nil or value == "" then
         value = row.environment and environment(row.environment)
      end
      if value == nil or value == "" then
         value = row.default
      end
      if row.complete then
         value = row.complete(value, environment)
      end
      if value ~= nil then
         local kept, message = read(name, row, value)
         if message then
            error((row.environment and row.environment .. " or " or "") .. message, 0)
         end
         values[name] = kept
      elseif row.type == "list" then
         values[name] = {}
      end
   end
   return values
end

--- Whether an option or the environment gives a setting. An empty string is a setting left blank.
---@param options table
---@param name string
---@return boolean
function settings.is_given(options, name)
   local value = options[name]
   if value == nil or value == "" then
      value = rows[name].environment and os.getenv(rows[name].environment)
   end
   return value ~= nil and value ~= ""
end

--- The values that must never be shown.
---@param values table
---@return string[]
function settings.secrets(values)
   local list = {}
   for name, row in pairs(rows) do
      local value = row.secret and values[name]
      if type(value) == "string" then
         list[#list + 1] = value
      elseif value then
         for _, item in ipairs(value) do
            list[#list + 1] = item
         end
      end
   end
   return list
end

return settings
