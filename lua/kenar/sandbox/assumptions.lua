--- What Divar's documents do not say, and what the sandbox does about it.
--
-- Each of these is a guess that can be changed. The guesses are on the strict side: what passes here should pass
-- there, and a bot should not come to rely on what nobody has promised.

local assumptions = {}

--- How bodies are judged. "refuse" answers INVALID_ARGUMENT, "accept" lets it pass (and notes it in the log).
assumptions.bodies = {
   unknown_field = "refuse", -- a misspelt key is the commonest mistake, and Divar's gateway may well pass over it
   empty_text = "refuse", -- protobuf's JSON cannot tell an empty string from an absent one
   empty_rows = "refuse",
   empty_caption = "accept",
   other_type = "refuse", -- a `type` that is not TEXT, the only documented one
   text_with_media = "refuse", -- the OpenAPI file says: text or media, not both
}

--- How answers that Divar's documents leave open are given: the HTTP status, the gRPC code and the message.
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
   missing_scope = { status = 403, code = 7, message = "access token lacks the scope" },
   foreign_token = { status = 403, code = 7, message = "access token belongs to another user" },
   real_post = { status = 403, code = 7, message = "apps in development work with test posts only" },
   invalid = { status = 400, code = 3, message = "invalid argument" },
   unknown_conversation = { status = 404, code = 5, message = "conversation not found" },
   unknown_user = { status = 404, code = 5, message = "user not found" },
   blocked = { status = 412, code = 9, message = "message delivery failed due to recipient's restriction" },
   rate_limited = { status = 429, code = 8, message = "rate limit exceeded" },
}

--- How deliveries are written where sources differ, and how long the bot has.
assumptions.deliveries = {
   sent_at = "microseconds", -- or "rfc3339"; both have been seen
   human = "HUMAN", -- or "USER", as older samples have it
   user_side = { SELLER = "SUPPLY", BUYER = "DEMAND" }, -- or Supply and Demand
   version_header = "API-Version", -- or "API_VERSION", which some proxies drop
   timeout = 10, -- seconds
   hops = 5, -- how many dynamic actions may answer with a further one
}

local function merged(base, changes, where)
   local result = {}
   for key, value in pairs(base) do
      result[key] = value
   end
   for key, value in pairs(changes or {}) do
      if base[key] == nil then
         error(("unknown assumption %s.%s"):format(where, tostring(key)), 5)
      end
      result[key] = value
   end
   return result
end

--- The defaults with some of them changed.
---@param changes? { bodies?: table, refusals?: table, deliveries?: table } keys as in the three tables above
---@return { bodies: table, refusals: table, deliveries: table }
function assumptions.with(changes)
   changes = changes or {}
   local result = {}
   for _, area in ipairs { "bodies", "refusals", "deliveries" } do
      result[area] = merged(assumptions[area], changes[area], area)
   end
   return result
end

return assumptions
