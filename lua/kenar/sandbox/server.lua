--- The judge on a port of this machine: what comes goes to it, what it delivers is posted to the bot.
--
-- It listens on the loopback address only, for its keys are known to everybody.

local answers = require "kenar.sandbox.judge.answers"
local control = require "kenar.sandbox.server.control"
local core = require "kenar.core"
local couriers = require "kenar.sandbox.acts.courier"
local feeds = require "kenar.sandbox.server.feed"
local judges = require "kenar.sandbox.judge"
local listeners = require "kenar.host.loop.listener"
local pages = require "kenar.sandbox.server.pages"
local panel = require "kenar.sandbox.server.panel"
local saved = require "kenar.sandbox.judge.saved"
local shown = require "kenar.sandbox.server.shown"
local subscriptions = require "kenar.sandbox.judge.subscriptions"
local visitors = require "kenar.sandbox.server.visitors"
local watches = require "kenar.sandbox.server.watch"

local server = {}

---@class kenar.sandbox.Server
---@field judge kenar.sandbox.Judge
---@field feed kenar.sandbox.Feed
---@field watch kenar.sandbox.Watch
---@field boot string differs from sandbox to sandbox
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

-- Seconds for which a call without an answer is held; every client has given up by then.
local HELD = 60

local function post(self, request)
   return self.host.request {
      method = request.method, url = request.url, headers = request.headers,
      body = request.method ~= "GET" and request.body or nil, timeout = self.judge.assumed.deliveries.timeout,
      max_body = MAX_BODY,
   }
end

-- What goes over the wire: the response, a part of it, or the end of the connection.
local function outcome(reply)
   local response, failure = reply.response, reply.failure
   if not failure then
      return response
   elseif not response then
      return { abort = failure.ends }
   end
   return { status = response.status, headers = response.headers, body = response.body, cut = failure.cut }
end

