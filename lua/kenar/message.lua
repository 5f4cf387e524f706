--- Messages with their buttons: checks them against Divar's rules and writes them as JSON in one step.

local action = require "kenar.message.action"
local core = require "kenar.core"
local errors = require "kenar.error"
local json = require "kenar.json"
local legacy = require "kenar.message.legacy"

local message = {}

---@class kenar.Message
---@field text? string               or media_token; Divar documents no limit of its length
---@field media_token? string        of an uploaded medium
---@field buttons? kenar.Grid        in a post's chat for both sides
---@field sender_buttons? kenar.Grid    kind "conversation": for the side for which the app speaks
---@field receiver_buttons? kenar.Grid  kind "conversation": for the other side

---@class kenar.EncodeOptions
---@field via? string            `kenar_via` in the data of kenar's buttons: "bot", or a grant's id
---@field state? string          `kenar_state` in the data of `answer` buttons
---@field strict_icons? boolean  refuse icons that are not on Divar's list, which grows; the error names the nearest one
---@field strict_captions? boolean refuse a button without a caption; default: it is written with an empty one
---@field icon_key? "icon"|"icon_name"|"both"|"as_given" the key of an icon; default "icon"
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

--- Check a message and write the body of Divar's request. An error has the path of the problem:
--- `buttons[2][4]: at most 3 buttons`. The rules are from Divar's documents: at most 3 rows of 3 buttons, exactly one
--- action for each button, a text or a medium. An empty grid is left out; an empty row is refused.
---@param kind "conversation"|"bot"|"legacy" a post's chat, the bot's chat, or a post's chat before conversations had
---   ids: one button for each side, and the options have `user_id`, `post_token` and `peer_id`
---@param content kenar.Message
---@param options? kenar.EncodeOptions another key raises
---@return string? body, kenar.Error? err kind `invalid`
---@return string? captionless the path of the first button without a caption, which Divar's documents do not forbid
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
