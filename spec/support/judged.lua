--- A judge with one app, a seller and a buyer, and short ways to call it: what Divar answers to raw requests.
local json = require "kenar.json"
local judges = require "kenar.sandbox.judge"

local judged = {}

local Divar = {}
Divar.__index = Divar

judged.POST = "gZd7omnS"

--- Make one. `divar.time` is its clock.
---@param changes? table assumptions
---@param app? table fields of the app
function judged.new(changes, app)
   local self = setmetatable({ time = 1729429926.14 }, Divar)
   local fields = {
      api_key = "key", identification_key = "identification", slug = "my-app", oauth_secret = "secret",
      redirect_uris = { "https://bot.example.ir/kenar/oauth/return" },
      urls = {
         events = "https://bot.example.ir/kenar/events", session = "https://bot.example.ir/kenar/session",
         action = "https://bot.example.ir/kenar/action", fallback = "https://bot.example.ir/kenar/fallback",
      },
   }
   for name, value in pairs(app or {}) do
      fields[name] = value
   end
   self.judge = judges.new { app = fields, now = function() return self.time end, assumptions = changes }
   self.state = self.judge.state
   self.seller, self.buyer = self.state:user "seller", self.state:user "buyer"
   self.conversation = self.state:conversation(judged.POST, self.buyer.id)
   return self
end

--- An access token.
---@param user table
---@param ... string scopes
---@return string
function Divar:token(user, ...)
   local token = "token-" .. self.state:next_id()
   self.state:grant(token, user.id, { ... }, 3600)
   return token
end

--- Call: status, the decoded body, and the response.
---@param call { [1]: string, [2]: string, token: string?, body: any, headers: table?, query: string? } method and path
function Divar:call(call)
   local headers = { ["x-api-key"] = "key", authorization = call.token and "Bearer " .. call.token }
   for name, value in pairs(call.headers or {}) do
      headers[name] = value or nil
   end
   local body = call.body
   local reply = self.judge:answer {
      method = call[1], path = call[2], query = call.query, headers = headers,
      body = type(body) == "table" and json.encode(body) or body,
   }
   self.judge:record(reply.exchange)
   return reply.response.status, (json.decode(reply.response.body)), reply.response
end

--- The requests that wait for the bot; it answers each 200 with `answer`.
---@param answer? any
---@return table[] deliveries
function Divar:deliver(answer)
   local list = {}
   for delivery in self.judge.next_delivery, self.judge do
      list[#list + 1] = delivery
      delivery.problem = self.judge:delivered(delivery, {
         status = 200, headers = {}, body = answer and json.encode(answer) or "{}",
      })
   end
   return list
end

return judged
