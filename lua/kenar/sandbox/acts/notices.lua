--- The events that Divar sends: always for the bot's chat, only by subscription for a post and its chat.

local deliveries = require "kenar.sandbox.acts.deliveries"
local subscriptions = require "kenar.sandbox.judge.subscriptions"

local notices = {}

--- Deliver the events of a message.
---@param judge kenar.sandbox.Judge
---@param conversation kenar.sandbox.Conversation
---@param message kenar.sandbox.Message
---@param act? kenar.sandbox.Act
function notices.message(judge, conversation, message, act)
   local assumed, state = judge.assumed, judge.state
   local is_own = message.sender.type == "BOT"
   if conversation.type == "BOT" then
      if not is_own then
         judge:deliver("events", deliveries.chatbot_message(assumed.deliveries, conversation, message), act)
      end
      return
   end
   local post = state:post(conversation.post_token)
   if not is_own or assumed.events.own_messages then
      for _, each in ipairs(subscriptions.covering(state, assumed.events, "NEW_MESSAGE_ON_POST", post)) do
         judge:deliver("events",
            deliveries.new_message(assumed.deliveries, conversation, message, each.metadata), act)
      end
   end
   -- The old hook's documents have texts only.
   local hook = message.type == "TEXT" and (not is_own or assumed.legacy.own_messages)
      and subscriptions.live_hook(state, assumed.legacy, post.token)
   if hook then
      judge:deliver("hook", deliveries.chat_message(assumed.legacy, state, conversation, message), act, hook)
   end
end

--- Deliver the events of a post's change. Subscriptions to all posts get no event if the post is gone.
---@param judge kenar.sandbox.Judge
---@param post table
---@param change string PUBLISH, RETIRE, ONGOING, ARCHIVE
---@param fields? table of the post, in Divar's names
---@param act? kenar.sandbox.Act
function notices.post_update(judge, post, change, fields, act)
   local is_gone = change == "RETIRE" or change == "ARCHIVE"
   local covering = subscriptions.covering(judge.state, judge.assumed.events, "POST_UPDATE", post, not is_gone)
   for _, each in ipairs(covering) do
      for _ = 1, judge.assumed.events.repeats do
         judge:deliver("events", deliveries.post_update(post, change, fields, each.metadata), act)
      end
   end
end

return notices
