--- Sends the judge's changes to the feed, each of them once.

local shown = require "kenar.sandbox.server.shown"

local watch = {}

---@class kenar.sandbox.Watch
local Watch = {}
Watch.__index = Watch

-- The users and the post of a conversation, which may be new.
local function around(self, conversation)
   local state, users = self.judge.state, {}
   local all = shown.users(state)
   for _, id in pairs(conversation.members) do
      users[id] = all[id]
   end
   local token = conversation.post_token
   return { users = users, posts = token and { [token] = state.posts[token] } or {} }
end

--- A conversation is new, or something about it has changed.
---@param conversation kenar.sandbox.Conversation
function Watch:conversation(conversation)
   if not self.feed:has_listeners() then
      self.told[conversation.id] = nil
      return
   end
   local detail, is_known = around(self, conversation), self.told[conversation.id]
   detail.conversation = shown.conversation(self.judge, conversation, is_known ~= nil)
   self.told[conversation.id] = { is_heard = detail.conversation.is_heard }
   self.feed:tell("conversation", detail)
end

--- A message has been written.
---@param conversation kenar.sandbox.Conversation
---@param message kenar.sandbox.Message
function Watch:message(conversation, message)
   if not self.told[conversation.id] then
      return self:conversation(conversation)
   end
   self.feed:tell("message", {
      conversation_id = conversation.id, message = shown.message(self.judge.state, message),
   })
end

--- Whether the bot is told of posts' messages may have changed.
function Watch:hearing()
   for id, told in pairs(self.told) do
      local conversation = self.judge.state.conversations[id]
      if conversation and told.is_heard ~= shown.is_heard(self.judge, conversation) then
         self:conversation(conversation)
      end
   end
end

--- Faults were added, have struck, or are over.
function Watch:faults()
   if self.feed:has_listeners() then
      self.feed:tell("faults", { faults = shown.faults(self.judge).faults })
   end
end

--- An exchange has ended.
---@param exchange kenar.sandbox.Exchange
function Watch:exchange(exchange)
   if not self.feed:has_listeners() then
      return
   end
   self.feed:tell("exchange", shown.brief(exchange))
   if exchange.fault then
      self:faults()
   end
   self:hearing()
end

--- The call that loads the page has the whole state; later events build on it.
function Watch:everything_told()
   for id, conversation in pairs(self.judge.state.conversations) do
      self.told[id] = { is_heard = shown.is_heard(self.judge, conversation) }
   end
end

--- The whole state was replaced.
function Watch:reset()
   self.told = {}
   self.feed:tell("reset", {})
end

---@param judge kenar.sandbox.Judge
---@param feed kenar.sandbox.Feed
---@return kenar.sandbox.Watch
function watch.new(judge, feed)
   return setmetatable({ judge = judge, feed = feed, told = {} }, Watch)
end

return watch
