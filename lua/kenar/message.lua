--- What a bot says: messages with their buttons, checked against Divar's rules and written as JSON in one step.

local action = require "kenar.message.action"
local core = require "kenar.core"
local errors = require "kenar.error"
local json = require "kenar.json"
local legacy = require "kenar.message.legacy"

local message = {}

---@class kenar.Message
---@field text? string               this, or media_token; Divar documents no limit of its length
---@field media_token? string        of a medium that has been uploaded
---@field buttons? kenar.Grid        in a post's chat for both sides
---@field sender_buttons? kenar.Grid    kind "conversation": for the side that the app speaks for
---@field receiver_buttons? kenar.Grid  kind "conversation": for the other side

---@class kenar.EncodeOptions
---@field via? string            goes as `kenar_via` into the data of our buttons: "bot", or a grant's id
---@field state? string          goes as `kenar_state` into the data of `answer` buttons
---@field strict_icons? boolean  refuse icons that Divar's list has not, naming the nearest; the list grows
---@field strict_captions? boolean refuse a button without a caption; default: it is written with an empty one
---@field icon_key? "icon"|"icon_name"|"both"|"as_given" under which key an icon is written; default "icon"
---@field send_type? boolean     `"type": "TEXT"` beside a text; default true
---@field text_with_media? "empty" write "" as the text of a message with a media_token; default: no text
---@field conversation_id? string  kind "bot": a copy of the path's id in the body
---@field user_id? string          kind "bot": a copy of the path's id in the body

local encode_message = core.message_encoder(json.conventions)

-- The path of the first button without a caption. That is rare, so the encoder does not keep paths for it.
local function path_without_caption(kind, content, options)
   local strict = { strict_captions = true }
   for name, value in pairs(options or {}) do
      strict[name] = strict[name] or value
   end
   local _, _, path = encode_message(kind, content, strict)
   return path
end

--- Check a message and write the body of Divar's request. What breaks a rule comes back as an error with its path,
--- `buttons[2][4]: at most 3 buttons`. Rules are Divar's documented ones: at most 3 rows of 3 buttons, exactly one
--- action a button, text or media. An empty grid is left out; an empty row is refused.
---@param kind "conversation"|"bot"|"legacy" a post's chat, the bot's own, or a post's chat before conversations had
---   ids: one button a side, and `user_id`, `post_token` and `peer_id` among the options
---@param content kenar.Message
---@param options? kenar.EncodeOptions a key that is none of these raises
---@return string? body, kenar.Error? err kind `invalid`
---@return string? captionless the path of the first button without a caption; Divar's documents do not refuse one
function message.encode(kind, content, options)
   if kind == "legacy" then
      local body, err, captionless = legacy.build(content, options)
      if not body then
         return nil, err
      end
      local bytes, problem = json.encode(body)
      return bytes, problem, bytes and captionless
   end
   local bytes, problem, path = encode_message(kind, content, options)
   if not bytes then
      return nil, errors.new { kind = "invalid", message = problem, path = path }
   elseif problem then
      return bytes, nil, path_without_caption(kind, content, options)
   end
   return bytes
end

message.action = action

return message
