--- The judge on a port of this machine: what comes goes to it, what it delivers is posted to the bot.
--
-- It listens on the loopback address only, for its keys are known to everybody.

local control = require "kenar.sandbox.control"
local core = require "kenar.core"
local judges = require "kenar.sandbox.judge"
local listeners = require "kenar.host.listener"

local server = {}

---@class kenar.sandbox.Server
---@field judge kenar.sandbox.Judge
local Server = {}
Server.__index = Server

--- The settings of a bot that talks to this sandbox, unless others are asked for.
server.settings = {
   api_key = "sandbox-api-key", identification_key = "sandbox-identification-key",
   access_token = "sandbox-access-token", app_slug = "sandbox-app", oauth_secret = "sandbox-oauth-secret",
}

-- What the fixed access token lets an app do in the name of the user called seller.
local SCOPES = {
   "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND", "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ", "USER_POSTS_GET", "USER_ID",
   "USER_PHONE",
}

local loopback = { ["127.0.0.1"] = "127.0.0.1", ["::1"] = "::1", localhost = "127.0.0.1" }
-- Divar's answers and the bot's are small; what is larger is a mistake. A video is not: 50 MB and what frames it.
local MAX_BODY = 1048576
local MAX_UPLOAD = 52 * 1048576

local function deliver(self)
   local delivery = self.judge:next_delivery()
   local request = delivery.request
   local began = self.host.clock()
   local response, err = self.host.request {
      method = request.method, url = request.url, headers = request.headers, body = request.body,
      timeout = self.judge.assumed.deliveries.timeout, max_body = MAX_BODY,
   }
   self.judge:delivered(delivery, response, err, self.host.clock() - began)
end

-- For faults that give no answer: nearest to a broken connection comes what a proxy makes of one.
local NO_ANSWER = {
   status = 502, headers = { ["content-type"] = "text/plain" }, body = "the sandbox was told to fail\n",
}

local function answer(self, request)
   if #(request.body or "") > MAX_BODY and not request.path:find "^/upload/" then
      return { status = 413, headers = {}, body = "" }
   end
   local began = self.host.clock()
   local reply = self.judge:answer(request)
   if reply.delay then
      self.host.sleep(reply.delay)
   end
   if #reply.exchange.bytes > MAX_BODY then
      reply.exchange.bytes = ("(%d bytes)"):format(#reply.exchange.bytes)
   end
   self.judge:record(reply.exchange, self.host.clock() - began)
   return reply.response or NO_ANSWER
end

--- Let a person act, and wait until the bot has answered all that it led to.
---@param name string one of kenar.sandbox.acts or kenar.sandbox.app_acts
---@param ... any as there, behind the judge
---@return kenar.sandbox.Act? act, string? problem what is wrong with the call; what is wrong with the bot is in the act
function Server:perform(name, ...)
   local act, problem = self.judge[name](self.judge, ...)
   if not act then
      return nil, problem
   end
   if not act.done then
      local done = self.host.semaphore(0)
      act.on_done = function()
         done:post()
      end
      done:wait()
   end
   return act
end

--- Say where the bot is.
---@param url string below which its URLs lie: `http://127.0.0.1:8080/kenar`
function Server:point_at(url)
   local app = self.judge.app
   for _, kind in ipairs { "events", "session", "action", "fallback" } do
      app.urls[kind] = url .. "/" .. kind
   end
   app.redirect_uris = { url .. "/oauth/return" }
   self.public_url = url:match "^%a[%w+.-]*://[^/]+"
end

--- The settings with which a bot talks to this sandbox, by the names of the environment, in an order to print.
---@return { [1]: string, [2]: string }[]
function Server:environment()
   local url, app = self:url(), self.judge.app
   return {
      { "KENAR_BASE_URL", url }, { "KENAR_API_KEY", app.api_key },
      { "KENAR_IDENTIFICATION_KEY", app.identification_key }, { "KENAR_OAUTH_URL", url }, { "KENAR_UPLOAD_URL", url },
      { "KENAR_APP_SLUG", app.slug }, { "KENAR_OAUTH_SECRET", app.oauth_secret },
      { "KENAR_PUBLIC_URL", self.public_url },
   }
end

--- The base URL of the API, of OAuth and of uploads: one port serves all three.
---@return string
function Server:url()
   return ("http://%s:%d"):format(self.address:find(":", 1, true) and "[" .. self.address .. "]" or self.address,
      self:port())
end

---@return integer
function Server:port()
   return self.listener:port()
end

--- Stop listening; requests under way have `deadline` seconds (default 1).
---@param deadline? number
function Server:close(deadline)
   self.listener:close(deadline or 1)
end

local function seed()
   local bytes = assert(core.random_bytes(4))
   return (bytes:gsub(".", function(byte)
      return ("%02x"):format(byte:byte())
   end))
end

--- Open a sandbox.
---@param host table the loop
---@param options? { address: string?, port: integer?, bot_url: string?, settings: table?, keep: integer?,
---   seed: string?, assumptions: table?, on_exchange: function?, on_message: function? } `address` is a loopback one
---   (default "127.0.0.1"); `port` default 0, a free one; `bot_url` default "http://127.0.0.1:8080/kenar"; `settings`
---   as in server.settings; `keep` bounds what is remembered (default 1000); the rest as in kenar.sandbox.judge
---@return kenar.sandbox.Server? server, string? message
function server.open(host, options)
   options = options or {}
   local address = loopback[options.address or "127.0.0.1"]
   if not address then
      return nil, ("the sandbox listens on loopback addresses only, not on %s"):format(tostring(options.address))
   end
   local settings = options.settings or server.settings
   local self = setmetatable({ host = host, address = address }, Server)
   self.judge = judges.new {
      app = {
         api_key = settings.api_key, identification_key = settings.identification_key, slug = settings.app_slug,
         oauth_secret = settings.oauth_secret, urls = {},
      },
      now = host.now, seed = options.seed or seed(), keep = options.keep or 1000, assumptions = options.assumptions,
      on_delivery = function() host.spawn(deliver, self) end,
      on_exchange = options.on_exchange, on_message = options.on_message,
   }
   self:point_at(options.bot_url or "http://127.0.0.1:8080/kenar")
   local state = self.judge.state
   state:grant(settings.access_token, state:user("seller").id, SCOPES)
   local message
   self.listener, message = listeners.open(host, {
      address = address, port = options.port or 0, max_body = MAX_UPLOAD,
   }, function(request)
      if request.path:find "^/sandbox/" then
         return control.answer(self, request)
      end
      return answer(self, request)
   end)
   if not self.listener then
      return nil, message
   end
   return self
end

return server
