--- A bot with a button that asks for a consent, and the browser of the user who presses it.
local browsers = require "spec.support.consent_browser"
local granting = require "spec.support.granting_bot"

local asking_bot = {}

local Asking = {}
Asking.__index = Asking

--- Make another bot, over the same store.
---@param options? table as in granting_bot
function Asking:new_bot(options)
   self.bot = self.subject:new_bot(options)
   self.browser = browsers.new(self.bot)
   self.bot:server_link("ask", function(ctx)
      self.url = ctx:authorize(self.scopes, self.options)
      return self.url
   end)
end

--- Press the button in a post's chat.
---@param scopes string|string[]
---@param options? table of ctx:authorize
---@param click? table fields of the press; false leaves one out
---@return string? url of the start
function Asking:ask(scopes, options, click)
   local body = {
      source = "CHAT_MESSAGE_ACTION", conversation_id = "c-1", post_token = "p-1", user_side = "SUPPLY",
      user_id = "presser", extra_data = { kenar_action = "ask" },
   }
   for name, value in pairs(click or {}) do
      body[name] = value or nil
   end
   self.scopes, self.options, self.url = scopes, options, nil
   self.subject:post(body)
   return self.url
end

---@return table asking `subject` (granting_bot), `bot`, `browser`
function asking_bot.new()
   local self = setmetatable({ subject = granting.new() }, Asking)
   self:new_bot()
   return self
end

return asking_bot
