--- The request bodies that Divar accepts: the fields of each message as data, and the check of a value against them.
--
-- The rules were written from Divar's documents, independently of the client's encoder, so that a mistake in one of
-- the two shows as a difference.

local json = require "kenar.json"

local rules = {}

---@class kenar.sandbox.Finding
---@field path string    the place in the body: `buttons.rows[2].buttons[1].action`
---@field message string
---@field severity "error"|"note"

local string_value = { kind = "string" }
local any_object = { kind = "object" }
local post_page = { kind = "object", fields = { post_token = { kind = "string", required = true, filled = true } } }

-- Divar's documents, page on actions: one of these five.
local action = {
   kind = "object", exactly_one = "action",
   fields = {
      open_direct_link = { kind = "string", filled = true },
      open_server_link = { kind = "object", fields = { data = any_object } },
      get_dynamic_action = { kind = "object", fields = { data = any_object } },
      open_post_page = post_page,
      open_post_manage_page = post_page,
   },
}

local button = {
   kind = "object",
   fields = {
      action = { kind = "object", rule = action, required = true },
      icon = string_value,
      icon_name = string_value, -- deprecated, but many bots still send it
      caption = { kind = "string", required = true, when_empty = "empty_caption" },
   },
}

local row = {
   kind = "object",
   fields = {
      buttons = { kind = "array", of = button, max = 3, noun = "buttons", required = true, when_empty = "empty_rows" },
   },
}

local grid = {
   kind = "object",
   fields = { rows = { kind = "array", of = row, max = 3, noun = "rows", required = true, when_empty = "empty_rows" } },
}

local message_type = { kind = "string", only = "TEXT", when_other = "other_type" }

--- A dynamic action's answer carries one of these too.
rules.action = action

--- The body of a message in a post's chat.
rules.conversation_message = {
   kind = "object", text_or_media = "message",
   fields = {
      type = message_type, message = string_value, media_token = string_value,
      sender_buttons = grid, receiver_buttons = grid,
   },
}

--- The body of a bot's message. The ids repeat those of the path; the path decides.
rules.bot_message = {
   kind = "object", text_or_media = "text_message",
   fields = {
      type = message_type, text_message = string_value, media_token = string_value, buttons = grid,
      conversation_id = string_value, user_id = string_value,
   },
}

-- The buttons of before 2024-11: one per side, which opens a link, directly or through the bot.
local legacy_button = {
   kind = "object",
   fields = {
      action = { kind = "string", required = true, one_of = { LINK = true, DIRECT_LINK = true } },
      data = {
         kind = "object", required = true,
         fields = {
            icon_name = { kind = "string", required = true, filled = true },
            caption = { kind = "string", required = true, when_empty = "empty_caption" },
            extra_data = any_object,
            direct_link = { kind = "string", filled = true },
         },
      },
   },
   needs = { by = "action", within = "data", LINK = "extra_data", DIRECT_LINK = "direct_link" },
}

local filled_string = { kind = "string", required = true, filled = true }

--- The body of a message for the endpoint from before 2024-11.
rules.legacy_message = {
   kind = "object",
   fields = {
      user_id = filled_string, post_token = filled_string, peer_id = filled_string,
      type = { kind = "string", required = true, only = "TEXT", when_other = "other_type" },
      message = { kind = "string", required = true, when_empty = "empty_text" },
      sender_btn = legacy_button, receiver_btn = legacy_button,
   },
}

--- The body of a subscription.
rules.subscription = {
   kind = "object",
   fields = {
      event_type = { kind = "string", required = true, one_of = { NEW_MESSAGE_ON_POST = true, POST_UPDATE = true } },
      event_resource_id = string_value,
      metadata = any_object,
      meta_data = { kind = "object", older = "metadata" },
   },
}

--- The body that registers the hook from before 2024-11.
rules.hook = {
   kind = "object",
   fields = { post_token = filled_string, endpoint = filled_string, identification_key = filled_string },
}

--- The body that asks for a user by phone.
rules.phone = { kind = "object", fields = { phone = filled_string } }

--- A body without fields.
rules.nothing = { kind = "object", fields = {} }

--- The JSON type of a decoded value: "null", "boolean", "number", "string", "array" or "object".
---@param value any
---@return string
function rules.kind(value)
   if value == json.null then
      return "null"
   end
   if type(value) ~= "table" then
      return type(value)
   end
   if value[1] ~= nil or getmetatable(value) == json.array_mt then
      return "array"
   end
   return "object"
end

local kind_of = rules.kind

