--- Buttons as plain data: a caption and one action.
--
-- The constructors only build the table; a table written by hand is as good. Divar's rules are checked when the message
-- is encoded.

local checks = require "kenar.base.options"

local button = {}

---@class kenar.Button
---@field [1]? string               the caption; or `caption`
---@field caption? string
---@field icon? string              a name of Divar's icon set; other names are sent too, unless `strict_icons` is set
---@field icon_name? string         the older name of `icon`
---@field direct_link? string       opens this URL
---@field server_link? string       asks the bot's handler of this name for a URL and opens that
---@field dynamic_action? string    calls the bot's handler of this name, which returns a text or an action
---@field post_page? string         opens the page of the post with this token
---@field post_manage_page? string  opens the page on which the owner manages the post with this token
---@field answer? string|number|boolean  answers the question that ctx:ask asks with this message
---@field action? table             Divar's own form of an action, instead of the fields above
---@field data? table               for the handler of a server link or dynamic action: ctx.data

---@class kenar.ButtonOptions
---@field icon? string

local option_rows = { icon = "string" }
local named = { server_link = true, dynamic_action = true }

-- The table, or nil and the problem of the arguments.
local function build(kind, caption, value, data, options)
   if type(caption) ~= "string" then
      return nil, "caption: expected a string, got " .. type(caption)
   end
   local is_scalar = kind == "answer" and (type(value) == "number" or type(value) == "boolean")
   if type(value) ~= "string" and not is_scalar then
      return nil, ("%s: expected a string, got %s"):format(kind, type(value))
   end
   if named[kind] and value == "" then
      return nil, kind .. ": expected the name of a handler, got an empty string"
   end
   local built = { caption, [kind] = value }
   if data ~= nil then
      if type(data) ~= "table" then
         return nil, "data: expected a table, got " .. type(data)
      end
      for name in pairs(data) do
         if type(name) == "string" and name:sub(1, 6) == "kenar_" then
            return nil, ("data.%s: names that begin with kenar_ are the SDK's own"):format(name)
         end
      end
      built.data = data
   end
   if options ~= nil then
      if type(options) ~= "table" then
         return nil, "options: expected a table, got " .. type(options)
      end
      local problem = checks.problem(options, option_rows, "unknown option %s: a button takes icon")
      if problem then
         return nil, problem
      end
      built.icon = options.icon
   end
   return built
end

--- Opens a URL: in a new tab on the web, inside Divar's app on a phone.
---@param caption string
---@param url string
---@param options? kenar.ButtonOptions
---@return kenar.Button
function button.direct_link(caption, url, options)
   local built, problem = build("direct_link", caption, url, nil, options)
   return built or error(problem, 2)
end

--- Asks `bot:server_link(name, ...)` for a URL and opens that.
---@param caption string
---@param name string the handler's
---@param data? table<string, any> the handler's ctx.data; names that begin with `kenar_` are reserved
---@param options? kenar.ButtonOptions
---@return kenar.Button
function button.server_link(caption, name, data, options)
   local built, problem = build("server_link", caption, name, data, options)
   return built or error(problem, 2)
end

--- Calls `bot:dynamic_action(name, ...)`, which returns a text or an action.
---@param caption string
---@param name string the handler's
---@param data? table<string, any> the handler's ctx.data; names that begin with `kenar_` are reserved
---@param options? kenar.ButtonOptions
---@return kenar.Button
function button.dynamic_action(caption, name, data, options)
   local built, problem = build("dynamic_action", caption, name, data, options)
   return built or error(problem, 2)
end

--- Opens a post's page.
---@param caption string
---@param token string the post's
---@param options? kenar.ButtonOptions
---@return kenar.Button
function button.post_page(caption, token, options)
   local built, problem = build("post_page", caption, token, nil, options)
   return built or error(problem, 2)
end

--- Opens the page on which the post's owner manages it. Only the owner can use it.
---@param caption string
---@param token string the post's
---@param options? kenar.ButtonOptions
---@return kenar.Button
function button.post_manage_page(caption, token, options)
   local built, problem = build("post_manage_page", caption, token, nil, options)
   return built or error(problem, 2)
end

--- Answers a question, in a message of ctx:ask: `bot:answer(state, ...)` gets the value as if the user had typed it. A
--- press counts for the question that was asked last. On an older question, or in another message, it shows the bot's
--- `fallback.stale`.
---@param caption string the user may type it instead of pressing the button
---@param value string|number|boolean the handler's ctx.answer, of this type
---@param options? kenar.ButtonOptions
---@return kenar.Button
function button.answer(caption, value, options)
   local built, problem = build("answer", caption, value, nil, options)
   return built or error(problem, 2)
end

return button
