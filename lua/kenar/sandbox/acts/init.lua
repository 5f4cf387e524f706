--- Acts of people in the sandbox: open the bot, write, send, press. Each act becomes a delivery to the bot.
--
-- Each function returns a kenar.sandbox.Act, or nil and the mistake. The act is done when the bot has answered.

local contents = require "kenar.sandbox.acts.contents"
local deliveries = require "kenar.sandbox.acts.deliveries"
local json = require "kenar.json"
local notices = require "kenar.sandbox.acts.notices"

local acts = {}

---@class kenar.sandbox.Act
---@field what string           "message", "press", "open", or one of kenar.sandbox.acts.app
---@field conversation_id? string
---@field side? string          SELLER, BUYER, or USER in a bot's chat
---@field waiting integer       deliveries that the bot has not answered yet
---@field done boolean          whether the bot has answered all deliveries of the act
---@field problem? string       the bot's mistake, in words that say what to fix
---@field seen table            what the person sees: { url = } or { page = "post"|"post_manage", post_token = }, and
---                             { text = }; empty if nothing is shown
---@field button? table         the pressed button
---@field message? kenar.sandbox.Message the written message
---@field hops integer
---@field exchanges integer[]   the numbers of the act's deliveries
---@field on_done? function       called when the act is done

-- The touch points from which a bot's chat is opened (Divar's documents, page on chatbots).
local touch_points = { MY_POST = true, MY_DIVAR = true, DIVAR_PRO = true, CHAT = true, DEMAND_POST = true }

--- Begin an act.
---@param what string
---@param conversation? kenar.sandbox.Conversation
---@param side? string
---@return kenar.sandbox.Act
function acts.new(what, conversation, side)
   return {
      what = what, conversation_id = conversation and conversation.id, side = side, done = false, seen = {}, hops = 0,
      waiting = 0, exchanges = {},
   }
end

local function find(judge, conversation_id, side)
   local conversation = judge.state.conversations[conversation_id]
   if not conversation then
      return nil, ("there is no conversation %s"):format(tostring(conversation_id))
   elseif not conversation.members[side] then
      return nil, ("nobody is on side %s of this conversation"):format(tostring(side))
   end
   return conversation
end

local function write(judge, conversation_id, side, message)
   local conversation, problem = find(judge, conversation_id, side)
   if not conversation then
      return nil, problem
   end
   message.sender = { type = "HUMAN", side = conversation.type == "POST" and side or nil }
   judge.state:add_message(conversation, message)
   local act = acts.new("message", conversation, side)
   act.message = message
   notices.message(judge, conversation, message, act)
   acts.finish(act)
   return act
end

--- Write a text.
---@return kenar.sandbox.Act? act, string? problem
function acts.say(judge, conversation_id, side, text)
   if type(text) ~= "string" or text == "" then
      return nil, "a text is a string that is not empty"
   end
   return write(judge, conversation_id, side, { type = "TEXT", text = text })
end

--- Send an image, a file, a voice, a video, a location or a contact.
---@param kind string
---@param content? table Divar's fields (link, size_bytes, latitude, phone...); what is absent is filled in
---@return kenar.sandbox.Act? act, string? problem
function acts.send(judge, conversation_id, side, kind, content)
   local row = contents.kinds[kind]
   if not row then
      return nil, ("there is nothing called %s to send"):format(tostring(kind))
   end
   return write(judge, conversation_id, side, { type = row.type, content = contents.of_person(kind, content) })
end

--- Open the bot's chat from a touch point; Divar writes `/start MY_POST gZd7omnS` in the user's name.
---@param touch_point string MY_POST, MY_DIVAR, DIVAR_PRO, CHAT or DEMAND_POST
---@param id? string a post's token, or a conversation's id for CHAT
---@return kenar.sandbox.Act? act, string? problem
function acts.start(judge, conversation_id, touch_point, id)
   if not touch_points[touch_point] then
      return nil, ("there is no touch point %s; there are MY_POST, MY_DIVAR, DIVAR_PRO, CHAT, DEMAND_POST"):format(
         tostring(touch_point))
   end
   return write(judge, conversation_id, "USER", {
      type = "TEXT", text = "/start " .. touch_point .. (id and " " .. id or ""),
   })
end

--- Open the app's page from a conversation, without a button of the bot's.
---@param source string CHAT, POST_ADDON or another of Divar's
---@return kenar.sandbox.Act? act, string? problem
function acts.open(judge, conversation_id, side, source)
   local conversation, problem = find(judge, conversation_id, side)
   if not conversation then
      return nil, problem
   end
   local act, assumed = acts.new("open", conversation, side), judge.assumed
   if assumed.deliveries.session == "legacy" and conversation.type == "POST" then
      judge:deliver("legacy_session", deliveries.legacy_session(assumed, judge.state, conversation, side), act)
   else
      judge:deliver("session", deliveries.session(assumed.deliveries, conversation, side, nil, source), act)
   end
   return act
