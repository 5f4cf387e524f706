--- What the benches say and hear: samples of spec/fixtures, as bytes on the wire and as the messages that kenar takes.

local cjson = require "cjson"

local messages = {
   --- The message that Divar's documents show: a text, two buttons for each side.
   usual = "out.send_message.doc_sample",
   --- The fullest that Divar takes: a text, nine buttons for each side.
   full = "out.send_message.full_grid",
   --- The documents' message of a bot: a text, two buttons.
   reply = "out.chatbot_send.doc_sample",
   --- Events.
   chatbot_message = "in.new_chatbot_message.text",
   post_message = "in.new_message.text",
}

local fixtures = debug.getinfo(1, "S").source:match "^@(.*)bench/messages%.lua$" .. "fixtures/"

--- JSON without the white space between its tokens, as it comes over the wire.
---@param json string
---@return string
local function compact(json)
   local parts, position = {}, 1
   while position <= #json do
      local opening = json:find('"', position, true)
      parts[#parts + 1] = json:sub(position, (opening or #json + 1) - 1):gsub("%s+", "")
      if not opening then
         break
      end
      local closing = opening
      repeat
         closing = json:find('"', closing + 1, true)
      until #json:sub(opening, closing - 1):match "\\*$" % 2 == 0
      parts[#parts + 1] = json:sub(opening, closing)
      position = closing + 1
   end
   return table.concat(parts)
end

--- The bytes of a sample.
---@param name string a file of spec/fixtures without its `.json`
---@return string
function messages.bytes(name)
   local file = assert(io.open(fixtures .. name .. ".json", "rb"))
   local json = file:read "*a"
   file:close()
   return compact(json)
end

--- A sample as the message that kenar takes, with the grids in Divar's own form.
---@param name string
---@return table
function messages.divar_form(name)
   local body = cjson.decode(messages.bytes(name))
   return {
      text = body.message or body.text_message,
      buttons = body.buttons,
      sender_buttons = body.sender_buttons,
      receiver_buttons = body.receiver_buttons,
   }
end

-- How each of Divar's actions is said as plain data.
local plain_action = {
   open_direct_link = function(url)
      return { direct_link = url }
   end,
   open_server_link = function(action)
      return { server_link = "visit", data = action.data }
   end,
   get_dynamic_action = function(action)
      return { dynamic_action = "vote", data = action.data }
   end,
   open_post_page = function(action)
      return { post_page = action.post_token }
   end,
   open_post_manage_page = function(action)
      return { post_manage_page = action.post_token }
   end,
}

local function plain_grid(grid)
   if not grid then
      return nil
   end
   local rows = {}
   for r, row in ipairs(grid.rows) do
      rows[r] = {}
      for b, button in ipairs(row.buttons) do
         local name, action = next(button.action)
         local plain = plain_action[name](action)
         plain[1], plain.icon = button.caption, button.icon or button.icon_name
         rows[r][b] = plain
      end
   end
   return rows
end

--- The same message as kenar's plain data.
---@param name string
---@return table
function messages.plain_form(name)
   local message = messages.divar_form(name)
   return {
      text = message.text,
      buttons = plain_grid(message.buttons),
      sender_buttons = plain_grid(message.sender_buttons),
      receiver_buttons = plain_grid(message.receiver_buttons),
   }
end

return messages
