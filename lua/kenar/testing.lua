--- A Divar for specs: the sandbox's judge and a virtual host, in one process.
--
--    local divar = require("kenar.testing").divar(require "bot")
--    local chat = divar:chatbot {}
--    chat:start("MY_POST", "gZd7omnS")
--    assert.equal("سلام!", chat:last().text)
--    assert.equal("https://shop.example.ir/gZd7omnS", chat:press("دیدن کالا").url)
--
-- Nothing waits and nothing leaves the process: sleeps move a virtual clock, and opening a socket raises. What a
-- handler raises is raised again by the verb that led to it, unless the bot has a `catch` of its own.

local assumptions = require "kenar.sandbox.judge.assumptions"
local bots = require "kenar.bot"
local checks = require "kenar.base.options"
local people = require "kenar.sandbox.play.person"
local rehearsals = require "kenar.sandbox.play.rehearsal"
local subscriptions = require "kenar.sandbox.judge.subscriptions"
local tokens = require "kenar.sandbox.judge.tokens"

local testing = {}

---@class kenar.testing.Divar
---@field requests kenar.sandbox.Exchange[]   the calls that reached Divar
---@field deliveries kenar.sandbox.Exchange[] the requests to the bot, and its responses
---@field errors table[]     the errors of handlers, if the bot has no `catch` of its own
---@field log string[]       the bot's log lines
---@field host table         the virtual host
---@field judge kenar.sandbox.Judge
local Divar = {}
Divar.__name = "kenar.testing.divar"

local function check_options(given, known, what)
   checks.table(given, what, 3)
   checks.check(given, known, "unknown option %q of " .. what, 3)
end

