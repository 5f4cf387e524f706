--- The HTTP requests of Divar, or of a user's browser, to a bot, and the reading of the responses.

local json = require "kenar.json"
local rules = require "kenar.sandbox.judge.rules"

local postings = {}

local function decoded_object(response)
   local body, err = json.decode(response.body or "")
   if type(body) ~= "table" or getmetatable(body) == json.array_mt or body[1] ~= nil then
      local why = err and ": " .. tostring(err.message or err) or ""
      return nil, "not_json", "the bot's answer is not a JSON object" .. why
   end
   return body
end

-- `mistake` is a code that pages put into words.
local function wrong(mistake, problem, findings)
   return { problem = problem, mistake = mistake, findings = findings }
end

local function url_of(body)
   if type(body.url) ~= "string" or body.url == "" then
      return wrong("no_url", "the bot's answer has no url, so nothing opens")
   end
   return { url = body.url }
end

local function read_nothing()
   return {}
end

local function read_session(response)
   local body, mistake, problem = decoded_object(response)
   return body and url_of(body) or wrong(mistake, problem)
end

-- `status` is a string in Divar's documents, which show 200 and 400.
local function read_legacy_session(response)
   local body, mistake, problem = decoded_object(response)
   if not body then
      return wrong(mistake, problem)
   elseif tostring(body.status) ~= "200" then
      return wrong("bad_answer", ("the bot's answer has status %s, not \"200\""):format(tostring(body.status)))
   elseif type(body.message) ~= "string" then
      return wrong("bad_answer", "the bot's answer has no message")
   end
   return url_of(body)
end

local function read_action(response, assumed)
   local body, mistake, problem = decoded_object(response)
   if not body then
      return wrong(mistake, problem)
   end
   local text, action = body.text_message, body.action
   if text ~= nil and text ~= json.null and type(text) ~= "string" then
      return wrong("bad_answer", "text_message of the bot's answer is not a string")
   end
   if action == nil or action == json.null then
      return { text = type(text) == "string" and text or nil }
   end
   local _, first = rules.check(rules.action, action, assumed)
   if first then
      local path = first.path == "" and "action" or "action." .. first.path
      return wrong("bad_answer", ("the bot's answer: %s: %s"):format(path, first.message), {
         { path = path, message = first.message, severity = "error" },
      })
   end
   return { text = type(text) == "string" and text or nil, action = action }
end

-- A browser follows a redirect, or shows the response's body.
local function read_page(response, _, request)
   return { url = response.status >= 300 and response.headers.location or request.url }
end

-- One row per kind: the panel's URL that it goes to, and the function that reads the response.
local kinds = {
   events = { read = read_nothing },
   hook = { read = read_nothing },
   session = { name = "session_init", is_versioned = true, read = read_session },
   legacy_session = { name = "session_init", url = "session", read = read_legacy_session },
   action = { name = "dynamic_action", read = read_action },
   page = { name = "direct_link", read = read_page, is_browsed = true },
}

--- Deliveries by their names in the log: "event" if nobody waits for the answer, "asked" if a person waits.
---@type table<string, "event"|"asked">
postings.groups = {
   NEW_CHATBOT_MESSAGE = "event", NEW_MESSAGE = "event", POST_UPDATE = "event", PAYMENT_TRANSACTION = "event",
   USER_ACCESS_REVOCATION = "event", CHAT_MESSAGE = "event",
   session_init = "asked", dynamic_action = "asked", direct_link = "asked",
}

--- The conversation of a delivery; nil if there is none, or the body does not name it.
---@param body table
---@return string?
function postings.conversation(body)
   local message = body.new_chatbot_message or body.new_message
   local id = message and message.conversation.id or body.conversation_id
   return type(id) == "string" and id or nil
end

---@alias kenar.sandbox.posting "events"|"hook"|"session"|"legacy_session"|"action"|"page"

--- A delivery's name in the log.
---@param kind kenar.sandbox.posting
---@param body table
---@return string
function postings.name(kind, body)
   return kinds[kind].name or body.type
end

--- The HTTP request of a delivery.
---@param app { urls: table<string, string>, identification_key: string }
---@param assumed table as in assumptions.deliveries
---@param kind kenar.sandbox.posting
---@param body table
---@param to? { url: string, key: string? } replaces the panel's URL and the app's key
---@return { method: string, url: string, headers: table, body: string? }
function postings.request(app, assumed, kind, body, to)
   local row = kinds[kind]
   if row.is_browsed then
      return { method = "GET", url = to.url, headers = { accept = "text/html" }, body = "" }
   end
   local headers = {
      ["content-type"] = "application/json", authorization = to and to.key or app.identification_key,
   }
   if row.is_versioned then
      headers[assumed.version_header:lower()] = "2"
   end
   return {
      method = "POST", url = to and to.url or app.urls[row.url or kind], headers = headers,
      body = assert(json.encode(body)),
   }
end

--- Read a bot's response as Divar does.
---@param kind kenar.sandbox.posting
---@param request table
---@param response? { status: integer, headers: table, body: string } nil if the bot did not respond
---@param err? any the error if the bot did not respond
---@param assumed table as in assumptions.bodies
---@return { problem: string?, mistake: string?, findings: kenar.sandbox.Finding[]?, url: string?, text: string?,
---   action: table? } `mistake` is "not_json", "no_url" or "bad_answer", if the status is 200 and there is a `problem`
function postings.read(kind, request, response, err, assumed)
   if not response then
      return { problem = "the bot did not answer: " .. tostring(err) }
   end
   local highest = kinds[kind].is_browsed and 399 or 299
   if response.status < 200 or response.status > highest then
      return { problem = ("the bot answered %d"):format(response.status) }
   end
   return kinds[kind].read(response, assumed, request)
end

return postings
