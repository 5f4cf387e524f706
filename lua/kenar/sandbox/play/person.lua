--- One person in one conversation, played by a spec.

local acts = require "kenar.sandbox.acts"
local checks = require "kenar.base.options"
local contents = require "kenar.sandbox.acts.contents"
local dialogue = require "kenar.bot.dialogue"
local json = require "kenar.json"

local person = {}

---@class kenar.testing.Person
---@field id string         the conversation's id
---@field user_id string    this person's id, as the bot's app knows it
---@field side string       SELLER, BUYER, or USER in a bot's chat
---@field messages kenar.testing.Message[] the whole conversation as this person sees it
local Person = {}
Person.__name = "kenar.testing.person"

---@class kenar.testing.Message
---@field from "me"|"them"|"bot"
---@field type string       TEXT, IMAGE...
---@field text? string
---@field media_token? string
---@field content? table    of images, files and the like
---@field buttons table[][] rows of { caption, icon, action, and what it does: direct_link | server_link |
---                         dynamic_action | post_page | post_manage_page | answer, data }; no rows where there are none
---@field captions string[][] the buttons' captions, in the same rows

-- One row per action of Divar's: the button as a bot writes it.
local plain = {
   open_direct_link = function(button, url)
      button.direct_link = url
   end,
   open_server_link = function(button, value)
      button.server_link, button.data = person.named(value)
   end,
   get_dynamic_action = function(button, value)
      local name, data = person.named(value)
      if name == dialogue.PRESSED then
         button.answer = value.data.kenar_value
      else
         button.dynamic_action, button.data = name, data
      end
   end,
   legacy_link = function(button, value)
      button.server_link, button.data = person.named(value)
   end,
   open_post_page = function(button, value)
      button.post_page = value.post_token
   end,
   open_post_manage_page = function(button, value)
      button.post_manage_page = value.post_token
   end,
}

--- The handler's name and the bot's own part of a button's data.
function person.named(value)
   local data, name = {}, nil
   for key, item in pairs(type(value.data) == "table" and value.data or {}) do
      if key == "kenar_action" then
         name = item
      elseif not key:find "^kenar_" then
         data[key] = item
      end
   end
   return name, data
end

local function button_of(given)
   local button = { caption = given.caption, icon = given.icon or given.icon_name, action = given.action }
   for name, value in pairs(given.action) do
      if value ~= json.null and plain[name] then
         plain[name](button, value)
      end
   end
   return button
end

local function view(self, message)
   local rows, captions = {}, {}
   for i, row in ipairs(message.buttons and message.buttons[self.side] or {}) do
      rows[i], captions[i] = {}, {}
      for j, button in ipairs(row) do
         rows[i][j], captions[i][j] = button_of(button), button.caption
      end
   end
   local sender = message.sender
   local mine = sender.side == nil or sender.side == self.side
   return {
      from = sender.type == "BOT" and "bot" or mine and "me" or "them",
      type = message.type, text = message.text, media_token = message.media_token, content = message.content,
      buttons = rows, captions = captions,
   }
end

function Person.__index(self, key)
   if key == "messages" then
      local messages = {}
      for i, message in ipairs(self.conversation.messages) do
         messages[i] = view(self, message)
      end
      return messages
   end
   return Person[key]
end

-- The newest message after `since` that this person did not write.
local function newest(self, since)
   local messages = self.conversation.messages
   for i = #messages, 1, -1 do
      if messages[i] == since then
         return nil
      end
      local message = view(self, messages[i])
      if message.from ~= "me" then
         return message
      end
   end
end

--- The newest message that this person did not write; nil before the first.
---@return kenar.testing.Message?
function Person:last()
   return newest(self)
end

-- Carries an act out, lets the bot answer, and raises the bot's mistake.
local function perform(self, name, ...)
   local arguments, count = { ... }, select("#", ...)
   local unpack = table.unpack or unpack -- luacheck: ignore 143
   local act, problem
   self.settle(function()
      act, problem = acts[name](self.judge, self.id, unpack(arguments, 1, count))
   end, self.user_id)
   if not act then
      error(problem, 3)
   elseif act.problem then
      error(act.problem, 3)
   end
   return act
end

--- Write a text.
---@param text string
---@return kenar.testing.Message? answer the newest message that followed; nil if none did
function Person:say(text)
   return newest(self, perform(self, "say", self.side, text).message)
end

-- person:image { link = ... }, :file, :voice, :video, :location, :contact; what is absent is filled in.
for kind in pairs(contents.kinds) do
   Person[kind] = function(self, content)
      checks.table(content or {}, "content", 2)
      return newest(self, perform(self, "send", self.side, kind, content or {}).message)
   end
end

--- Open the bot's chat from a touch point.
---@param touch_point "MY_POST"|"MY_DIVAR"|"DIVAR_PRO"|"CHAT"|"DEMAND_POST"
---@param id? string the post's token, or the conversation's id
---@return kenar.testing.Message? answer
function Person:start(touch_point, id)
   if self.side ~= "USER" then
      error("touch points open a bot's chat: divar:chatbot {} has one", 2)
   end
   return newest(self, perform(self, "start", touch_point, id).message)
end

--- Press a button.
---@param which string|integer its caption, or its number in the newest message with buttons
---@return { url: string?, text: string?, page: string?, post_token: string? } seen what the person is shown
function Person:press(which)
   return perform(self, "press", self.side, which).seen
end

--- Open the app's page from this conversation without a button of the bot's.
---@param source? string default CHAT
---@return { url: string? } seen
function Person:open(source)
   return perform(self, "open", self.side, source or "CHAT").seen
end

--- Make this conversation refuse messages (412), as when one side blocked the other; `false` ends it.
---@param blocked? boolean
function Person:block(blocked)
   self.conversation.blocked = blocked ~= false
end

--- Make a person.
---@param judge kenar.sandbox.Judge
---@param settle fun(f: function, user_id: string) calls `f` and lets the bot answer; `user_id` is the acting user
---@param conversation kenar.sandbox.Conversation
---@param side string
---@return kenar.testing.Person
function person.new(judge, settle, conversation, side)
   return setmetatable({
      judge = judge, settle = settle, conversation = conversation, id = conversation.id, side = side,
      user_id = conversation.members[side],
   }, Person)
end

return person
