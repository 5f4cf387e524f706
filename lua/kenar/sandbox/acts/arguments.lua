--- The arguments of each act, as the sandbox's own API takes them from a JSON body.

local json = require "kenar.json"
local rules = require "kenar.sandbox.judge.rules"

local act_arguments = {}

local text, flag, object = "string", "boolean", "object"
-- A button: its caption, its number, or its message and number.
local button = "string, number or object"

-- In the order of the act's parameters.
local arguments = {
   say = { { "conversation_id", text }, { "side", text }, { "text", text } },
   send = { { "conversation_id", text }, { "side", text }, { "kind", text }, { "content", object } },
   start = { { "conversation_id", text }, { "touch_point", text }, { "id", text } },
   open = { { "conversation_id", text }, { "side", text }, { "source", text } },
   press = { { "conversation_id", text }, { "side", text }, { "which", button } },
   visit = { { "user", text }, { "source", text }, { "post_token", text } },
   direct_link = { { "post_token", text } },
   consent = { { "user", text }, { "url", text }, { "deny", flag } },
   revoke = { { "user", text } },
   pay = { { "transaction", object }, { "metadata", object } },
   update_post = { { "post_token", text }, { "change", text }, { "fields", object } },
   check = {},
}

--- Read the arguments of an act.
---@param body table decoded; `act` is the act's name
---@return any[]? values nil if an argument is absent
---@return string? problem names the argument
function act_arguments.read(body)
   local wanted = arguments[body.act]
   if not wanted then
      return nil, "act is say, send, start, open, press, visit, direct_link, consent, revoke, pay, update_post or check"
   end
   local values = {}
   for i, argument in ipairs(wanted) do
      local name, kinds = argument[1], argument[2]
      local value = body[name]
      if value ~= nil and value ~= json.null then
         local kind = rules.kind(value)
         if not kinds:find(kind, 1, true) then
            return nil, ("%s: expected %s, got %s"):format(name, kinds, kind)
         end
         values[i] = value
      end
   end
   return values
end

return act_arguments
