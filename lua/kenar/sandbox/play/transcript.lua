--- Writes the sandbox's messages and exchanges as lines for a terminal.
--
--    customer        /start MY_POST gZd7omnS
--    bot -> Divar    POST /v1/open-platform/chat/bot/conversations/.../messages  200  0.3 ms
--    bot             سلام!
--                    [1 دیدن کالا] [2 سفارش] [3 سایت ما]
--    Divar -> bot    POST /kenar/events  200  1.8 ms

local fault_line = require "kenar.sandbox.faults.line"
local printable = require "kenar.base.printable"

local transcript = {}

local Transcript = {}
Transcript.__index = Transcript

local WIDTH = 14

function Transcript:line(label, text)
   local margin = (" "):rep(WIDTH + 2)
   text = printable.text(text):gsub("\n", "\n" .. margin)
   self.write(("%-" .. WIDTH .. "s  %s\n"):format(label, text))
end

-- A message that is not text, in a few words.
local function content_line(message)
   local content = message.content or {}
   local facts = content.name or content.link or content.phone
   if content.latitude then
      facts = ("%s, %s"):format(content.latitude, content.longitude)
   end
   return ("<%s %s>"):format(message.type:lower(), facts or message.media_token or "")
end

--- The rows of buttons as boxes, numbered row by row.
---@param rows table[][] buttons with captions
---@return string[] lines
function transcript.grid(rows)
   local lines, number = {}, 0
   for i, row in ipairs(rows) do
      local boxes = {}
      for j, button in ipairs(row) do
         number = number + 1
         boxes[j] = ("[%d %s]"):format(number, button.caption)
      end
      lines[i] = table.concat(boxes, " ")
   end
   return lines
end

local names = { USER = "customer", SELLER = "seller", BUYER = "buyer" }
local viewers = { "USER", "SELLER", "BUYER" }

local function show_message(self, conversation, message)
   local sender = message.sender
   local who = sender.type == "BOT" and "bot" or names[sender.side or "USER"]
   self:line(who, message.text or content_line(message))
   for _, side in ipairs(viewers) do
      local rows = message.buttons and message.buttons[side]
      if rows then
         if conversation.type == "POST" then
            self:line("", names[side] .. " sees:")
         end
         for _, line in ipairs(transcript.grid(rows)) do
            self:line("", line)
         end
      end
   end
end

--- A message was written. A bot's message is shown after the request that brought it.
---@param conversation kenar.sandbox.Conversation
---@param message kenar.sandbox.Message
function Transcript:message(conversation, message)
   if message.sender.type == "BOT" then
      self.pending[#self.pending + 1] = { conversation, message }
   else
      show_message(self, conversation, message)
   end
end

local directions = { to_divar = "bot -> Divar", to_bot = "Divar -> bot" }

--- An HTTP exchange has ended.
---@param exchange kenar.sandbox.Exchange
function Transcript:exchange(exchange)
   local status = exchange.response and tostring(exchange.response.status) or "no answer"
   self:line(directions[exchange.direction], ("%s %s  %s  %.1f ms"):format(
      exchange.method, exchange.path, status, (exchange.seconds or 0) * 1000))
   for _, finding in ipairs(exchange.findings or {}) do
      self:line("", ("%s: %s: %s"):format(finding.severity, finding.path, finding.message))
   end
   if exchange.problem then
      self:line("", "error: " .. exchange.problem)
   end
   if exchange.fault then
      self:line("", "fault: " .. fault_line.write(exchange.fault))
   end
   if exchange.direction == "to_divar" then
      local pending = self.pending
      self.pending = {}
      for _, entry in ipairs(pending) do
         show_message(self, entry[1], entry[2])
      end
   end
end

--- A person acts without a message.
---@param side string
---@param text string
function Transcript:act(side, text)
   self:line(names[side], text)
end

--- Show what a person sees after an act.
---@param act kenar.sandbox.Act
function Transcript:seen(act)
   local seen = act.seen
   if seen.text then
      self:line("", "sees: " .. seen.text)
   end
   if seen.url then
      self:line("", "opens: " .. seen.url)
   elseif seen.page then
      self:line("", ("opens: the %s of %s"):format(
         seen.page == "post" and "page" or "owner's page", seen.post_token))
   end
   if act.what == "press" and next(seen) == nil then
      self:line("", "sees nothing")
   end
end

--- Make a transcript.
---@param write fun(text: string) takes whole lines
function transcript.new(write)
   return setmetatable({ write = write, pending = {} }, Transcript)
end

return transcript
