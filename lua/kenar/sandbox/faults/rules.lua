--- Checks a fault and makes a rule of it.

local dice = require "kenar.sandbox.faults.dice"

local fault_rules = {}

---@class kenar.sandbox.Fault
---@field at string               an endpoint's name (`send_bot_message`), "*" for all of them; a delivery's name
---   (`NEW_CHATBOT_MESSAGE`, `dynamic_action`), "webhook" for all events; "clock"
---@field conversation_id? string only in this conversation
---@field rate? number            the probability with which it strikes, up to 1; drawn for each request that matches
---@field times? integer|"forever" how often it strikes; default 1, with a rate and for the clock: until cleared
---@field skip? integer           how many matching requests pass before the rule applies
---@field seed? integer           of its draws; default: the sandbox's
---@field kinds? (string|integer|kenar.sandbox.FaultPart)[] one of these is drawn each time: kinds, statuses, or tables
---   with the fields below. A field given beside `kinds` holds for each kind that takes it
---@field skew? number            at "clock": seconds by which the sandbox's clock is ahead
---
---@class kenar.sandbox.FaultPart the effect of a fault
---@field kind? string            one of kenar.sandbox.faults.rules.kinds
---@field status? integer         the HTTP status of the response, 200 to 599; the call is not carried out
---@field headers? table<string, string>
---@field body? string|table      default: Divar's error for the status
---@field retry_after? number|string seconds, or an HTTP date, sent unchanged
---@field delay? number           seconds before the response, or before a delivery
---@field processed? boolean      with kinds without a response: the call is carried out nevertheless
---@field sent? "no"|"maybe"      likewise, without sockets: whether the request left; default "maybe"
---@field cut? integer            bytes that `half` sends of the body; default: half of them
---@field copies? integer         how often `duplicate` delivers once more; default 1

-- The places of faults: calls of the bot; events; deliveries for which a person waits ("asked"); the clock.
local groups = { ["*"] = "call", webhook = "event", clock = "clock" }
local CALL = { call = true }
local DELIVERY = { event = true, asked = true }
local ANY = { call = true, event = true, asked = true }

--- One row per kind: its places; the error that a client without a response sees (`sees`); the end of its connection
--- on real sockets (`ends`); the fields that it takes from a fault with several kinds (`takes`), and their defaults.
fault_rules.kinds = {
   delay = { places = ANY, takes = { "delay" }, defaults = { delay = 1 } },
   drop = { places = ANY, takes = { "processed", "sent" }, sees = "network", ends = "close" },
   reset_before = { places = CALL, takes = { "sent" }, sees = "network", ends = "reset" },
   reset_after = { places = CALL, takes = {}, sees = "network", ends = "reset", defaults = { processed = true } },
   half = { places = CALL, takes = { "cut" }, sees = "network", ends = "close", defaults = { processed = true } },
   expired_token = { places = CALL, takes = {} },
   network = { places = CALL, takes = { "processed", "sent" }, sees = "network", ends = "reset" },
   timeout = { places = CALL, takes = { "processed", "sent", "delay" }, sees = "timeout", ends = "close" },
   tls = { places = CALL, takes = { "processed", "sent" }, sees = "tls" },
   duplicate = { places = DELIVERY, takes = { "copies" }, defaults = { copies = 1 } },
   reorder = { places = { event = true }, takes = { "delay" }, defaults = { delay = 1 } },
}
local status_row = { places = CALL, takes = { "headers", "body" } }
local busy_row = { places = CALL, takes = { "headers", "body", "retry_after" } }

local function is_whole(value, least, most)
   return value % 1 == 0 and value >= least and value <= (most or math.huge)
end

-- One row per field: its type, whether it is part of the effect (`happens`), and its allowed values.
local fields = {
   at = { "string" }, conversation_id = { "string" }, kinds = { "table" },
   rate = { "number", expected = "more than 0, at most 1", holds = function(n) return n > 0 and n <= 1 end },
   times = {
      "number", expected = "whole, at least 1", holds = function(n) return n == math.huge or is_whole(n, 1) end,
   },
   skip = { "number", expected = "whole, at least 0", holds = function(n) return is_whole(n, 0) end },
   seed = { "number", expected = "whole, at least 0", holds = function(n) return is_whole(n, 0, 2 ^ 53) end },
   skew = { "number", expected = "at most a hundred years", holds = function(n) return math.abs(n) < 3.2e9 end },
   kind = { "string", happens = true }, headers = { "table", happens = true }, body = { happens = true },
   status = {
      "number", happens = true, expected = "whole, from 200 to 599",
      holds = function(n) return is_whole(n, 200, 599) end,
   },
   delay = {
      "number", happens = true, expected = "from 0 to 86400", holds = function(n) return n >= 0 and n <= 86400 end,
   },
   retry_after = { happens = true }, sent = { "string", happens = true }, processed = { "boolean", happens = true },
   cut = { "number", happens = true, expected = "whole, at least 0", holds = function(n) return is_whole(n, 0) end },
   copies = {
      "number", happens = true, expected = "whole, from 1 to 100", holds = function(n) return is_whole(n, 1, 100) end,
   },
}

--- The type of a field: "string", "number", "boolean", "table"; nil if it may have several, false if there is no
--- such field.
---@param name string
---@return string|false|nil
function fault_rules.type_of(name)
   local row = fields[name]
   if not row then
      return false
   end
   return row[1]
