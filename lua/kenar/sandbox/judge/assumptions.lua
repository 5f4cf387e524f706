--- The sandbox's behaviour in cases that Divar's documents leave open.
--
-- Each assumption can be changed. The defaults are strict: a request that passes here should pass at Divar, and a bot
-- should not rely on undocumented behaviour.

local assumption_values = require "kenar.sandbox.judge.assumption_values"
local nearest = require "kenar.base.nearest"

local assumptions = {}

--- How bodies are judged. "refuse" answers INVALID_ARGUMENT; "accept" takes the body and notes the finding in the log.
assumptions.bodies = {
   unknown_field = "refuse", -- a misspelt key is the commonest mistake; Divar's gateway may ignore it
   empty_text = "refuse", -- protobuf's JSON cannot tell an empty string from an absent one
   empty_rows = "refuse",
   empty_caption = "accept",
   other_type = "refuse", -- a `type` that is not TEXT, the only documented one
   text_with_media = "refuse", -- the OpenAPI file says: text or media, not both
   older_field = "accept", -- `meta_data` of a subscription, as the documents had it at first
}

--- Refusals whose form the documents leave open: the HTTP status, the gRPC code and the message.
--- `blocked` and `rate_limited` are documented; the others follow gRPC's usual pairs.
assumptions.refusals = {
   unknown_path = { status = 404, code = 5, message = "Not Found" },
   wrong_method = { status = 405, code = 12, message = "Method Not Allowed" },
   missing_key = { status = 401, code = 16, message = "api key is missing" },
   wrong_key = { status = 401, code = 16, message = "api key is not valid" },
   missing_permission = { status = 403, code = 7, message = "api key lacks the permission" },
   missing_token = { status = 401, code = 16, message = "access token is missing" },
   wrong_token = { status = 401, code = 16, message = "access token is not valid" },
   expired_token = { status = 401, code = 16, message = "access token is expired" },
   revoked_token = { status = 401, code = 16, message = "access token is revoked" },
   missing_scope = { status = 403, code = 7, message = "access token lacks the scope" },
   foreign_token = { status = 403, code = 7, message = "access token belongs to another user" },
   real_post = { status = 403, code = 7, message = "apps in development work with test posts only" },
   invalid = { status = 400, code = 3, message = "invalid argument" },
   unknown_conversation = { status = 404, code = 5, message = "conversation not found" },
   unknown_user = { status = 404, code = 5, message = "user not found" },
   unknown_post = { status = 404, code = 5, message = "post not found" },
   unknown_media = { status = 400, code = 3, message = "media token is not valid" },
   blocked = { status = 412, code = 9, message = "message delivery failed due to recipient's restriction" },
   rate_limited = { status = 429, code = 8, message = "rate limit exceeded" },
   leaked_key = { status = 400, code = 3, message = "the upload host takes no api key" },
   wrong_upload_token = { status = 401, code = 16, message = "upload token is not valid" },
   bad_upload = { status = 400, code = 3, message = "not a multipart body with a file" },
   unknown_format = { status = 415, code = 3, message = "format is not supported" },
   too_large = { status = 413, code = 3, message = "file is too large" },
}

--- The refusals of the OAuth server, in RFC 6749's words.
assumptions.oauth_refusals = {
   invalid_request = { status = 400, description = "The request is malformed." },
   invalid_client = { status = 401, description = "Client authentication failed." },
   invalid_grant = { status = 400, description = "The provided authorization grant is invalid or expired." },
   unsupported_grant_type = { status = 400, description = "The grant type is not supported." },
}

--- OAuth: lifetimes in seconds. An hour and thirty days are documented, as are the two minutes of the old pair.
assumptions.oauth = {
   code_lifetime = 600,
   access_token_lifetime = 3600, -- 604799 was seen in 2024-08
   refresh_token_lifetime = 2592000,
   grace = 120,
   code_on_refresh = "require", -- documented: the current access token; "ignore" does not need it
   denial = "error", -- the user returns with error=access_denied, as apps have seen; "bare": with the state only
}

--- Media.
assumptions.media = {
   megabyte = 1000000, -- or 1048576
   upload_token_lifetime = 600,
   upload_token_uses = 1,
   unknown_token = "refuse", -- a media_token that the sandbox did not issue; "accept": it names a picture
}

--- Events.
assumptions.events = {
   overlapping = "once", -- one event with the metadata of the newest subscription; "each": one per subscription
   all_covers_one = true, -- the scope for all posts allows a subscription to one of them
   own_messages = true, -- NEW_MESSAGE also comes for the app's own messages, as in one of Divar's samples
   repeats = 1, -- how often a POST_UPDATE comes; Divar says that repeats are to be expected
}

