--- Divar's action objects: the effect of a button that is pressed, or of the answer to a dynamic action.

local core = require "kenar.core"
local errors = require "kenar.error"
local json = require "kenar.json"

local encode_message = core.message_encoder(json.conventions)

local function refuse(problem, path)
   return nil, errors.new { kind = "invalid", message = problem, path = path }
end

-- Fields that only a button of a message has.
local button_only = { "caption", "icon", "icon_name", 1 }

--- Divar's action object for the answer to a dynamic action, from the same fields as a button's: one of direct_link,
--- server_link, dynamic_action (with `data` or without), post_page, post_manage_page, or `action` in Divar's form.
---@param fields kenar.Button without caption and icon
---@param options? { via: string? } as in kenar.EncodeOptions
---@return table? action, kenar.Error? err kind `invalid`
local function action(fields, options)
   if type(fields) ~= "table" then
      return refuse("an action must be a table, got " .. type(fields), "")
   end
   for _, name in ipairs(button_only) do
      if fields[name] ~= nil then
         return refuse("an action has no caption or icon", name == 1 and "[1]" or name)
      end
   end
   -- The encoder has the rules, so it writes a message with this button, and the action is read back.
   local button = { "-" }
   for name, value in pairs(fields) do
      button[name] = value
   end
   local bytes, problem, path = encode_message("bot", { text = "", buttons = { { button } } }, options)
   if not bytes then
      return refuse(problem, (path:gsub("^buttons%[1%]%[1%]%.?", "")))
   end
   return assert(json.decode(bytes)).buttons.rows[1].buttons[1].action
end

return action
