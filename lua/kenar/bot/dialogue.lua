--- Questions that a bot asks, and which events answer them.
--
-- A conversation's record says in which state its dialogue is, which question was asked last, and what the captions of
-- its buttons mean. A press names its question; one that names another is stale. Nothing is replayed: a state is a
-- name, so that a dialogue goes on after a restart, with the handlers that the bot has then.

local addresses = require "kenar.send.address"
local filter = require "kenar.bot.filter"
local persian = require "kenar.persian"
local session_records = require "kenar.bot.session"

local dialogue = {}

--- The handler's name that the encoder writes into an answer button.
dialogue.PRESSED = "kenar_answer"

--- The states and commands of a bot.
---@class kenar.Dialogue
---@field stale? string the text that a press on an older question shows
local Dialogue = {}
Dialogue.__index = Dialogue

-- The metatable of ctx:reply's results.
local Reply = {}

--- Mark Divar's answer to a message, so that `is_reply` knows it.
---@param result any
---@return any result
function dialogue.mark_reply(result)
   if type(result) == "table" and getmetatable(result) == nil then
      setmetatable(result, Reply)
   end
   return result
end

--- Whether a value is the result of ctx:reply.
---@param value any
---@return boolean
function dialogue.is_reply(value)
   return getmetatable(value) == Reply
end

--- Normalise a text: texts that look the same to a reader become equal.
---@param text string
---@return string
function dialogue.spoken(text)
   return persian.digits_to_latin(persian.normalise(text))
end

-- The mark differs from the marks of all other questions of the conversation, also across restarts.
local function mark(record)
   return ("%s#%.0f"):format(record.state, record.question)
end

-- Buttons lie in rows, in rows with a key `buttons`, or flat.
local function collect(node, answers)
   if type(node) ~= "table" then
      return answers
   end
   local caption = node.caption or node[1]
   if node.answer ~= nil and type(caption) == "string" and caption ~= "" then
      answers[dialogue.spoken(caption)] = node.answer
      return answers
   end
   collect(node.rows or node.buttons, answers)
   for _, child in ipairs(node) do
      collect(child, answers)
   end
   return answers
end

local grids = { "buttons", "seller_buttons", "buyer_buttons", "sender_buttons", "receiver_buttons" }

local function answers_of(message)
   local answers = {}
   for _, name in ipairs(type(message) == "table" and grids or {}) do
      collect(message[name], answers)
   end
   return next(answers) ~= nil and answers or nil
end

--- dialogue.spoken with the last result cached, because many handlers normalise the text of one event.
---@param text string
---@return string
function Dialogue:spoken(text)
   if text ~= self._last_text then
      self._last_text, self._last_spoken = text, dialogue.spoken(text)
   end
   return self._last_spoken
end

--- Send a question; if that does not raise, the dialogue is in the question's state.
---@param ctx kenar.Context
---@param question { state: string, message: string|kenar.Message, side: "SELLER"|"BUYER"|nil, send: fun(mark: string) }
---   `side`: the side that is asked; `send` sends the message with this mark in its answer buttons
---@param level integer as for `error`
function Dialogue:ask(ctx, question, level)
   local state = question.state
   if type(state) ~= "string" or state == "" then
      error("state: expected a name, got " .. (state == "" and "an empty string" or type(state)), level + 1)
   elseif not self._states[state] then
      error(("state: no bot:answer(%q, ...) hears what is answered"):format(state), level + 1)
   end
   local session = ctx:event_session()
   session:check_open(level + 1)
   local record = session:record(level + 1)
   local asked = {
      state = state, question = math.max(math.floor(ctx.bot.host.now() * 1000), (record.question or 0) + 1),
   }
   local answers = answers_of(question.message)
   question.send(mark(asked))
   record.state, record.question, record.answers, record.side = state, asked.question, answers, question.side
end

