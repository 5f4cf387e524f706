--- What a handler is given: the event, what it may say, and to whom.

local errors = require "kenar.error"

---@class kenar.Context : kenar.Event
---@field event kenar.Event
---@field bot kenar.Bot
---@field client kenar.Client
---@field request table        as the host gave it
---@field data table           the button's data, without our reserved keys
---@field action? string       the name of the button's handler
---@field via? string          the chat that the button says it stood in
---@field log table
local Context = {}
Context.__name = "kenar.context"

-- Data that every button of ours carries beside the user's.
local RESERVED = "^kenar_"

-- An event's fields are read through the context: ctx.text is ctx.event.text.
function Context.__index(self, key)
   local method = Context[key]
   if method ~= nil then
      return method
   end
   return self.event[key]
end

local function data_of(event)
   local data = {}
   for key, value in pairs(event.data or {}) do
      if type(key) ~= "string" or not key:find(RESERVED) then
         data[key] = value
      end
   end
   return data
end

local function string_of(value)
   return type(value) == "string" and value or nil
end

--- Make the context of an event.
---@param bot kenar.Bot
---@param event kenar.Event
---@param request table
---@return kenar.Context
function Context.new(bot, event, request)
   local data = event.data
   return setmetatable({
      bot = bot, event = event, request = request, client = bot.client, log = bot.log,
      data = data_of(event),
      action = data and string_of(data.kenar_action),
      via = data and string_of(data.kenar_via),
   }, Context)
end

local function fail(fields)
   error(errors.new(fields), 0)
end

-- A click names its conversation, but not whether that is a post's or the bot's: our buttons say it themselves, and
-- only a post's chat has a post.
local function is_bot_chat(self)
   if self.event.chat then
      return self.event.chat == "bot"
   end
   return self.via == "bot" or self.via == nil and self.event.post_token == nil
end

local reply_options = { timeout = true }

--- Answer in the conversation that the event came from: the bot's chat, or the post's in the name of the user
--- whose token the client holds.
---@param message string|kenar.Message
---@param options? { timeout: number }
---@return table result Divar's answer; a failure raises a kenar.Error
function Context:reply(message, options)
   for name in pairs(options or {}) do
      if not reply_options[name] then
         error(("unknown option %q of reply"):format(tostring(name)), 2)
      end
   end
   local id = self.event.conversation_id
   if not id then
      fail {
         kind = "invalid", path = "conversation_id", sent = "no", retryable = false,
         message = "this event names no conversation to reply in",
      }
   end
   local result, err
   if is_bot_chat(self) then
      result, err = self.client:send_bot_message(id, message, options)
   else
      result, err = self.client:send_message(id, message, options)
   end
   if not result then
      error(err, 0)
   end
   return result
end

return Context