end

--- The newest message whose buttons this side sees.
---@return kenar.sandbox.Message?
function acts.newest_with_buttons(conversation, side)
   for i = #conversation.messages, 1, -1 do
      local message = conversation.messages[i]
      if message.buttons and message.buttons[side] then
         return message
      end
   end
end

local function flat(rows)
   local list = {}
   for _, row in ipairs(rows or {}) do
      for _, button in ipairs(row) do
         list[#list + 1] = button
      end
   end
   return list
end

-- The button that an argument names.
local function button_of(conversation, side, which)
   for _, message in ipairs(conversation.messages) do
      if message.id == which.message_id then
         local button = flat(message.buttons and message.buttons[side])[which.number]
         if button then
            return button
         end
      end
   end
   return nil, "there is no such button any more"
end

local function find_button(conversation, side, which)
   local newest = acts.newest_with_buttons(conversation, side)
   if not newest then
      return nil, "there are no buttons to press"
   end
   if type(which) == "table" then
      return button_of(conversation, side, which)
   elseif type(which) == "number" then
      local button = flat(newest.buttons[side])[which]
      if button then
         return button
      end
   else
      for i = #conversation.messages, 1, -1 do
         local message = conversation.messages[i]
         for _, button in ipairs(flat(message.buttons and message.buttons[side])) do
            if button.caption == which then
               return button
            end
         end
      end
   end
   local captions = {}
   for i, button in ipairs(flat(newest.buttons[side])) do
      captions[i] = ("[%d %s]"):format(i, button.caption)
   end
   return nil, ("there is no button %s; there are %s"):format(
      type(which) == "number" and which or ("%q"):format(tostring(which)), table.concat(captions, " "))
end

-- One row per action: what is shown at once, or the delivery that follows.
local effects = {
   open_direct_link = function(act, url)
      act.seen.url = url
   end,
   open_post_page = function(act, value)
      act.seen.page, act.seen.post_token = "post", value.post_token
   end,
   open_post_manage_page = function(act, value)
      act.seen.page, act.seen.post_token = "post_manage", value.post_token
   end,
   open_server_link = function(act, value, judge, conversation)
      return "session", deliveries.session(judge.assumed.deliveries, conversation, act.side, value.data or {},
         "CHAT_MESSAGE_ACTION")
   end,
   legacy_link = function(act, value, judge, conversation)
      return "legacy_session", deliveries.legacy_session(judge.assumed, judge.state, conversation, act.side, value.data)
   end,
   get_dynamic_action = function(act, value, judge, conversation)
      return "action", deliveries.action(judge.assumed.deliveries, conversation, act.side, value.data)
   end,
}

--- Mark an act as done, unless further deliveries of it wait for the bot's answer.
---@param act kenar.sandbox.Act
---@param problem? string
function acts.finish(act, problem)
   act.problem = act.problem or problem
   if act.waiting > 0 or act.done then
      return
   end
   act.done = true
   if act.on_done then
      act.on_done()
   end
end

--- Carry out a button's action, or a dynamic action's answer.
---@param act kenar.sandbox.Act
---@param action table has exactly one key, and was checked before
function acts.follow(judge, act, action)
   local conversation = judge.state.conversations[act.conversation_id]
   act.hops = act.hops + 1
   if act.hops > judge.assumed.deliveries.hops then
      return acts.finish(act, "dynamic actions answer each other without end")
   end
   for name, effect in pairs(effects) do
      if action[name] ~= nil and action[name] ~= json.null then
         local kind, body = effect(act, action[name], judge, conversation)
         if kind then
            judge:deliver(kind, body, act)
         else
            acts.finish(act)
         end
         return
      end
   end
end

--- Press a button of the newest message that has it.
---@param which string|integer|table its caption; its number, counted row by row in the newest message with buttons; or
---   { message_id =, number = }, a button of that message
---@return kenar.sandbox.Act? act, string? problem
function acts.press(judge, conversation_id, side, which)
   local conversation, problem = find(judge, conversation_id, side)
   if not conversation then
      return nil, problem
   end
   local button
   button, problem = find_button(conversation, side, which)
   if not button then
      return nil, problem
   end
   local act = acts.new("press", conversation, side)
   act.button = button
   acts.follow(judge, act, button.action)
   return act
end

return acts
