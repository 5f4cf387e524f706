--- Bots on one virtual host, to which a spec posts as many events at once as it wants.
local json = require "kenar.json"
local kenar = require "kenar"
local virtual = require "kenar.host.virtual"

local crowd = {}

local Crowd = {}
Crowd.__index = Crowd

local API = "https://open-api.divar.ir"

--- Attach a bot; another process's, where it has a store of its own.
---@param options table
---@return kenar.Bot bot whose errors go to `errors`
function Crowd:bot(options)
   options.api_key, options.identification_key, options.base_url = "key-1", "k", API
   local bot = kenar.bot(options):attach(self.host)
   bot:catch(function(err) self.errors[#self.errors + 1] = err end)
   self.bots[#self.bots + 1] = bot
   return bot
end

local function post(bot, body)
   return bot:handle {
      method = "POST", path = "/kenar", headers = { authorization = "k" }, body = assert(json.encode(body)),
   }
end

--- Begin to post a text of the customer's in the bot's chat.
---@return table task
function Crowd:say(bot, text, conversation_id)
   self.messages = self.messages + 1
   return self.host.spawn(post, bot, {
      type = "NEW_CHATBOT_MESSAGE",
      new_chatbot_message = {
         id = "m" .. self.messages, conversation = { id = conversation_id or "conv-1", type = "BOT" },
         sender = { type = "HUMAN" }, type = "TEXT", text = text,
      },
   })
end

--- Begin to post a press on a button of a dynamic action.
---@return table task
function Crowd:press(bot, data)
   return self.host.spawn(post, bot, { touchpoint = "CHAT", conversation_id = "conv-1", extra_data = data })
end

--- Run until nothing is left to do.
function Crowd:run()
   self.host:run()
end

--- Close the bots.
function Crowd:close()
   for _, bot in ipairs(self.bots) do
      bot:close()
   end
end

---@return table crowd `host`, `errors`, and `sent`: the bodies of what bots sent
function crowd.new()
   local self = setmetatable({ bots = {}, errors = {}, sent = {}, messages = 0 }, Crowd)
   self.host = virtual.new {
      serves = {
         [API] = function(req)
            self.sent[#self.sent + 1] = assert(json.decode(req.body))
            return { status = 200, headers = {}, body = "{}" }
         end,
      },
   }
   return self
end

return crowd
