--- Which events a handler wants: names such as "chatbot:image", and conditions beside them.

local events = require "kenar.event"

local filter = {}

-- One row per name: whether the event belongs to the family, and the details that may follow the colon (`true` for any
-- word). A detail is compared with event.detail.
local message_details = events.kinds.message.details
local families = {
   chatbot = {
      belongs = function(event) return event.kind == "message" and event.chat == "bot" end, details = message_details,
   },
   post = {
      belongs = function(event) return event.kind == "message" and event.chat == "post" end, details = message_details,
   },
   ["*"] = { belongs = function() return true end },
}
for kind, row in pairs(events.kinds) do
   families[kind] = { belongs = function(event) return event.kind == kind end, details = row.details }
end

local function names_of(set)
   local list = {}
   for name in pairs(set) do
      list[#list + 1] = name
   end
   table.sort(list)
   return table.concat(list, ", ")
end

local function compile_one(name)
   if type(name) ~= "string" then
      return nil, "a filter is a string such as \"chatbot:text\", got " .. type(name)
   end
   local family, detail = name:match "^([^:]+):?(.*)$"
   local row = families[family]
   if not row then
      return nil, ("unknown filter %q; filters are %s"):format(name, names_of(families))
   end
   local belongs, known = row.belongs, row.details
   if detail == "" then
      return belongs
   end
   if not known or known ~= true and not known[detail] then
      return nil, ("unknown filter %q; %s"):format(name,
         known and family .. ": takes " .. names_of(known) or family .. " takes nothing behind a colon")
   end
   return function(event)
      return belongs(event) and event.detail == detail
   end
end

local where_keys = { side = true, text = true, from = true }
local senders = { HUMAN = true, BOT = true, any = true }
local sides = { SELLER = true, BUYER = true }

-- The conditions on an event beside its family. Without `from`, messages of bots are not matched: a bot that answers
-- itself never stops.
local function compile_where(where)
   if type(where) == "function" then
      return function(event, ctx)
         return event.sender_type ~= "BOT" and where(ctx) and true or false
      end
   end
   if where ~= nil and type(where) ~= "table" then
      return nil, "a condition is a function or a table of side, text and from, got " .. type(where)
   end
   where = where or {}
   for key in pairs(where) do
      if not where_keys[key] then
         return nil, ("unknown condition %q; conditions are %s"):format(tostring(key), names_of(where_keys))
      end
   end
   local from, side, text = where.from, where.side, where.text
   if from ~= nil and not senders[from] then
      return nil, "from is one of " .. names_of(senders)
   end
   if side ~= nil and not sides[side] then
      return nil, "side is one of " .. names_of(sides)
   end
   if text ~= nil and (type(text) ~= "string" or not pcall(string.find, "", text)) then
      return nil, "text is a Lua pattern"
   end
   return function(event)
      local sender = event.sender_type
      if from ~= "any" and (sender == "BOT") ~= (from == "BOT") then
         return false
      end
      if side and event.side ~= side then
         return false
      end
      return not text or event.text ~= nil and event.text:find(text) ~= nil
   end
end

--- Make the test of a handler.
---@param names string|string[] "chatbot", "post" or "message" (both), each with ":text", ":image", ":file",
---   ":voice", ":location", ":video", ":contact" or ":unknown"; "server_link", "session_init", "dynamic_action",
---   "post_update", "post_update:publish", "payment_transaction", "payment_transaction:completed",
---   "user_access_revocation", "oauth_return" with ":granted", ":denied" or ":failed", "direct_link", "unknown", "*"
---@param where? fun(ctx): boolean | { side: "SELLER"|"BUYER", text: string, from: "HUMAN"|"BOT"|"any" }
---@return (fun(event: kenar.Event, ctx: table): boolean)? test, string? message
function filter.compile(names, where)
   local tests = {}
   if type(names) ~= "table" then
      names = { names }
   end
   if names[1] == nil then
      return nil, "at least one filter is needed"
   end
   for index, name in ipairs(names) do
      local test, message = compile_one(name)
      if not test then
         return nil, message
      end
      tests[index] = test
   end
   local condition, message = compile_where(where)
   if not condition then
      return nil, message
   end
   local count = #tests
   return function(event, ctx)
      for index = 1, count do
         if tests[index](event) then
            return condition(event, ctx)
         end
      end
      return false
   end
end

return filter
