--- Messages for the endpoint before conversations had ids: a text, and for each side one button that opens a link.

local action = require "kenar.message.action"
local errors = require "kenar.error"

local legacy = {}

local function refuse(path, problem)
   return nil, errors.new { kind = "invalid", path = path, message = problem }
end

-- Tells rows from buttons as kenar.grid does: a button may have no caption.
local function is_row(item)
   return type(item) == "table" and (type(item[1]) == "table" or item.buttons ~= nil or next(item) == nil)
end

-- The buttons of a row, which is a list or has Divar's form, and their paths.
local function buttons_of(item, place)
   if not is_row(item) then
      return { item }, { place }
   end
   local buttons, places = item.buttons or item, {}
   if type(buttons) ~= "table" then
      return nil, place .. ".buttons"
   end
   for at = 1, #buttons do
      places[at] = ("%s%s[%d]"):format(place, item.buttons and ".buttons" or "", at)
   end
   return buttons, places
end

-- The number of buttons, and the first one with its path; nil and the path of a value that is not a list.
local function button_count(grid)
   local rows, count, first = grid.rows or grid, 0, nil
   local where = grid.rows and ".rows" or ""
   if type(rows) ~= "table" then
      return nil, where
   end
   for index, item in ipairs(rows) do
      local buttons, places = buttons_of(item, ("%s[%d]"):format(where, index))
      if not buttons then
         return nil, places
      end
      first = first or buttons[1] ~= nil and { button = buttons[1], place = places[1] } or nil
      count = count + #buttons
   end
   return count, first
end

-- The old endpoint's names of its two actions.
local actions = {
   open_server_link = function(link, data)
      data.extra_data = link.data or {}
      return "LINK"
   end,
   open_direct_link = function(link, data)
      data.direct_link = link
      return "DIRECT_LINK"
   end,
}

local function caption_of(button, path, options)
   local caption = button.caption
   if caption == nil then
      caption = button[1]
   end
   if caption == nil then
      caption = ""
   end
   if type(caption) ~= "string" then
      return refuse(path .. ".caption", "expected a string, got " .. type(caption))
   elseif caption == "" and options.strict_captions then
      return refuse(path, "a button needs a caption: a string as its first item or `caption`")
   end
   return caption
end

local function button_of(grid, name, options)
   if grid == nil then
      return nil
   end
   if type(grid) ~= "table" then
      return refuse(name, "expected buttons, got " .. type(grid))
   end
   local count, first = button_count(grid)
   if not count then
      return refuse(name .. first, "expected a list")
   elseif count == 0 then
      return nil
   end
   if count > 1 then
      return refuse(name, ("the old endpoint takes one button a side, got %d; send_message takes up to nine")
         :format(count))
   end
   local button, path = first.button, name .. first.place
   if type(button) ~= "table" then
      return refuse(path, "a button must be a table, got " .. type(button))
   end
   local fields = {}
   for key, value in pairs(button) do
      if key ~= "caption" and key ~= "icon" and key ~= "icon_name" and key ~= 1 then
         fields[key] = value
      end
   end
   -- A direct link of the old endpoint may have data, which the rules of kenar.message forbid.
   local extra_data = fields.direct_link ~= nil and fields.data or nil
   if extra_data ~= nil then
      fields.data = nil
   end
   local wire, err = action(fields, { via = options.via })
   if not wire then
      err.path = path .. (err.path and err.path ~= "" and "." .. err.path or "")
      return nil, err
   end
   local caption
   caption, err = caption_of(button, path, options)
   if not caption then
      return nil, err
   end
   local kind, value = next(wire)
   local build = actions[kind]
   if not build then
      return refuse(path, ("the old endpoint opens links only; %s needs send_message"):format(kind))
   end
   local icon = button.icon or button.icon_name
   if type(icon) ~= "string" then
      return refuse(path .. ".icon", "the old endpoint's buttons need an icon, got " .. type(icon))
   end
   local data = { caption = caption, icon_name = icon, extra_data = extra_data }
   return { action = build(value, data), data = data }, nil, caption == "" and path or nil
end

local fields = { text = true, buttons = true, sender_buttons = true, receiver_buttons = true }

local sides = { sender_buttons = "sender_btn", receiver_buttons = "receiver_btn" }

local ids = { "user_id", "post_token", "peer_id" }

--- The body of a message.
---@param content kenar.Message
---@param options { user_id: string, post_token: string, peer_id: string, via: string?, strict_captions: boolean? } the
---   sender, the post and the receiver; `via` and `strict_captions` as in kenar.EncodeOptions
---@return table? body, kenar.Error? err kind `invalid`
---@return string? captionless the path of a button without a caption
function legacy.build(content, options)
   options = options or {}
   local body = { type = "TEXT" }
   for _, name in ipairs(ids) do
      local id = options[name]
      if type(id) ~= "string" or id == "" then
         return refuse(name, "expected the id as Divar gave it, got " .. (id == "" and "an empty one" or type(id)))
      end
      body[name] = id
   end
   for name in pairs(content) do
      if not fields[name] then
         return refuse(tostring(name), name == "media_token" and "the old endpoint sends text only"
            or "a message for the old endpoint has no such field")
      end
   end
   if type(content.text) ~= "string" then
      return refuse("text", "expected a string, got " .. type(content.text))
   end
   if content.buttons and (content.sender_buttons or content.receiver_buttons) then
      return refuse("buttons", "stands for both sides: leave sender_buttons and receiver_buttons out")
   end
   body.message = content.text
   local captionless
   for _, name in ipairs { "sender_buttons", "receiver_buttons" } do
      local given = content[name] and name or "buttons"
      local button, err, path = button_of(content[given], given, options)
      if err then
         return nil, err
      end
      body[sides[name]], captionless = button, captionless or path
   end
   return body, nil, captionless
end

return legacy
