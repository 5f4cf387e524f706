--- A bot whose users grant what a spec says, before an edge that plays Divar.
local edges = require "spec.support.oauth_edge"
local json = require "kenar.json"
local kenar = require "kenar"
local memory = require "kenar.store.memory"
local process = require "spec.support.grants_process"

local granting_bot = {}

local Subject = {}
Subject.__index = Subject

--- Keep a grant, as a consent would.
---@param scopes string
---@param about? table
---@param lifetime? number seconds
---@return kenar.Grant
function Subject:save(scopes, about, lifetime)
   return assert(self.bot.grants:save(process.tokens(self.edge, scopes, lifetime), about or {}))
end

--- Post to the bot as Divar does.
---@param body table|string
---@return table response
function Subject:post(body)
   return self.bot:handle {
      method = "POST", path = self.bot.prefix, headers = { authorization = "id-key-1" },
      body = type(body) == "table" and assert(json.encode(body)) or body,
   }
end

--- Make another bot, over the same store.
---@param options? table false leaves an option out
---@return kenar.Bot
function Subject:new_bot(options)
   local all = {
      api_key = "key-1", identification_key = "id-key-1", app_slug = "my-app", oauth_secret = "oauth-secret-1",
      public_url = "https://bot.example.ir", store = self.store,
   }
   for name, value in pairs(options or {}) do
      all[name] = value or nil
   end
   -- The samples share their ids.
   all.dedup_ttl = false
   self.bot = kenar.bot(all):attach(self.edge.host)
   self.bot:catch(function(err) self.caught[#self.caught + 1] = err end)
   return self.bot
end

--- A buyer's message in the conversation c-1 about the post p-1.
---@param metadata? table
---@return table body
function granting_bot.message(metadata)
   return {
      type = "NEW_MESSAGE", metadata = metadata,
      new_message = {
         id = "m-1", conversation = { id = "c-1", type = "POST", post_token = "p-1" },
         sender = { side = "BUYER", type = "HUMAN" }, type = "TEXT", text = "x",
      },
   }
end

--- A press of our button `go` in the conversation c-1.
---@param via? string
---@param more? table
---@return table body
function granting_bot.press(via, more)
   local body = {
      touchpoint = "CHAT", conversation_id = "c-1", extra_data = { kenar_action = "go", kenar_via = via },
   }
   for name, value in pairs(more or {}) do
      body[name] = value
   end
   return body
end

---@return table subject `edge`, `store` (which can be broken), `bot`, `caught` (errors)
function granting_bot.new()
   local edge = edges.new()
   local subject = setmetatable({
      edge = edge, store = edges.breakable(memory.new { now = edge.host.clock }), caught = {},
   }, Subject)
   subject:new_bot()
   return subject
end

return granting_bot
