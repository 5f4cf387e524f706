--- Sends a message to an address: finds the endpoint, the grant and its token, and the side of each button.
--
-- The bot's chat needs only the app's key. A post's chat needs the token of the user in whose name the app speaks: from
-- a grant or, if there is none, the client's own token. An old conversation, which has no id, uses the old endpoint.

local errors = require "kenar.error"

local deliver = {}

local BOT_TO_USER = "CHAT_BOT_USER_MESSAGE_SEND"
-- The number of grants to try: an expired grant is deleted, and another grant may cover the same conversation.
local CANDIDATES = 3

local function invalid(path, message)
   return nil, errors.new { kind = "invalid", path = path, message = message, sent = "no", retryable = false }
end

-- Finds the user in whose name the app speaks: the token, the side, and the grant that both belong to.
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

-- The caller's name for the buttons of each side.
local by_side = { SELLER = "seller_buttons", BUYER = "buyer_buttons" }

-- Replaces seller_buttons and buyer_buttons with Divar's sender_buttons and receiver_buttons. `names` maps Divar's
-- names back to the caller's names, for errors.
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

local function with_callers_names(err, names)
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
      -- If the side is unknown it is the seller's, because only sellers allow the hook of the old conversations.
      local side = from.side or "SELLER"
      letter.post_token = address.post_token
      letter.user_id = side == "SELLER" and address.seller_id or address.buyer_id
      letter.peer_id = side == "SELLER" and address.buyer_id or address.seller_id
      result, err = bot.client.legacy:send_message(letter, options)
   end
   if not result then
      return with_callers_names(err, names)
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

--- Send a message to an address.
---@param bot kenar.Bot
---@param address kenar.Address
---@param message string|kenar.Message
---@param options? table options of the client's call: `timeout`, `deadline`, `retry_maybe`
---@return table? result, kenar.Error? err
function deliver.send(bot, address, message, options)
   local own = {}
   for name, value in pairs(options or {}) do
      own[name] = value
   end
   return senders[address.chat](bot, address, message, own)
end

return deliver
