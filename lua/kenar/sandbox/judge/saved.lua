--- The sandbox's state as one JSON value, and back. The log of exchanges is not part of it.

local json = require "kenar.json"
local rules = require "kenar.sandbox.judge.rules"

local saved = {}

saved.FORMAT = "kenar-sandbox-1"

local whole = { kind = "number", whole = true }
local text, number, flag, object = { kind = "string" }, { kind = "number" }, { kind = "boolean" }, { kind = "object" }
local needed_text = { kind = "string", required = true, filled = true }
local needed_object = { kind = "object", required = true }

local function needed(rule)
   local copy = { required = true }
   for key, value in pairs(rule) do
      copy[key] = value
   end
   return copy
end

-- Lists of these rows. A missing list counts as empty.
local function list_of(fields)
   return {
      kind = "array", when_empty = "nothing", max = math.huge, noun = "rows",
      of = { kind = "object", fields = fields },
   }
end

local token = {
   token = needed_text, user_id = needed_text, scopes = object, asked = { kind = "array", of = text, max = 1000,
      noun = "scopes", when_empty = "nothing" },
   access_token = text, redirect_uri = text, expires_at = number, revoked = flag, is_used = flag,
}

local message = {
   id = needed_text, type = needed_text, sent_at = needed(number), text = text, media_token = text, content = object,
   buttons = object,
   sender = { kind = "object", required = true, fields = { type = needed_text, side = text } },
}

local form = {
   kind = "object",
   fields = {
      format = { kind = "string", required = true, one_of = { [saved.FORMAT] = true } },
      count = needed(whole), user_count = needed(whole),
      users = list_of { id = needed_text, name = needed(text), phone = needed_text, legacy_id = needed_text },
      posts = list_of {
         token = needed_text, title = needed(text), category = needed(text), seller = needed_text, test = needed(flag),
      },
      conversations = list_of {
         id = needed_text, type = { kind = "string", required = true, one_of = { POST = true, BOT = true } },
         post_token = text, members = needed_object, blocked = needed(flag), messages = list_of(message),
      },
      media = list_of {
         token = needed_text, type = needed_text, name = text, size = whole, width = whole, height = whole,
      },
      tokens = list_of(token), refresh_tokens = list_of(token), codes = list_of(token),
      subscriptions = list_of {
         event_type = needed_text, post_token = text, user_id = text, token = text, metadata = object,
      },
      hooks = list_of { post_token = needed_text, url = needed_text, key = needed_text, token = needed_text },
      faults = list_of(nil),
   },
}

