--- Checks and shows the rows of `kenar send` before anything is sent.

local media = require "kenar.client.media"
local messages = require "kenar.message"
local printable = require "kenar.base.printable"
local send_row = require "kenar.send.row"
local send_source = require "kenar.send.source"

local send_preview = {}

-- How many messages are shown.
local SHOWN = 3

local encodings = { bot = "bot", user = "bot", post = "conversation" }

-- Check a message by Divar's rules. Media are not uploaded, and only a grant tells which side has which buttons.
local function check_message(item)
   local message = item.message
   if type(message) == "string" then
      message = { text = message }
   elseif media.is_in(message) or message.seller_buttons or message.buyer_buttons then
      return true
   end
   local bytes, err = messages.encode(encodings[item.address.chat], message)
   if not bytes then
      err.path = item.place .. (err.path and err.path ~= "" and ": " .. err.path or "")
      return nil, err
   end
   return true
end

local function read(row, place, template, needs_key)
   local _, err = send_row.key(row, place, needs_key)
   if err then
      return nil, err
   end
   local item
   item, err = send_row.read(row, place, template)
   if not item then
      return nil, err
   end
   local ok
   ok, err = check_message(item)
   return ok and item, err
end

local function print_message(item)
   local address, message = item.address, item.message
   print(("%s, to %s"):format(item.place, printable.text(address.conversation_id or address.user_id)))
   local text = type(message) == "string" and message or message.text or "(a medium)"
   print("    " .. (printable.text(text):gsub("\n", "\n    ")))
end

--- Read all rows, report wrong rows on stderr, and show the first messages.
---@param rows kenar.Rows closed at the end
---@param template? kenar.Template
---@param needs_key boolean
---@return { ready: integer, wrong: integer }? counts, kenar.Error? err if the file is wrong
function send_preview.look(rows, template, needs_key)
   local source = send_source.new(rows, nil, 2)
   local counts = { ready = 0, wrong = 0 }
   local row, err = source:next()
   while row ~= nil do
      local item, problem = read(row, source:place(), template, needs_key)
      if item then
         counts.ready = counts.ready + 1
         if counts.ready <= SHOWN then
            print_message(item)
         end
      else
         counts.wrong = counts.wrong + 1
         io.stderr:write(printable.text(problem), "\n")
      end
      row, err = source:next()
   end
   source:close()
   if err then
      return nil, err
   end
   return counts
end

return send_preview