--- Endpoints and forms older than today's API.
assumptions.legacy = {
   old_bot_paths = true, -- the bot's chat is also at its paths of before 2025-06; false: 404 there
   endpoints = "serve", -- endpoints before 2024-11; or "gone": undocumented whether they still answer
   refresh_token = "offline_access", -- the old token endpoints give one for this scope; until 2023-12 "always"
   hook_lives = "token", -- the hook ends with the token that registered it; or "ever"
   hook_parties = "sender_receiver", -- or "from_to", or "both": the older pair null, as it was captured
   own_messages = true, -- the hook also gets messages that the app wrote in the owner's name
   supplier_key = "supplier", -- or "Supplier"
   conversation_id = true, -- a click names its conversation, as from 2024-08 on
}

--- The form of deliveries, for which sources differ, and the bot's timeout.
assumptions.deliveries = {
   numbers = "documents", -- as numbers; "openapi": 64-bit ones as strings, and times in RFC 3339
   sent_at = "microseconds", -- or "rfc3339", whatever `numbers` says; both have been seen
   human = "HUMAN", -- or "USER", as older samples have it
   user_side = { SELLER = "SUPPLY", BUYER = "DEMAND" }, -- or Supply and Demand
   version_header = "API-Version", -- or "API_VERSION", which some proxies drop
   session = "current", -- or "legacy": how the app is opened from a post's chat
   session_source = true, -- false: a session comes without `source`
   session_data = "extra_data", -- or "provider_data", as the page on touch points has it
   session_return = "none", -- or "completion_url", as on that page; or "return_url", as until 2025-09-30
   payment_key = "payment_transaction", -- or "transaction"
   return_url = "https://open-platform-redirect.divar.ir/completion",
   timeout = 10, -- seconds
   hops = 5, -- at most so many dynamic actions may follow one another
}

local areas = { "bodies", "refusals", "oauth_refusals", "oauth", "media", "events", "legacy", "deliveries" }

local function visit(prefix, value, found)
   for key, each in pairs(value) do
      local name = prefix .. key
      if type(each) == "table" then
         visit(name .. ".", each, found)
      else
         found[#found + 1] = name
         found.defaults[name] = each
      end
   end
end

--- Every assumption by its whole name, such as `deliveries.session`.
---@return string[] names sorted
---@return table<string, any> defaults
function assumptions.list()
   local found = { defaults = {} }
   for _, area in ipairs(areas) do
      visit(area .. ".", assumptions[area], found)
   end
   local defaults = found.defaults
   found.defaults = nil
   table.sort(found)
   return found, defaults
end

--- The error text for an unknown name.
---@param name string
---@return string problem
function assumptions.unknown(name)
   local meant = nearest.of(name, (assumptions.list()))
   return ("unknown assumption %s%s"):format(name, meant and "; did you mean " .. meant .. "?" or "")
end

local merged

-- One value below `prefix`; nil and the mistake if it is wrong.
local function chosen(name, default, value)
   if default == nil then
      return nil, assumptions.unknown(name)
   elseif type(default) ~= "table" then
      return value, assumption_values.problem(name, default, value)
   elseif type(value) ~= "table" then
      return nil, ("%s: expected a table, got %s"):format(name, type(value))
   end
   return merged(name .. ".", default, value)
end

function merged(prefix, base, changes)
   local result = {}
   for key, value in pairs(base) do
      result[key] = value
   end
   for key, value in pairs(changes) do
      local problem
      result[key], problem = chosen(prefix .. tostring(key), base[key], value)
      if problem then
         return nil, problem
      end
   end
   return result
end

local function changed(changes)
   local base = {}
   for _, area in ipairs(areas) do
      base[area] = merged("", assumptions[area], {})
   end
   return merged("", base, changes or {})
end

--- The mistake in changes for `with`; nil if there is none.
---@param changes? table<string, table>
---@return string? problem
function assumptions.problem(changes)
   local _, problem = changed(changes)
   return problem
end

--- The defaults with some of them changed; raises an error for a wrong change.
---@param changes? table<string, table> by the names of the tables above, with their keys; of a row of `refusals`, those
---   that differ
---@return table<string, table>
function assumptions.with(changes)
   local result, problem = changed(changes)
   if not result then
      error(problem, 4)
   end
   return result
end

return assumptions