-- A map as a list of rows, sorted by key; each row holds its key in the field `name`.
local function rows_of(map, name)
   local keys, rows = {}, setmetatable({}, json.array_mt)
   for key in pairs(map) do
      keys[#keys + 1] = key
   end
   table.sort(keys)
   for i, key in ipairs(keys) do
      local row = { [name] = key }
      for field, value in pairs(map[key]) do
         row[field] = value
      end
      rows[i] = row
   end
   return rows
end

-- Subscriptions and hooks hold tokens themselves: a row holds the token's name.
local function with_token_names(state, rows)
   local names = {}
   for name, each in pairs(state.tokens) do
      names[each] = name
   end
   local result = setmetatable({}, json.array_mt)
   for _, row in ipairs(rows) do
      local copy = {}
      for field, value in pairs(row) do
         copy[field] = value
      end
      copy.token = row.token and names[row.token]
      if copy.token or not row.token then
         result[#result + 1] = copy
      end
   end
   return result
end

--- The state of a judge.
---@param judge kenar.sandbox.Judge
---@return table value for kenar.json
function saved.take(judge)
   local state = judge.state
   local conversations, faults = setmetatable({}, json.array_mt), setmetatable({}, json.array_mt)
   for i, id in ipairs(state.order) do
      local each = state.conversations[id]
      conversations[i] = {
         id = id, type = each.type, post_token = each.post_token, members = each.members, blocked = each.blocked,
         messages = setmetatable(each.messages, json.array_mt),
      }
   end
   for i, rule in ipairs(judge.faults.rules) do
      faults[i] = {}
      for name, value in pairs(rule.given) do
         faults[i][name] = value
      end
      faults[i].times = rule.times < math.huge and rule.times or "forever"
   end
   return {
      format = saved.FORMAT, count = state.count, user_count = state.user_count, users = rows_of(state.users, "id"),
      posts = rows_of(state.posts, "token"), conversations = conversations, media = rows_of(state.media, "token"),
      tokens = rows_of(state.tokens, "token"), refresh_tokens = rows_of(state.refresh_tokens, "token"),
      codes = rows_of(state.codes, "token"), subscriptions = with_token_names(state, state.subscriptions),
      hooks = with_token_names(state, rows_of(state.hooks, "post_token")), faults = faults,
   }
end

local function map_of(rows, name, keep_name)
   local map = {}
   for _, row in ipairs(rows) do
      local copy = {}
      for field, value in pairs(row) do
         copy[field] = value
      end
      copy[name] = keep_name and row[name] or nil
      map[row[name]] = copy
   end
   return map
end

local function fill_in(value)
   for name, field in pairs(form.fields) do
      if field.kind == "array" and (value[name] == nil or value[name] == json.null) then
         value[name] = {}
      end
   end
   for _, each in ipairs(value.conversations) do
      if each.messages == nil or each.messages == json.null then
         each.messages = {}
      end
   end
end

local function is_button(value)
   if rules.kind(value) ~= "object" or type(value.caption) ~= "string" or rules.kind(value.action) ~= "object" then
      return false
   end
   for name, effect in pairs(value.action) do
      local kind, field = rules.kind(effect), rules.action.fields[name]
      if kind ~= "null" and kind ~= (field and field.kind or "object") then
         return false
      end
   end
   return true
end

local function are_rows(value)
   if rules.kind(value) ~= "array" then
      return false
   end
   for _, row in ipairs(value) do
      if rules.kind(row) ~= "array" then
         return false
      end
      for _, button in ipairs(row) do
         if not is_button(button) then
            return false
         end
      end
   end
   return true
end

local function check_buttons(value)
   for i, each in ipairs(value.conversations) do
      for k, written in ipairs(each.messages) do
         for side, rows in pairs(rules.kind(written.buttons) == "object" and written.buttons or {}) do
            if not are_rows(rows) then
               return ("conversations[%d].messages[%d].buttons.%s: expected rows of buttons with caption and action")
                  :format(i, k, side)
            end
         end
      end
   end
end

-- Check that every user, post and token that is referred to exists.
local function check_names(value, users, tokens)
   for i, post in ipairs(value.posts) do
      if not users[post.seller] then
         return ("posts[%d].seller: there is no such user"):format(i)
      end
   end
   local posts = map_of(value.posts, "token")
   for i, each in ipairs(value.conversations) do
      local sides = each.type == "BOT" and { "USER" } or { "SELLER", "BUYER" }
      for _, side in ipairs(sides) do
         if not users[each.members[side]] then
            return ("conversations[%d].members.%s: there is no such user"):format(i, side)
         end
      end
      if each.type == "POST" and not posts[each.post_token] then
         return ("conversations[%d].post_token: there is no such post"):format(i)
      end
   end
   for _, area in ipairs { "subscriptions", "hooks" } do
      for i, each in ipairs(value[area]) do
         if each.token and not tokens[each.token] then
            return ("%s[%d].token: there is no such token"):format(area, i)
         end
      end
   end
end

local function with_tokens(rows, tokens)
   for _, row in ipairs(rows) do
      row.token = tokens[row.token]
   end
   return rows
end

local function put_conversations(state, rows)
   state.conversations, state.order, state.chatbots = {}, {}, {}
   for i, each in ipairs(rows) do
      state.conversations[each.id], state.order[i] = each, each.id
      if each.type == "BOT" then
         state.chatbots[each.members.USER] = each.id
      end
   end
end

--- Replace a judge's state by a saved one. If the saved state is malformed, nothing changes.
---@param judge kenar.sandbox.Judge
---@param value any from kenar.json
---@return boolean? done, string? problem
function saved.put(judge, value)
   local _, wrong = rules.check(form, value, { nothing = "accept" })
   if wrong then
      return nil, ("not a saved state: %s: %s"):format(wrong.path, wrong.message)
   end
   fill_in(value)
   local users, tokens = map_of(value.users, "id", true), map_of(value.tokens, "token")
   local problem = check_names(value, users, tokens) or check_buttons(value)
   if problem then
      return nil, "not a saved state: " .. problem
   end
   for _, each in pairs(tokens) do
      each.scopes = each.scopes or {}
   end
   local state = judge.state
   state.count, state.user_count = math.max(state.count, value.count), math.max(state.user_count, value.user_count)
   state:put_users(users)
   state.posts = map_of(value.posts, "token", true)
   put_conversations(state, value.conversations)
   state.media, state.tokens = map_of(value.media, "token"), tokens
   state.refresh_tokens, state.codes = map_of(value.refresh_tokens, "token"), map_of(value.codes, "token")
   state.subscriptions = with_tokens(value.subscriptions, tokens)
   state.hooks, state.upload_tokens = map_of(with_tokens(value.hooks, tokens), "post_token"), {}
   judge.faults:clear()
   for _, fault in ipairs(value.faults) do
      judge.faults:add(fault)
   end
   return true
end

return saved