--- End the dialogue.
---@param ctx kenar.Context
---@param level integer as for `error`
function dialogue.leave(ctx, level)
   local session = ctx:event_session()
   session:check_open(level + 1)
   local record = session:record(level + 1)
   record.state, record.answers, record.side = nil, nil, nil
end

--- The state of the conversation's dialogue.
---@param ctx kenar.Context
---@param level integer as for `error`
---@return string? state nil outside of dialogues, and where the event names no conversation
function dialogue.state(ctx, level)
   local session = ctx:event_session()
   if not session:has_conversation() then
      return nil
   end
   return session:record(level + 1).state
end

local function is_press(event, ctx)
   return event.kind == "dynamic_action" and ctx.action == dialogue.PRESSED
end

-- In a post's chat only the side that was asked answers.
local function was_asked(record, event)
   return record.side == nil or event.side == nil or record.side == event.side
end

--- Whether an event is a press that answers no question, or not the one that was asked last.
---@param event kenar.Event
---@param ctx kenar.Context
---@return boolean
function dialogue.is_stale(event, ctx)
   if not is_press(event, ctx) then
      return false
   elseif not session_records.key(event) then
      return true
   end
   local record = ctx:event_session():record(1)
   return record.state == nil or event.data.kenar_state ~= mark(record) or not was_asked(record, event)
end

-- A press counts as a text message.
local function as_message(event, ctx)
   return {
      kind = "message", detail = "text", chat = addresses.of_event(event, ctx.via).chat, side = event.side,
      sender_type = "HUMAN",
   }
end

-- Commands of the bot are no answers. `/start` is none either, because Divar writes it.
local function is_command(self, event)
   local word = event.text and event.text:match "^/(%S+)"
   return word ~= nil and (event.start ~= nil or self._commands[word] == true)
end

local function value_of(self, record, text)
   if text and record.answers then
      return record.answers[self:spoken(text)]
   end
end

local families = { chatbot = true, post = true, message = true }

--- The test of `bot:answer`. Where it holds, ctx.answer is the value of the button that was pressed, or whose caption
--- was typed; of a press ctx.text is that value as text.
---@param state string
---@param names string|string[] as in kenar.bot.filter, of messages only
---@return (fun(event: kenar.Event, ctx: kenar.Context): boolean)? test, string? message
function Dialogue:test(state, names)
   local wanted, message = filter.compile(names)
   if not wanted then
      return nil, message
   end
   for _, name in ipairs(type(names) == "table" and names or { names }) do
      if not families[name:match "^[^:]+"] then
         return nil, ("an answer is a message: chatbot, post or message, each with its kinds, got %q"):format(name)
      end
   end
   return function(event, ctx)
      if not session_records.key(event) then
         return false
      elseif is_press(event, ctx) then
         -- Stale ones were heard before.
         if not wanted(as_message(event, ctx), ctx) or ctx:event_session():record(1).state ~= state then
            return false
         end
         ctx.answer = event.data.kenar_value
         ctx.text = tostring(ctx.answer)
         return true
      elseif not wanted(event, ctx) or is_command(self, event) then
         return false
      end
      local record = ctx:event_session():record(1)
      if record.state ~= state or not was_asked(record, event) then
         return false
      end
      ctx.answer = value_of(self, record, event.text)
      return true
   end
end

--- Have a dialogue in this state take answers.
---@param state string
---@return boolean is_first no state was added before
function Dialogue:add_state(state)
   local is_first = next(self._states) == nil
   self._states[state] = true
   return is_first
end

--- Have `/name` not count as an answer.
---@param name string without the slash
function Dialogue:add_command(name)
   self._commands[name] = true
end

---@param stale? string the text that a press on an older question shows
---@return kenar.Dialogue
function dialogue.new(stale)
   return setmetatable({ stale = stale, _states = {}, _commands = {}, _last_text = nil, _last_spoken = nil }, Dialogue)
end

return dialogue
