--- What Divar posts to a bot, and what it makes of the bot's answer.

local json = require "kenar.json"
local rules = require "kenar.sandbox.rules"

local deliveries = {}

-- Under which key each kind of content travels (Divar's documents, page on events).
local content_keys = {
   IMAGE = "image_data", FILE = "file_data", VOICE = "voice_data", LOCATION = "location_data", VIDEO = "video_data",
   CONTACT = "contact_data",
}

local function sent_at(assumed, microseconds)
   if assumed.sent_at ~= "rfc3339" then
      return microseconds
   end
   local seconds = math.floor(microseconds / 1000000)
   return os.date("!%Y-%m-%dT%H:%M:%S", seconds) .. (".%06dZ"):format(microseconds - seconds * 1000000)
end

--- The event that tells the bot of a message.
---@param assumed table as in assumptions.deliveries
---@param conversation kenar.sandbox.Conversation
---@param message kenar.sandbox.Message
---@return table body
function deliveries.event(assumed, conversation, message)
   local bot_chat = conversation.type == "BOT"
   local payload = {
      id = message.id,
      conversation = { id = conversation.id, type = conversation.type, post_token = conversation.post_token },
      sender = {
         type = message.sender.type == "HUMAN" and assumed.human or message.sender.type, side = message.sender.side,
      },
      type = message.type,
      sent_at = sent_at(assumed, message.sent_at),
      text = message.text,
   }
   local key = content_keys[message.type]
   if key then
      payload[key] = message.content or { link = "https://example.com/media/" .. message.media_token }
   end
   if bot_chat then
      return { type = "NEW_CHATBOT_MESSAGE", new_chatbot_message = payload }
   end
   return { type = "NEW_MESSAGE", new_message = payload }
end

-- Divar writes null for what it does not know; a bot's chat has neither a post nor sides.
local function visit(assumed, conversation, side, fields)
   fields.post_token = conversation.post_token or json.null
   fields.conversation_id = conversation.id
   fields.user_side = assumed.user_side[side] or json.null
   fields.user_id = conversation.members[side]
   return fields
end

--- The request for the page that a server link opens.
---@param data? table the action's data; nil when the app was opened without a button
---@param source string CHAT_MESSAGE_ACTION, or the touch point
---@return table body
function deliveries.session(assumed, conversation, side, data, source)
   return visit(assumed, conversation, side, { source = source, extra_data = data })
end

--- The request for what a dynamic action does.
---@return table body
function deliveries.action(assumed, conversation, side, data)
   return visit(assumed, conversation, side, { touchpoint = "CHAT", extra_data = data or {} })
end

--- The HTTP request of a delivery.
---@param app { urls: table<string, string>, identification_key: string }
---@param kind "events"|"session"|"action"
---@param body table
---@return { method: string, url: string, headers: table, body: string }
function deliveries.request(app, assumed, kind, body)
   local headers = { ["content-type"] = "application/json", authorization = app.identification_key }
   if kind == "session" then
      headers[assumed.version_header:lower()] = "2"
   end
   return { method = "POST", url = app.urls[kind], headers = headers, body = assert(json.encode(body)) }
end

local function decoded_object(response)
   local body, err = json.decode(response.body or "")
   if type(body) ~= "table" or getmetatable(body) == json.array_mt or body[1] ~= nil then
      return nil, "the bot's answer is not a JSON object" .. (err and ": " .. tostring(err.message or err) or "")
   end
   return body
end

local readers = {}

function readers.events()
   return {}
end

function readers.session(response)
   local body, problem = decoded_object(response)
   if not body then
      return { problem = problem }
   end
   if type(body.url) ~= "string" or body.url == "" then
      return { problem = "the bot's answer has no url, so nothing opens" }
   end
   return { url = body.url }
end

function readers.action(response, assumed)
   local body, problem = decoded_object(response)
   if not body then
      return { problem = problem }
   end
   local text, action = body.text_message, body.action
   if text ~= nil and text ~= json.null and type(text) ~= "string" then
      return { problem = "text_message of the bot's answer is not a string" }
   end
   if action == nil or action == json.null then
      return { text = type(text) == "string" and text or nil }
   end
   local _, first = rules.check(rules.action, action, assumed)
   if first then
      local where = first.path == "" and "action" or "action." .. first.path
      return { problem = ("the bot's answer: %s: %s"):format(where, first.message) }
   end
   return { text = type(text) == "string" and text or nil, action = action }
end

--- What Divar makes of a bot's answer.
---@param kind "events"|"session"|"action"
---@param response? { status: integer, body: string } nil when there was none
---@param err? any why there was none
---@param assumed table as in assumptions.bodies
---@return { problem: string?, url: string?, text: string?, action: table? }
function deliveries.read(kind, response, err, assumed)
   if not response then
      return { problem = "the bot did not answer: " .. tostring(err) }
   end
   if response.status < 200 or response.status > 299 then
      return { problem = ("the bot answered %d"):format(response.status) }
   end
   return readers[kind](response, assumed)
end

return deliveries
