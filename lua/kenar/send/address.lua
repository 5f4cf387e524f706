--- The destination of a message, parsed from an event or from a request of `bot:send`.

local addresses = {}

---@class kenar.Address : kenar.GrantTarget
---@field chat "bot"|"post"|"user"

-- A button click does not say whether its conversation is a post's or the bot's. Buttons of kenar carry that in `via`;
-- of other conversations, only a post's chat has a post token.
local function is_bot_chat(event, via)
   if event.chat then
      return event.chat == "bot"
   end
   return via == "bot" or via == nil and event.post_token == nil
end

local function hint_of(event, via)
   if via and via ~= "bot" then
      return via
   end
   local hint = event.metadata and event.metadata.kenar_grant
   return type(hint) == "string" and hint or nil
end

--- The address of the conversation that an event came from.
---@param event kenar.Event
---@param via? string the chat or the grant that the pressed button names
---@return kenar.Address
function addresses.of_event(event, via)
   local address = {
      chat = is_bot_chat(event, via) and "bot" or "post", id = hint_of(event, via),
      conversation_id = event.conversation_id, post_token = event.post_token,
   }
   if event.variant == "legacy" and not event.conversation_id and event.side then
      address.seller_id, address.buyer_id = event.user_id, event.peer_id
      if event.side == "BUYER" then
         address.seller_id, address.buyer_id = event.peer_id, event.user_id
      end
   end
   return address
end

local targets = { conversation_id = "post", bot_conversation_id = "bot", user_id = "user" }
local send_fields = { as = true, message = true, post_token = true, grant = true, timeout = true, priority = true }

local function message_problem(message)
   if type(message) ~= "string" and type(message) ~= "table" then
      return "message: expected a table or a string, got " .. type(message)
   end
end

local function side_problem(side)
   if side ~= nil and side ~= "SELLER" and side ~= "BUYER" then
      return 'as: expected "SELLER" or "BUYER", got ' .. tostring(side)
   end
end

local function target_of(request)
   local target, value
   for name, given in pairs(request) do
      if targets[name] then
         if target then
            return nil, ("%s and %s: expected one of the two"):format(target, name)
         elseif type(given) ~= "string" or given == "" then
            return nil, ("%s: expected the id as Divar gave it, got %s"):format(name, type(given))
         end
         target, value = name, given
      elseif not send_fields[name] then
         return nil, ("unknown field %q of send"):format(tostring(name))
      end
   end
   if not target then
      return nil, "say where: conversation_id, bot_conversation_id or user_id"
   end
   return target, value
end

--- Parse a request of `bot:send`.
---@param request table
---@return kenar.Address? address, string? message the mistake in the request
function addresses.read(request)
   local target, value = target_of(request)
   if not target then
      return nil, value
   end
   local chat, as = targets[target], request.as
   local problem = side_problem(as) or message_problem(request.message)
   if problem then
      return nil, problem
   elseif chat ~= "post" and (as or request.post_token or request.grant) then
      return nil, "as, post_token and grant say for whom to speak in a post's chat: conversation_id"
   end
   return {
      chat = chat, [chat == "user" and "user_id" or "conversation_id"] = value, as = as,
      post_token = request.post_token, id = request.grant,
   }
end

--- Parse a request of `bot:send`; a mistake in the request raises.
---@param request table
---@param level integer as for `error`
---@return kenar.Address
function addresses.of_request(request, level)
   local address, problem = addresses.read(request)
   if not address then
      error(problem, level + 1)
   end
   return address
end

--- Raise unless a message is a string or a table.
---@param message any
---@param level integer as for `error`
function addresses.check_message(message, level)
   local problem = message_problem(message)
   if problem then
      error(problem, level + 1)
   end
end

--- Raise unless a side is "SELLER", "BUYER" or nil.
---@param side any
---@param level integer as for `error`
function addresses.check_side(side, level)
   local problem = side_problem(side)
   if problem then
      error(problem, level + 1)
   end
end

return addresses