local function collect_errors(bot, list)
   bot:catch_by_default(function(err)
      list[#list + 1] = err
   end)
end

local function person_of(self, conversation, side)
   return people.new(self.judge, function(f, user_id)
      self._rehearsal:settle(f, user_id)
   end, conversation, side)
end

--- Open the bot's chat; one user has one.
---@param options? { user: string? } the user's name, default "customer"
---@return kenar.testing.Person
function Divar:chatbot(options)
   options = options or {}
   check_options(options, { user = true }, "chatbot")
   local user = self.judge.state:user(options.user or "customer")
   return person_of(self, self.judge.state:chatbot(user.id), "USER")
end

--- Put a post up.
---@param options { token: string, seller: string?, title: string?, category: string?, test: boolean? } `seller` is a
---   user's name, default "seller"; `test = false` makes a post that apps in development may not write to
---@return { token: string, title: string, category: string, seller: string, test: boolean } post
function Divar:post(options)
   check_options(options, { token = true, seller = true, title = true, category = true, test = true }, "post")
   if type(options.token) ~= "string" then
      error("token: expected a post's token, a string, got " .. type(options.token), 2)
   end
   return self.judge.state:post(options.token, options)
end

--- Open a conversation about a post, between its seller and a buyer. The client's own access token is that of the user
--- called "seller".
---
--- Divar tells a bot of a post's messages only while it has subscribed to them. So that a spec need not begin with a
--- consent, the bot hears of them here as though it had; `subscribed = false` leaves it to the bot's own
--- subscriptions, as Divar does. Where the bot has one, the message comes with its metadata either way.
---@param options? { post_token: string?, buyer: string?, id: string?, subscribed: boolean? } `buyer` is a user's name,
---   default "buyer"; `subscribed` holds for all conversations about the post, the last one said counts
---@return { id: string, post_token: string, seller: kenar.testing.Person, buyer: kenar.testing.Person }
function Divar:conversation(options)
   options = options or {}
   check_options(options, { post_token = true, buyer = true, id = true, subscribed = true }, "conversation")
   local state = self.judge.state
   local buyer = state:user(options.buyer or "buyer")
   local conversation = state:conversation(options.post_token or "gZd7omnS", buyer.id, options.id)
   subscriptions.stand(state, conversation.post_token, options.subscribed ~= false)
   return {
      id = conversation.id, post_token = conversation.post_token,
      seller = person_of(self, conversation, "SELLER"), buyer = person_of(self, conversation, "BUYER"),
   }
end

-- The name of a user, who is given by name or as a person; default: the user who acted last.
local function name_of(self, user)
   if type(user) == "string" then
      return user
   elseif user == nil and not self._rehearsal.acting then
      error("say which user: nobody has acted yet", 3)
   end
   if user ~= nil and type(user) ~= "table" then
      error("user: expected a user's name or a person, got " .. type(user), 3)
   end
   local known = self.judge.state.users[user and (user.user_id or "") or self._rehearsal.acting]
   if not known then
      error("user: nobody here has this id", 3)
   end
   return known.name
end

local function perform(self, name, ...)
   local arguments, count = { ... }, select("#", ...)
   local unpack = table.unpack or unpack -- luacheck: ignore 143
   local act, problem
   self._rehearsal:settle(function()
      act, problem = self.judge[name](self.judge, unpack(arguments, 1, count))
   end)
   problem = problem or act.problem
   if problem then
      error(problem, 3)
   end
   return act.seen
end

--- Open a URL of ctx:authorize as the user's browser would: the bot's page, Divar's, where the user agrees or refuses,
--- and back.
---@param url string
---@param options? { user: string|kenar.testing.Person, deny: boolean? } `user`: opens it; default: the user
---   who acted last
---@return { url: string, status: integer?, body: string? } seen where the browser ended. `status` and `body` are
---   there if that is a page of the bot's or of Divar's: 200 on Divar's completion page, to which the user goes unless
---   the app names another; 400 if one refused. A page elsewhere is not opened, so it has neither.
function Divar:consent(url, options)
   options = options or {}
   check_options(options, { user = true, deny = true }, "consent")
   if type(url) ~= "string" then
      error("url: expected a string, got " .. type(url), 2)
   end
   return self._rehearsal:browse(url, name_of(self, options.user), options.deny)
end

--- Let all access tokens expire that have a lifetime, whatever the bot was told of it. Refresh tokens live on.
function Divar:expire_tokens()
   tokens.expire(self.judge.state)
end

--- Let a user revoke all consents.
---@param user? string|kenar.testing.Person default: the user who acted last
function Divar:revoke(user)
   perform(self, "revoke", name_of(self, user))
end

--- Let a payment become something.
---@param transaction? table Divar's `id`, `cost_rials`, `extra_details`, `state` (default TRANSACTION_STATE_COMPLETED)
---   and `type`; absent fields get values of the sandbox
function Divar:pay(transaction)
   checks.table(transaction or {}, "transaction", 2)
   perform(self, "pay", transaction)
end

--- Change a post: Divar tells bots that have subscribed to POST_UPDATE.
---@param options { token: string, type: string?, post: table? } `type` PUBLISH (default), RETIRE, ONGOING, ARCHIVE;
---   `post`: Divar's fields of it
function Divar:update_post(options)
   check_options(options, { token = true, type = true, post = true }, "update_post")
   perform(self, "update_post", options.token, options.type, options.post)
end

--- Open the app from one of Divar's pages rather than from a chat.
---@param options { source: string, user: string|kenar.testing.Person|nil, post_token: string? } `source`: POST_ADDON,
---   MY_POST, MY_DIVAR, DIVAR_PRO, DEMAND_POST...
---@return { url: string? } seen
function Divar:open(options)
   check_options(options, { source = true, user = true, post_token = true }, "open")
   return perform(self, "visit", name_of(self, options.user), options.source, options.post_token)
end

--- Follow a direct link of a post: a browser opens the bot's fallback URL.
---@param post_token? string
---@return { url: string } seen where the browser was sent
function Divar:direct_link(post_token)
   return perform(self, "direct_link", post_token)
end

--- Let something go wrong: calls, what is delivered to the bot, Divar's clock. Calls are made again as they are
--- elsewhere, by the virtual clock: a 429 that strikes once costs half a second, one that strikes three times
--- (`times = 3`) fails the call.
---@param fault kenar.sandbox.Fault { at = "send_bot_message", status = 429, times = 1 },
---   { at = "webhook", kind = "duplicate" }, { at = "*", kinds = { "drop", "half", 503 }, rate = 0.1 }
function Divar:fail(fault)
   checks.table(fault, "fault", 2)
   local rule, message = self.judge.faults:add(fault)
   if not rule then
      error(message, 2)
   end
end

--- Stop the bot and start another, as a restart of its process does: the new one knows its store, and nothing else.
--- The store outlives it with the option `keep_store` of testing.divar, or if `settings` names one that does.
---@param bot kenar.Bot as its file returns it: `dofile "bot.lua"`
function Divar:restart(bot)
   if not bots.is(bot) then
      error("expected a bot, as kenar.bot and a bot file return it, got " .. type(bot), 2)
   end
   self._rehearsal:restart(bot)
   collect_errors(bot, self._rehearsal.errors)
end

--- Close the store's file, if the bot has one.
function Divar:close()
   self._rehearsal.bot:close()
end

--- Let seconds pass.
---@param seconds number
function Divar:advance(seconds)
   self._rehearsal:settle(function()
      self.host:advance(seconds)
   end)
end

--- Issue an access token.
---@param options { user_id: string, scopes: string[], token: string?, lifetime: number? } `lifetime` in seconds
---@return string token
function Divar:grant(options)
   check_options(options, { user_id = true, scopes = true, token = true, lifetime = true }, "grant")
   if type(options.user_id) ~= "string" then
      error("user_id: expected the id of a user, got " .. type(options.user_id), 2)
   elseif type(options.scopes) ~= "table" then
      error("scopes: expected a list of scopes, got " .. type(options.scopes), 2)
   end
   local state = self.judge.state
   local token = options.token or "testing-" .. state:next_id()
   state:grant(token, options.user_id, options.scopes, options.lifetime)
   return token
end

-- What is heard and seen lies with the rehearsal.
function Divar.__index(self, key)
   local method = Divar[key]
   if method ~= nil then
      return method
   end
   return rawget(self, "_rehearsal")[key]
end

local divar_options = { now = true, assumptions = true, settings = true, permissions = true, keep_store = true }

--- Put a bot before a Divar of its own. Keys, tokens and URLs are the test's, whatever the bot's file and the
--- environment say.
---@param bot kenar.Bot
---@param options? { now: number?, assumptions: table?, settings: table?, permissions: table?, keep_store: boolean? }
---   `now` is the wall clock at the start, in seconds since 1970; `assumptions` as in kenar.sandbox.judge.assumptions;
---   `settings` are more settings for the bot; `permissions`, those of the app by name (default: all); `keep_store`:
---   the bot's store outlives `divar:restart`, as a file does
---@return kenar.testing.Divar
function testing.divar(bot, options)
   if not bots.is(bot) then
      error("expected a bot, as kenar.bot and a bot file return it, got " .. type(bot), 2)
   end
   options = options or {}
   check_options(options, divar_options, "divar")
   checks.table(options.settings or {}, "settings", 2)
   checks.table(options.assumptions or {}, "assumptions", 2)
   if options.keep_store and options.settings and options.settings.store then
      error("keep_store: settings names a store of its own, which is kept anyway", 2)
   end
   local problem = assumptions.problem(options.assumptions)
   if problem then
      error(problem, 2)
   end
   local rehearsal = rehearsals.new(bot, options)
   collect_errors(bot, rehearsal.errors)
   return setmetatable({ _rehearsal = rehearsal }, Divar)
end

return testing
