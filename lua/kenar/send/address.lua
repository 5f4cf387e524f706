--- Which endpoint a message leaves by, with whose token, and which of its buttons are whose.
--
-- The bot's chat takes the app's key alone; a post's chat takes the token of a user in whose name the app speaks, from
-- a grant or, where there is none, the client's own; a conversation of the old kind, which has no id, the old endpoint.

local errors = require "kenar.error"

local addressing = {}

---@class kenar.Address : kenar.GrantTarget
---@field chat "bot"|"post"|"user"

local BOT_TO_USER = "CHAT_BOT_USER_MESSAGE_SEND"
-- A grant that turns out to be dead is deleted, and another one may cover the same.
local CANDIDATES = 3

local function invalid(path, message)
   return nil, errors.new { kind = "invalid", path = path, message = message, sent = "no", retryable = false }
end

-- A click names its conversation, but not whether that is a post's or the bot's: our buttons say it themselves, and
-- only a post's chat has a post.
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

--- Where an event came from.
---@param event kenar.Event
---@param via? string the chat or the grant that the pressed button names
---@return kenar.Address
function addressing.of_event(event, via)
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

-- For whom to speak: the token, the side, and the grant they are of.
local function speaker(bot, address)
   local dead
   for _ = 1, CANDIDATES do
      local grant, side = bot.grants:locate(address)
      if not grant then
         local err, token = side, bot:setting "access_token"
         if dead then
            return nil, dead
         elseif token and err.code_name == "NO_GRANT" then
            return { side = address.as }
         end
         return nil, err
      end
      local fresh, err = bot.grants:fresh(grant)
      if fresh then
         return {
            access_token = fresh.access_token, side = side, via = fresh.id, renew = bot.grants:renewal(fresh),
         }
      elseif err.code_name ~= "GRANT_EXPIRED" then
         return nil, err
      end
      dead = err
   end
   return nil, dead
end

local function other(side)
   return side == "SELLER" and "BUYER" or "SELLER"
end

-- Which of the two names each side's buttons had with the caller.
local by_side = { SELLER = "seller_buttons", BUYER = "buyer_buttons" }

-- The message as Divar has it: by sender and receiver. `names` leads back to the caller's terms.
local function by_sender(message, side)
   if type(message) ~= "table" or message.seller_buttons == nil and message.buyer_buttons == nil then
      return message, {}
   end
   local given = message.seller_buttons ~= nil and "seller_buttons" or "buyer_buttons"
   if not side then
      return invalid(given, "it is not known whether the app speaks for the seller or for the buyer: "
         .. 'pass side to ctx:authorize, or { as = "SELLER" } with the message')
   end
   for _, name in ipairs { "sender_buttons", "receiver_buttons", "buttons" } do
      if message[name] ~= nil then
         return invalid(given, "a message has these or " .. name .. ", not both")
      end
   end
   local placed = {}
   for name, value in pairs(message) do
      placed[name] = value
   end
   placed.seller_buttons, placed.buyer_buttons = nil, nil
   local names = { sender_buttons = by_side[side], receiver_buttons = by_side[other(side)] }
   for divars, callers in pairs(names) do
      placed[divars] = message[callers]
   end
   return placed, names
end

local function in_callers_terms(err, names)
   if err and err.path then
      err.path = err.path:gsub("^[%w_]+", names)
   end
   return nil, err
end

local function send_to_post(bot, address, message, options)
   local has_id = address.conversation_id ~= nil
   if not has_id and not (address.post_token and address.seller_id and address.buyer_id) then
      return invalid("conversation_id", "this event names no conversation to reply in")
   end
   local from, err = speaker(bot, address)
   if not from then
      return nil, err
   end
   local placed, names = by_sender(message, from.side)
   if not placed then
      return nil, names
   end
   options.access_token, options.via, options.renew = from.access_token, from.via, from.renew
   options.names = names
   local result
   if has_id then
      result, err = bot.client:send_message(address.conversation_id, placed, options)
   else
      local letter = type(placed) == "string" and { text = placed } or {}
      for name, value in pairs(type(placed) == "table" and placed or {}) do
         letter[name] = value
      end
      -- The hook that such messages come from was the seller's to allow.
      local side = from.side or "SELLER"
      letter.post_token = address.post_token
      letter.user_id = side == "SELLER" and address.seller_id or address.buyer_id
      letter.peer_id = side == "SELLER" and address.buyer_id or address.seller_id
      result, err = bot.client.legacy:send_message(letter, options)
   end
   if not result then
      return in_callers_terms(err, names)
   end
   return result
end

local function send_to_user(bot, address, message, options)
   local from, err = speaker(bot, { user_id = address.user_id, scope = BOT_TO_USER })
   if not from then
      return nil, err
   end
   options.access_token, options.renew = from.access_token, from.renew
   return bot.client:send_bot_message_to_user(address.user_id, message, options)
end

local function send_to_bot_chat(bot, address, message, options)
   if not address.conversation_id then
      return invalid("conversation_id", "this event names no conversation to reply in")
   end
   return bot.client:send_bot_message(address.conversation_id, message, options)
end

local senders = { bot = send_to_bot_chat, post = send_to_post, user = send_to_user }

--- Send a message.
---@param bot kenar.Bot
---@param address kenar.Address
---@param message string|kenar.Message
---@param options? table of the client's call: `timeout`, `deadline`, `retry_maybe`
---@return table? result, kenar.Error? err
function addressing.send(bot, address, message, options)
   local own = {}
   for name, value in pairs(options or {}) do
      own[name] = value
   end
   return senders[address.chat](bot, address, message, own)
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

--- Where `bot:send` sends to.
---@param request table
---@return kenar.Address? address, string? message what is wrong with the request
function addressing.read(request)
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

--- The same; a mistake in it raises.
---@param request table
---@param level integer as for `error`
---@return kenar.Address
function addressing.of_request(request, level)
   local address, problem = addressing.read(request)
   if not address then
      error(problem, level + 1)
   end
   return address
end

--- Check that a message is one at all.
---@param message any
---@param level integer as for `error`
function addressing.check_message(message, level)
   local problem = message_problem(message)
   if problem then
      error(problem, level + 1)
   end
end

--- Check the name of a side that a program gives.
---@param side any nil is taken as well
---@param level integer as for `error`
function addressing.check_side(side, level)
   local problem = side_problem(side)
   if problem then
      error(problem, level + 1)
   end
end

return addressing