end

local function names_of(list)
   local names = {}
   for name in pairs(list) do
      names[#names + 1] = name
   end
   table.sort(names)
   return table.concat(names, ", ")
end

local function field_problem(fault)
   for key, value in pairs(fault) do
      local row = fields[key]
      if not row then
         return ("unknown field %q of a fault"):format(tostring(key))
      elseif row[1] and type(value) ~= row[1] then
         return ("%s is a %s, got a %s"):format(key, row[1], type(value))
      elseif row.holds and not row.holds(value) then
         return ("%s is %s, got %s"):format(key, row.expected, tostring(value))
      end
   end
   if fault.sent and fault.sent ~= "no" and fault.sent ~= "maybe" then
      return ("sent is no or maybe, got %s"):format(fault.sent)
   end
   local after = fault.retry_after
   if after ~= nil and type(after) ~= "string" and not (type(after) == "number" and after >= 0) then
      return "retry_after is a number of seconds or an HTTP date, got a " .. type(after)
   end
end

-- Whole seconds have no fraction in a header, also if the VM holds them as a float.
local function header_of(after)
   return type(after) == "number" and after % 1 == 0 and ("%d"):format(after) or tostring(after)
end

local function row_of(part)
   if part.status then
      return (part.status == 429 or part.status == 503) and busy_row or status_row
   end
   return fault_rules.kinds[part.kind or "delay"]
end

-- The effect, made of the fields with `happens`; nil and the mistake.
local function part_of(given, group, where)
   if given.kind and not fault_rules.kinds[given.kind] then
      return nil, ("kind is one of %s, got %s"):format(names_of(fault_rules.kinds), given.kind)
   elseif given.kind and given.status then
      return nil, "a fault has a status or a kind, not both"
   elseif not (given.kind or given.status or given.delay) then
      return nil, "a fault needs a status, a kind or a delay"
   end
   local part, row = {}, row_of(given)
   for name, value in pairs(row.defaults or {}) do
      part[name] = value
   end
   for name, value in pairs(given) do
      part[name] = fields[name].happens and value or nil
   end
   part.name = part.kind or part.status and ("%d"):format(part.status) or "delay"
   if not row.places[group] then
      return nil, ("%s does not happen at %s"):format(part.name, where)
   end
   part.sees, part.ends = row.sees, row.ends
   part.sent = row.sees and (part.sent or "maybe") or nil
   if part.retry_after then
      part.headers = { ["retry-after"] = header_of(part.retry_after) }
      for name, value in pairs(given.headers or {}) do
         part.headers[name] = value
      end
   end
   return part
end

-- An entry of `kinds` as fields, with the fields that it takes from the whole fault.
local function entry_of(entry, fault)
   local given = {}
   if type(entry) == "table" then
      for name, value in pairs(entry) do
         given[name] = value
      end
      for name in pairs(given) do
         if fields[name] and not fields[name].happens then
            return nil, ("%s is for the whole fault, not for one of its kinds"):format(name)
         end
      end
      return given
   end
   local status = tonumber(entry)
   given[status and "status" or "kind"] = status or tostring(entry)
   local row = row_of(given)
   for _, name in ipairs(row and row.takes or {}) do
      given[name] = fault[name]
   end
   return given
end

local function parts_of(fault, group)
   if not fault.kinds then
      local part, problem = part_of(fault, group, fault.at)
      return part and { part }, problem
   elseif fault.kind or fault.status then
      return nil, "a fault has kinds, a kind or a status"
   elseif #fault.kinds == 0 then
      return nil, "kinds is a list of at least one"
   end
   local parts = {}
   for i, entry in ipairs(fault.kinds) do
      local given, problem = entry_of(entry, fault)
      problem = problem or field_problem(given)
      if not problem then
         parts[i], problem = part_of(given, group, fault.at)
      end
      if problem then
         return nil, ("kinds[%d]: %s"):format(i, problem)
      end
   end
   return parts
end

--- Make a rule.
---@param fault kenar.sandbox.Fault
---@param places table<string, "call"|"event"|"asked"> the names that `at` may take beside "*", "webhook" and "clock"
---@param seed integer of the draws if the fault has no seed
---@param id integer of the rule
---@return table? rule, string? problem
function fault_rules.new(fault, places, seed, id)
   local given = {}
   for key, value in pairs(fault) do
      given[key] = value
   end
   if given.times == "forever" then
      given.times = math.huge
   end
   local problem = field_problem(given)
   if problem then
      return nil, problem
   end
   local group = groups[given.at] or places[given.at]
   if not group then
      return nil, ("at is \"*\", \"webhook\", \"clock\" or one of %s, got %s"):format(names_of(places),
         tostring(given.at))
   end
   local rule = {
      id = id, given = given, at = given.at, group = group, conversation_id = given.conversation_id, skew = given.skew,
      times = given.times or (given.rate or group == "clock") and math.huge or 1, skip = given.skip or 0,
      rate = given.rate, dice = dice.new(given.seed or seed, given.seed and 1 or id), struck = 0,
   }
   if (group == "clock") ~= (given.skew ~= nil) then
      return nil, "skew, in seconds, is for the clock, and the clock takes nothing else"
   elseif group ~= "clock" then
      rule.parts, problem = parts_of(given, group)
   end
   if problem then
      return nil, problem
   end
   return rule
end

return fault_rules
