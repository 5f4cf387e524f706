--- Reads all requests of Divar to a bot into events of one shape.
--
-- The shape of the body decides the event's kind, so that one URL can serve all of them. Absent values are nil, never
-- null. Keys, types and enum values that Divar adds later pass through and never fail.

local fields = require "kenar.event.fields"
local errors = require "kenar.error"
local json = require "kenar.json"
local messages = require "kenar.event.message"
local callback = require "kenar.event.callback"

local text, object, data_of = fields.text, fields.object, fields.data

local event = {}

-- The largest body that is parsed; servers refuse it earlier.
local LIMITS = { max_bytes = 1048576 }

---@alias kenar.event_kind
---| "message" | "session_init" | "server_link" | "dynamic_action" | "post_update" | "payment_transaction"
---| "user_access_revocation" | "oauth_return" | "direct_link" | "unknown"

---@class kenar.Event
---@field type? string         the name on the wire: NEW_MESSAGE; nil for requests that carry none
---@field kind kenar.event_kind
---@field variant "current"|"legacy"
---@field detail? string       what a filter's part behind the colon compares: text, publish, completed, granted
---@field id? string
---@field dedup_key? string    nil if Divar repeats the event on purpose
---@field order_key? string    events of one key are handled in order
---@field chat? "bot"|"post"
---@field conversation_id? string
---@field post_token? string
---@field side? "SELLER"|"BUYER"  the side that wrote or pressed
---@field sender? { id: string?, type: string? }
---@field sender_type? "HUMAN"|"BOT"
---@field user_id? string
---@field peer_id? string
---@field message_type? string TEXT, IMAGE, FILE, VOICE, LOCATION, VIDEO, CONTACT or what Divar adds
---@field text? string
---@field start? { touch_point: string, id: string? }
---@field source? string       the touch point of a session or a dynamic action
---@field data? table          a button's data, with our reserved keys
---@field metadata? table      the subscription's
---@field post? table
---@field payment? { id: string?, cost_rials: number?, extra_details: string?, state: string?, type: string? }
---@field return_url? string
---@field next_url? string     kind oauth_return: the URL for the user, from ctx:authorize
---@field sent_at? integer     microseconds since 1970
---@field payload table        the part of the body that is about this event
---@field raw string           the body as received

local NO_HEADERS = {}

local function read_revocation(result, revocation)
   result.user_id = text(revocation.user_id)
   result.order_key = result.user_id and "user:" .. result.user_id
end

local function read_post_update(result, update)
   local post = data_of(update.post) or {}
   result.detail = text(update.type) and update.type:lower()
   result.post = post
   result.post_token = text(post.token)
   result.order_key = result.post_token and "post:" .. result.post_token
end

-- Protobuf's JSON may write an enum by its number.
local function named(prefix, names)
   return function(value)
      if type(value) == "string" then
         return value
      end
      return names[value] and prefix .. names[value]
   end
end

local payment_fields = {
   id = text, cost_rials = fields.number, extra_details = text,
   state = named("TRANSACTION_STATE_", { "PENDING", "COMPLETED", "FAILED", "REFUNDED" }),
   type = named("TRANSACTION_TYPE_", { "REORDER" }),
}

local function read_payment(result, transaction)
   local payment = fields.read(transaction, payment_fields)
   result.payment = payment
   result.id = payment.id
   result.detail = payment.state and payment.state:gsub("^TRANSACTION_STATE_", ""):lower()
   result.dedup_key = result.id and result.id .. ":" .. (result.detail or "")
   result.order_key = result.id and "payment:" .. result.id
end

local message_details = { unknown = true }
for _, name in ipairs(fields.type_names) do
   message_details[name] = true
end

-- One row per event: its kind, the key of its payload, its reader, and the details that a filter may name. Divar's sets
-- of updates and of payment states are open, so a filter may name any word there.
local events = {
   NEW_MESSAGE = { kind = "message", key = "new_message", read = messages.read, details = message_details },
   NEW_CHATBOT_MESSAGE = {
      kind = "message", key = "new_chatbot_message", read = messages.read_chatbot, details = message_details,
   },
   CHAT_MESSAGE = { kind = "message", key = "payload", read = messages.read_legacy, details = message_details },
   USER_ACCESS_REVOCATION = {
      kind = "user_access_revocation", key = "user_access_revocation", read = read_revocation,
   },
   POST_UPDATE = { kind = "post_update", key = "post_update", read = read_post_update, details = true },
   PAYMENT_TRANSACTION = {
      kind = "payment_transaction", key = "payment_transaction", older_key = "transaction", read = read_payment,
      details = true,
   },
}

--- Each kind of event: whether its sender (Divar, or a user's browser) waits for the handler's result, and the details
--- that a filter may name, `true` for any word.
---@type table<kenar.event_kind, { is_callback: boolean?, details: true|table<string, true>|nil }>
event.kinds = {
   server_link = { is_callback = true },
   session_init = { is_callback = true },
   dynamic_action = { is_callback = true },
   oauth_return = { is_callback = true, details = { granted = true, denied = true, failed = true } },
   direct_link = { is_callback = true },
   unknown = {},
}
for _, row in pairs(events) do
   event.kinds[row.kind] = row
end

local function read_event(result, body)
   local row = events[body.type]
   result.type = body.type
   if body.metadata or body.meta_data then
      result.metadata = data_of(body.metadata) or data_of(body.meta_data)
   end
   local payload = row and (object(body[row.key]) or row.older_key and object(body[row.older_key]))
   if payload then
      result.kind, result.payload = row.kind, payload
      row.read(result, payload)
      return
   end
   result.kind, result.payload = "unknown", body
end

--- Read a request of Divar's, the fields of a chat message only as they are asked for.
---@param bytes string the body
---@param headers? table<string, string> names in lower case; only the version header is read
---@param endpoint? "events"|"session"|"action" the URL it came to; decides only if the body does not
---@return kenar.Event? event, kenar.Error? err kind `invalid` if the body is not a JSON object
function event.read(bytes, headers, endpoint)
   local body, err = json.decode(bytes, LIMITS)
   if err then
      return nil, err
   end
   if not object(body) then
      return nil, errors.new { kind = "invalid", message = "expected a JSON object" }
   end
   -- The names preallocate the table, which is filled field by field.
   local result = {
      variant = "current", raw = bytes, kind = nil, type = nil, payload = nil, chat = nil, metadata = nil,
      detail = nil, sender_type = nil, dedup_key = nil, order_key = nil,
   }
   local read = type(body.type) == "string" and read_event or callback.reader(body, headers or NO_HEADERS, endpoint)
   if read then
      read(result, body)
   else
      result.kind, result.payload = "unknown", body
   end
   return result
end

--- Whether an event's sender waits for the handler's result.
---@param read kenar.Event
---@return boolean
function event.is_callback(read)
   local row = event.kinds[read.kind]
   return row ~= nil and row.is_callback == true
end

--- Every field of an event that event.read gave.
event.complete = messages.complete

--- Read a request of Divar's as plain data.
---@param bytes string the body
---@param headers? table<string, string> as in event.read
---@param endpoint? "events"|"session"|"action" as in event.read
---@return kenar.Event? event, kenar.Error? err
function event.parse(bytes, headers, endpoint)
   local result, err = event.read(bytes, headers, endpoint)
   if not result then
      return nil, err
   end
   return messages.complete(result)
end

return event
