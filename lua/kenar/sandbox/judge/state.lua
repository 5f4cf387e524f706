--- The sandbox's state: users, posts, conversations, messages, media, tokens, subscriptions.
--
-- It is made of plain tables, so that it can be shown, saved and loaded.

local scopes = require "kenar.sandbox.judge.scopes"
local user_ids = require "kenar.sandbox.judge.user_id"

local state = {}

local State = {}
State.__index = State

--- The longest name of a user, in bytes.
state.MAX_NAME = user_ids.MAX_NAME

---@class kenar.sandbox.Conversation
---@field id string
---@field type "POST"|"BOT"
---@field post_token? string
---@field members table<string, string>  a user's id by side: SELLER and BUYER, or USER in a bot's chat
---@field blocked boolean
---@field messages kenar.sandbox.Message[]

---@class kenar.sandbox.Message
---@field id string
---@field sender { type: "HUMAN"|"BOT", side: string? }
---@field type string             TEXT, IMAGE...
---@field sent_at number          microseconds since 1970
---@field text? string
---@field media_token? string
---@field buttons? table<string, table> rows of buttons, by the side that sees them

--- Make an empty state.
---@param options { now: fun(): number, seed: string?, keep: integer?, on_message: function? } `seed` is eight hex
---   digits that begin every id; `keep` bounds the messages remembered of one conversation;
---   `on_message(conversation, message)` is called for each
function state.new(options)
   return setmetatable({
      now = options.now, seed = options.seed or "00000000", keep = options.keep, on_message = options.on_message,
      count = 0, user_count = 0,
      users = {}, ids = {}, posts = {}, conversations = {}, order = {}, chatbots = {}, media = {}, upload_tokens = {},
      tokens = {}, refresh_tokens = {}, codes = {}, subscriptions = {}, hooks = {},
   }, State)
end

--- A new id in the form of Divar's ids.
---@return string
function State:next_id()
   self.count = self.count + 1
   return ("%s-0000-4000-8000-%012d"):format(self.seed, self.count)
end

--- The user with a name, made if new: { id, name, phone, legacy_id }. The endpoints before 2024-11 call the same user
--- by `legacy_id`, a UUID.
---@param name string at most MAX_NAME bytes
function State:user(name)
   if type(name) ~= "string" or #name > state.MAX_NAME then
      error(("a user's name is a string of at most %d bytes"):format(state.MAX_NAME), 3)
   end
   local id = self.ids[name]
   if id then
      return self.users[id]
   end
   id = user_ids.of(name)
   self.user_count = self.user_count + 1
   local user = {
      id = id, name = name, phone = ("0999%07d"):format(self.user_count),
      legacy_id = ("%s-0000-4000-9000-%012d"):format(self.seed, self.user_count),
   }
   self.users[id], self.ids[name] = user, id
   return user
end

--- Replace all users. Their ids stay, also if they do not follow from their names.
---@param users table<string, table> by their ids
function State:put_users(users)
   self.users, self.ids = users, {}
   for id, user in pairs(users) do
      self.ids[user.name] = id
   end
end

--- The user with this phone or legacy_id.
---@param key "phone"|"legacy_id"
---@param value any
---@return table?
function State:user_by(key, value)
   for _, user in pairs(self.users) do
      if user[key] == value then
         return user
      end
   end
end

--- Find a post, or make it.
---@param token string
---@param fields? { title: string?, category: string?, seller: string?, test: boolean? } `seller` is a user's name
function State:post(token, fields)
   local post = self.posts[token]
   if not post then
      fields = fields or {}
      post = {
         token = token, title = fields.title or "گوشی سالم", category = fields.category or "mobile-phones",
         seller = self:user(fields.seller or "seller").id, test = fields.test ~= false,
      }
      self.posts[token] = post
   end
   return post
end

--- Open a conversation.
---@param conversation { id: string?, type: string, post_token: string?, members: table }
---@return kenar.sandbox.Conversation
function State:add_conversation(conversation)
   conversation.id = conversation.id or self:next_id()
   conversation.blocked = false
   conversation.messages = {}
   self.conversations[conversation.id] = conversation
   self.order[#self.order + 1] = conversation.id
   return conversation
end

--- The chat of a user with the bot. Each user has one.
---@param user_id string
---@return kenar.sandbox.Conversation
function State:chatbot(user_id)
   local id = self.chatbots[user_id]
   if id then
      return self.conversations[id]
   end
   local conversation = self:add_conversation { type = "BOT", members = { USER = user_id } }
   self.chatbots[user_id] = conversation.id
   return conversation
end

--- A chat about a post.
---@param token string
---@param buyer string a user's id
---@param id? string
---@return kenar.sandbox.Conversation
function State:conversation(token, buyer, id)
   local post = self:post(token)
   return self:add_conversation {
      id = id, type = "POST", post_token = token, members = { SELLER = post.seller, BUYER = buyer },
   }
end

--- The conversation about a post between its seller and this buyer.
---@param token string
---@param buyer string a user's id
---@return kenar.sandbox.Conversation?
function State:find_conversation(token, buyer)
   for _, id in ipairs(self.order) do
      local conversation = self.conversations[id]
      if conversation.post_token == token and conversation.members.BUYER == buyer then
         return conversation
      end
   end
end

--- The side a user has in a conversation.
---@return string?
function state.side_of(conversation, user_id)
   for side, id in pairs(conversation.members) do
      if id == user_id then
         return side
      end
   end
end

--- Write a message into a conversation.
---@param conversation kenar.sandbox.Conversation
---@param message table gains `id` and `sent_at`
---@return kenar.sandbox.Message
function State:add_message(conversation, message)
   message.id = self:next_id()
   message.sent_at = math.floor(self.now() * 1000000)
   local messages = conversation.messages
   messages[#messages + 1] = message
   if self.keep and #messages > self.keep then
      table.remove(messages, 1)
   end
   if self.on_message then
      self.on_message(conversation, message)
   end
   return message
end

--- Issue an access token.
---@param token string
---@param user_id string
---@param list string[] scopes
---@param lifetime? number seconds; nil: the token does not expire
function State:grant(token, user_id, list, lifetime)
   self.tokens[token] = {
      user_id = user_id, scopes = scopes.set(list), expires_at = lifetime and self.now() + lifetime,
   }
end

return state
