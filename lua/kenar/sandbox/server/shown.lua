--- The state and the log as JSON for display: secrets are masked, and bytes that are not text are in base64.

local core = require "kenar.core"
local diagnosis = require "kenar.sandbox.faults.diagnosis"
local fault_line = require "kenar.sandbox.faults.line"
local fault_rules = require "kenar.sandbox.faults.rules"
local json = require "kenar.json"
local subscriptions = require "kenar.sandbox.judge.subscriptions"

local shown = {}

local HIDDEN = "***"

local secret = {
   authorization = true, ["x-api-key"] = true, ["x-access-token"] = true, cookie = true, ["set-cookie"] = true,
   location = true,
}
-- Bodies of these calls hold codes, secrets and tokens.
local secret_calls = {
   oauth_page = true, legacy_oauth_page = true, oauth_decision = true, oauth_token = true, legacy_oauth_token = true,
   legacy_oauth_form_token = true, create_upload_token = true,
}

--- A JSON array, also if it is empty.
function shown.list(values)
   return setmetatable(values, json.array_mt)
end

--- Bytes from outside as text; they need not be UTF-8.
---@param bytes? string
---@return string?
function shown.text(bytes)
   if bytes == nil or core.utf8_valid(bytes) then
      return bytes
   end
   return "base64:" .. core.base64_encode(bytes)
end

local function headers_of(headers)
   local all = {}
   for name, value in pairs(headers or {}) do
      all[shown.text(name)] = secret[name] and HIDDEN or shown.text(tostring(value))
   end
   return all
end

local function has_errors(findings)
   for _, finding in ipairs(findings or {}) do
      if finding.severity == "error" then
         return true
      end
   end
   return false
end

local function findings_of(findings)
   local all = {}
   for i, finding in ipairs(findings or {}) do
      all[i] = { path = shown.text(finding.path), message = shown.text(finding.message), severity = finding.severity }
   end
   return findings and shown.list(all)
end

--- An exchange without headers and bodies.
---@param exchange kenar.sandbox.Exchange
---@return table
function shown.brief(exchange)
   local response = exchange.response
   return {
      number = exchange.number, at = exchange.at, direction = exchange.direction, endpoint = exchange.endpoint,
      event = shown.text(exchange.event), method = exchange.method, path = shown.text(exchange.path),
      conversation_id = shown.text(exchange.conversation_id), problem = shown.text(exchange.problem),
      diagnosis = diagnosis.of(exchange), seconds = exchange.seconds,
      fault = exchange.fault and fault_line.write(exchange.fault), replay_of = exchange.replay_of,
      has_errors = has_errors(exchange.findings), url = shown.text(exchange.url),
      response = response and { status = response.status },
   }
end

--- An exchange with headers and bodies.
---@param exchange kenar.sandbox.Exchange
---@return table
function shown.exchange(exchange)
   local all, response, is_secret = shown.brief(exchange), exchange.response, secret_calls[exchange.endpoint]
   all.headers, all.body = headers_of(exchange.headers), is_secret and HIDDEN or shown.text(exchange.bytes)
   all.query = exchange.query and (is_secret and HIDDEN or shown.text(exchange.query))
   all.findings, all.answer_findings = findings_of(exchange.findings), findings_of(exchange.answer_findings)
   all.response = response and {
      status = response.status, headers = headers_of(response.headers),
      body = is_secret and HIDDEN or shown.text(response.body),
   }
   return all
end

--- A message. If the app uploaded its medium, the message has the medium's name and size.
---@param state table
---@param message kenar.sandbox.Message
---@return table
function shown.message(state, message)
   local medium = message.media_token and state.media[message.media_token]
   if not medium then
      return message
   end
   local all = { medium = { name = shown.text(medium.name), size = medium.size } }
   for key, value in pairs(message) do
      all[key] = value
   end
   return all
end

--- Whether the bot gets a conversation's messages. It always gets those of its own chat.
---@param judge kenar.sandbox.Judge
---@param conversation kenar.sandbox.Conversation
---@return boolean
function shown.is_heard(judge, conversation)
   if conversation.type == "BOT" then
      return true
   end
   local state, assumed = judge.state, judge.assumed
   local post = state:post(conversation.post_token)
   return subscriptions.covering(state, assumed.events, "NEW_MESSAGE_ON_POST", post)[1] ~= nil
      or subscriptions.live_hook(state, assumed.legacy, post.token) ~= nil
end

--- A conversation.
---@param judge kenar.sandbox.Judge
---@param conversation kenar.sandbox.Conversation
---@param is_brief? boolean without its messages
---@return table
function shown.conversation(judge, conversation, is_brief)
   local messages
   if not is_brief then
      messages = shown.list {}
      for i, message in ipairs(conversation.messages) do
         messages[i] = shown.message(judge.state, message)
      end
   end
   return {
      id = conversation.id, type = conversation.type, post_token = conversation.post_token,
      members = conversation.members, blocked = conversation.blocked, is_heard = shown.is_heard(judge, conversation),
      messages = messages,
   }
end

--- Users by their ids, with names as valid text.
---@param state table
---@return table
function shown.users(state)
   local users = {}
   for id, user in pairs(state.users) do
      users[id] = { id = id, name = shown.text(user.name), phone = user.phone, legacy_id = user.legacy_id }
   end
   return users
end

--- The active faults, and how often each kind struck.
---@param judge kenar.sandbox.Judge
---@return table
function shown.faults(judge)
   local rules = {}
   for i, rule in ipairs(judge.faults:list()) do
      rules[i] = rule
      rule.kinds = rule.kinds and shown.list(rule.kinds)
   end
   return {
      seed = judge.faults.seed, skew = judge.faults.skew, faults = shown.list(rules), struck = judge.faults.struck,
   }
end

local function sorted_names(map)
   local names = {}
   for name in pairs(map) do
      names[#names + 1] = name
   end
   table.sort(names)
   return names
end

--- A sandbox as its page shows it: the bot's environment, the URLs of the panel, limits in seconds, faults' names.
---@param sandbox kenar.sandbox.Server
---@return table
function shown.app(sandbox)
   local judge = sandbox.judge
   return {
      environment = sandbox:environment(), urls = judge.app.urls, redirect_uris = shown.list(judge.app.redirect_uris),
      limits = { patience = diagnosis.PATIENCE, timeout = judge.assumed.deliveries.timeout },
      places = sorted_names(judge.faults.places), kinds = sorted_names(fault_rules.kinds),
   }
end

return shown