-- `replay_of` is the number of the exchange that is made again.
local function answer(self, request, replay_of)
   local size = #(request.body or "")
   if size > MAX_BODY and not request.path:find "^/upload/" then
      return answers.refusal(self.judge.assumed, "too_large",
         ("the body is too large: %d bytes, and at most %d are taken"):format(size, MAX_BODY))
   end
   local began = self.host.clock()
   local reply = self.judge:answer(request)
   local delay = reply.delay or reply.failure and reply.failure.kind == "timeout" and HELD
   if delay then
      self.host.sleep(delay)
   end
   if #reply.exchange.bytes > MAX_BODY then
      reply.exchange.bytes, reply.exchange.is_shortened = ("(%d bytes)"):format(#reply.exchange.bytes), true
   end
   reply.exchange.url, reply.exchange.replay_of = self:url() .. reply.exchange.path, replay_of
   self.judge:record(reply.exchange, self.host.clock() - began)
   return outcome(reply), reply.exchange
end

local function refusal(problem)
   return { status = 403, headers = { ["content-type"] = "text/plain; charset=utf-8" }, body = problem .. "\n" }
end

-- What a browser is sent to (the page, the consent) is for this machine's names alone; what does something, or tells of
-- it, for the sandbox's own pages besides.
local function route(self, request)
   local refused, is_ours = visitors.check_host(request.headers), request.path:find "^/sandbox/"
   if not refused and not is_ours and request.method ~= "GET" then
      refused = visitors.check_site(request.headers)
   end
   if refused then
      return refusal(refused)
   end
   local page = request.method == "GET" and pages.answer(request.path)
   if page then
      refused = visitors.check_site(request.headers)
      return refused and refusal(refused) or page
   end
   return is_ours and control.answer(self, request) or (answer(self, request))
end

--- Let something go wrong.
---@param fault kenar.sandbox.Fault
---@return integer? id of the rule, string? problem
function Server:fail(fault)
   if fault.kind == "tls" or fault.sent == "no" then
      return nil, "kind = tls and sent = no are for kenar.testing: here there is no TLS, and what fails has been sent"
   end
   local rule, problem = self.judge.faults:add(fault)
   return rule and rule.id, problem
end

--- Let a person act, and wait until the bot has answered all that it led to.
---@param name string one of kenar.sandbox.acts or kenar.sandbox.acts.app
---@param ... any as there, behind the judge
---@return kenar.sandbox.Act? act, string? problem what is wrong with the call; what is wrong with the bot is in the act
function Server:perform(name, ...)
   local act, problem = self.judge[name](self.judge, ...)
   if not act then
      return nil, problem
   end
   return self:finished(act)
end

--- Wait until the bot has answered all that an act led to.
---@param act kenar.sandbox.Act
---@return kenar.sandbox.Act
function Server:finished(act)
   if not act.done then
      local done = self.host.semaphore(0)
      act.on_done = function()
         done:post()
      end
      done:wait()
   end
   return act
end

--- Make an exchange again, with the same headers and bytes.
---@param exchange kenar.sandbox.Exchange
---@return integer? number of the new one, string? problem
function Server:replay(exchange)
   if exchange.direction == "to_bot" then
      return self:finished(self.judge:deliver_again(exchange)).exchanges[1]
   elseif exchange.is_shortened then
      return nil, "its body was too large to be kept"
   end
   local _, again = answer(self, {
      method = exchange.method, path = exchange.path, query = exchange.query, headers = exchange.headers,
      body = exchange.bytes,
   }, exchange.number)
   return again.number
end

--- Tell the bot of a post's messages whatever it subscribes to, or stop doing so.
---@param post_token string
---@param is_heard boolean
function Server:hear(post_token, is_heard)
   subscriptions.stand(self.judge.state, post_token, is_heard)
   self.watch:hearing()
end

--- Put a saved state in the place of this one.
---@param value any as kenar.sandbox.judge.saved gives it
---@return table? empty, string? problem
function Server:load(value)
   local done, problem = saved.put(self.judge, value)
   if not done then
      return nil, problem
   end
   self.watch:reset()
   return {}
end

--- Say where the app is, by the fields of Divar's panel.
---@param given { bot: string?, events: string?, session: string?, action: string?, fallback: string?,
---   redirect: string[]? } `bot` is the URL below which a kenar bot has all of them: `http://127.0.0.1:8080/kenar`
---@return table? empty, string? problem nothing has changed then
function Server:set_urls(given)
   local app = self.judge.app
   local fields, problem = panel.set({
      urls = app.urls, redirect_uris = app.redirect_uris, public_url = self.public_url,
   }, given)
   if not fields then
      return nil, problem
   end
   app.urls, app.redirect_uris, self.public_url = fields.urls, fields.redirect_uris, fields.public_url
   if self.feed:has_listeners() then
      self.feed:tell("app", { app = shown.app(self) })
   end
   return {}
end

--- Say where a kenar bot is.
---@param url string below which its URLs lie
function Server:point_at(url)
   assert(self:set_urls { bot = url })
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
---@param options? { address: string?, port: integer?, urls: table?, settings: table?, keep: integer?,
---   seed: string?, assumptions: table?, fault_seed: integer?, on_exchange: function?, on_message: function? }
---   `address` is a loopback one (default "127.0.0.1"); `port` default 0, a free one; `urls` as in
---   kenar.sandbox.Server.set_urls, `bot` default "http://127.0.0.1:8080/kenar"; `settings` as in server.settings;
---   `keep` bounds what is remembered (default 1000); the rest as in kenar.sandbox.judge
---@return kenar.sandbox.Server? server, string? message
function server.open(host, options)
   options = options or {}
   local address = loopback[options.address or "127.0.0.1"]
   if not address then
      return nil, ("the sandbox listens on loopback addresses only, not on %s"):format(tostring(options.address))
   end
   local settings = options.settings or server.settings
   local self = setmetatable({ host = host, address = address, boot = seed() }, Server)
   self.judge = judges.new {
      app = {
         api_key = settings.api_key, identification_key = settings.identification_key, slug = settings.app_slug,
         oauth_secret = settings.oauth_secret, urls = {},
      },
      now = host.now, seed = options.seed or seed(), keep = options.keep or 1000, assumptions = options.assumptions,
      fault_seed = options.fault_seed, on_delivery = function() self.courier:start() end,
      on_exchange = function(exchange)
         self.watch:exchange(exchange)
         if options.on_exchange then
            options.on_exchange(exchange)
         end
      end,
      on_message = function(conversation, message)
         self.watch:message(conversation, message)
         if options.on_message then
            options.on_message(conversation, message)
         end
      end,
   }
   self.feed = feeds.new()
   self.watch = watches.new(self.judge, self.feed)
   self.courier = couriers.new(host, self.judge, function(request)
      return post(self, request)
   end)
   self:point_at "http://127.0.0.1:8080/kenar"
   local pointed, why = self:set_urls(options.urls or {})
   if not pointed then
      return nil, why
   end
   local state = self.judge.state
   state:grant(settings.access_token, state:user("seller").id, SCOPES)
   local message
   self.listener, message = listeners.open(host, {
      address = address, port = options.port or 0, max_body = MAX_UPLOAD,
   }, function(request)
      return route(self, request)
   end)
   if not self.listener then
      return nil, message
   end
   return self
end

return server
