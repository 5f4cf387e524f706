--- Requests that Divar makes while a user waits: our button was pressed, the app was opened, a dynamic action asks.

local fields = require "kenar.event.fields"
local core = require "kenar.core"
local json = require "kenar.json"

local text, object, side_of, data_of = fields.text, fields.object, fields.side, fields.data

local callback = {}

local function is_given(value)
   return value ~= nil and value ~= json.null
end

-- The fields that a click, an opened session and a dynamic action share.
local function read_visit(result, body)
   result.payload = body
   result.conversation_id = text(body.conversation_id)
   result.order_key = result.conversation_id
   result.post_token = text(body.post_token)
   result.user_id = text(body.user_id)
   result.return_url = fields.return_url(body)
end

local function read_session(result, body)
   read_visit(result, body)
   result.side = side_of(body.user_side)
   local source = text(body.source)
   -- The documents' table misspells the value.
   result.source = source == "POST_ADODN" and "POST_ADDON" or source
   result.data = data_of(body.extra_data) or data_of(body.provider_data)
   result.kind = result.data and result.data.kenar_action and "server_link" or "session_init"
end

local function read_dynamic_action(result, body)
   read_visit(result, body)
   result.kind = "dynamic_action"
   result.side = side_of(body.user_side)
   result.source = text(body.touchpoint)
   result.data = data_of(body.extra_data) or data_of(body.provider_data)
end

local function read_legacy_session(result, body)
   read_visit(result, body)
   result.variant = "legacy"
   result.chat = "post"
   result.peer_id = text(body.peer_id)
   local extra = object(body.extra_data) or {}
   result.location = fields.location(extra.location)
   if object(extra.provider_data) then
      result.data = data_of(extra.provider_data)
   else
      -- Until 2023-10-09 the button's data lay directly in extra_data.
      result.data = data_of(body.extra_data)
      if result.data then
         result.data.location = nil
         if next(result.data) == nil then
            result.data = nil
         end
      end
   end
   local supplier = object(body.supplier) or object(body.Supplier) or {}
   local demand = object(body.demand) or {}
   if result.user_id then
      if result.user_id == supplier.id then
         result.side = "SELLER"
      elseif result.user_id == demand.id then
         result.side = "BUYER"
      end
   end
   result.kind = result.data and result.data.kenar_action and "server_link" or "session_init"
end

-- Divar's documents spell the header both ways, and proxies drop names with underscores.
local function version_of(headers)
   local value = headers["api-version"] or headers["api_version"]
   if type(value) == "table" then
      value = value[1]
   end
   return value and core.trim(tostring(value))
end

--- The reader of a body that is no event. Divar's documents tell the session's two versions apart by a header, but not
--- every proxy passes it on; the keys also tell them apart.
---@param body table
---@param headers table<string, string>
---@param endpoint? string the URL it came to; decides only if the body does not
---@return (fun(result: kenar.Event, body: table))? read
function callback.reader(body, headers, endpoint)
   if body.touchpoint ~= nil then
      return read_dynamic_action
   end
   if version_of(headers) == "2" or is_given(body.source) or is_given(body.user_side) then
      return read_session
   end
   if is_given(body.peer_id) or is_given(body.supplier) or is_given(body.Supplier) or is_given(body.callback_url) then
      return read_legacy_session
   end
   -- A null says no more than that the key exists, but only today's form has these.
   if body.source ~= nil or body.user_side ~= nil then
      return read_session
   end
   if endpoint == "action" then
      return read_dynamic_action
   end
   if endpoint == "session" then
      return read_session
   end
end

return callback