local function note(check, path, message, assumption)
   local severity = "error"
   if assumption and check.assumed[assumption] == "accept" then
      severity = "note"
   end
   check.findings[#check.findings + 1] = { path = path, message = message, severity = severity }
end

local function below(path, key)
   return path == "" and key or path .. "." .. key
end

local function sorted_keys(value)
   local keys = {}
   for key in pairs(value) do
      keys[#keys + 1] = key
   end
   table.sort(keys)
   return keys
end

-- Protobuf's JSON reads null as absent.
local function present(value, key)
   return value[key] ~= nil and value[key] ~= json.null
end

local function check_exactly_one(check, rule, value, path)
   local given = {}
   for _, key in ipairs(sorted_keys(value)) do
      if rule.fields[key] and present(value, key) then
         given[#given + 1] = key
      end
   end
   if #given ~= 1 then
      local got = #given == 0 and "none" or table.concat(given, " and ")
      note(check, path, ("exactly one %s, got %s"):format(rule.exactly_one, got))
   end
end

local function check_text_or_media(check, rule, value, path)
   local text, media = value[rule.text_or_media], value.media_token
   local has_text = type(text) == "string" and text ~= ""
   local has_media = type(media) == "string" and media ~= ""
   if has_text and has_media then
      note(check, path, ("%s or media_token, got both"):format(rule.text_or_media), "text_with_media")
   elseif not has_text and not has_media then
      note(check, below(path, rule.text_or_media), "a text or a media_token is required", "empty_text")
   end
end

-- The value of one field decides which other field must be present.
local function check_needed(check, needs, value, path)
   local wanted, within = needs[value[needs.by]], value[needs.within]
   if wanted and kind_of(within) == "object" and not present(within, wanted) then
      note(check, below(below(path, needs.within), wanted), ("is required by %s %s"):format(needs.by, value[needs.by]))
   end
end

local walk

local function check_object(check, rule, value, path)
   for _, key in ipairs(sorted_keys(value)) do
      local field = rule.fields[key]
      if not field then
         local known = table.concat(sorted_keys(rule.fields), ", ")
         note(check, below(path, key), "unknown field; known are " .. known, "unknown_field")
      elseif present(value, key) then
         if field.older then
            note(check, below(path, key), "is called " .. field.older .. " today", "older_field")
         end
         walk(check, field.rule or field, value[key], below(path, key))
      end
   end
   for _, key in ipairs(sorted_keys(rule.fields)) do
      local field = rule.fields[key]
      if field.required and not present(value, key) then
         -- Protobuf's JSON cannot tell an absent string from an empty one.
         local is_empty = field.kind == "string" and field.when_empty
         note(check, below(path, key), is_empty and "is empty" or "is required", field.when_empty)
      end
   end
   if rule.exactly_one then
      check_exactly_one(check, rule, value, path)
   end
   if rule.text_or_media then
      check_text_or_media(check, rule, value, path)
   end
   if rule.needs then
      check_needed(check, rule.needs, value, path)
   end
end

function walk(check, rule, value, path)
   local kind = kind_of(value)
   if kind ~= rule.kind then
      note(check, path, ("expected %s, got %s"):format(rule.kind, kind))
   elseif kind == "string" then
      if value == "" and (rule.filled or rule.when_empty) then
         note(check, path, "is empty", rule.when_empty)
      elseif rule.one_of and not rule.one_of[value] then
         note(check, path, ("is %q; there are %s"):format(value, table.concat(sorted_keys(rule.one_of), ", ")))
      elseif rule.only and value ~= rule.only then
         note(check, path, ("is %q; only %s is documented"):format(value, rule.only), rule.when_other)
      end
   elseif rule.whole and (value % 1 ~= 0 or value < 0 or value > 2 ^ 53) then
      note(check, path, ("expected a whole number from 0, got %.17g"):format(value))
   elseif kind == "array" then
      if #value == 0 then
         note(check, path, "is empty", rule.when_empty)
      elseif #value > rule.max then
         note(check, ("%s[%d]"):format(path, rule.max + 1), ("at most %d %s"):format(rule.max, rule.noun))
      end
      for i, item in ipairs(value) do
         walk(check, rule.of, item, ("%s[%d]"):format(path, i))
      end
   elseif rule.fields then
      check_object(check, rule, value, path)
   end
end

--- Check a decoded value.
---@param rule table one of the rules above
---@param value any
---@param assumed table<string, "refuse"|"accept"> as in assumptions.bodies
---@return kenar.sandbox.Finding[] findings in the order of the body; empty if the body is right
---@return kenar.sandbox.Finding? first the first finding of severity "error"
function rules.check(rule, value, assumed)
   local check = { findings = {}, assumed = assumed }
   walk(check, rule, value, "")
   for _, finding in ipairs(check.findings) do
      if finding.severity == "error" then
         return check.findings, finding
      end
   end
   return check.findings
end

return rules
