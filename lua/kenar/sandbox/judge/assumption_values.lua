--- The allowed values of each assumption.

local assumption_values = {}

local refuse_or_accept = { "refuse", "accept" }

-- Assumptions with a fixed set of values, the default first.
local choices = {
   ["oauth.code_on_refresh"] = { "require", "ignore" },
   ["oauth.denial"] = { "error", "bare" },
   ["media.megabyte"] = { 1000000, 1048576 },
   ["media.unknown_token"] = refuse_or_accept,
   ["events.overlapping"] = { "once", "each" },
   ["legacy.endpoints"] = { "serve", "gone" },
   ["legacy.hook_lives"] = { "token", "ever" },
   ["legacy.hook_parties"] = { "sender_receiver", "from_to", "both" },
   ["legacy.refresh_token"] = { "offline_access", "always" },
   ["legacy.supplier_key"] = { "supplier", "Supplier" },
   ["deliveries.numbers"] = { "documents", "openapi" },
   ["deliveries.sent_at"] = { "microseconds", "rfc3339" },
   ["deliveries.human"] = { "HUMAN", "USER" },
   ["deliveries.user_side.SELLER"] = { "SUPPLY", "Supply" },
   ["deliveries.user_side.BUYER"] = { "DEMAND", "Demand" },
   ["deliveries.version_header"] = { "API-Version", "API_VERSION" },
   ["deliveries.session_data"] = { "extra_data", "provider_data" },
   ["deliveries.session_return"] = { "none", "completion_url", "return_url" },
   ["deliveries.session"] = { "current", "legacy" },
   ["deliveries.payment_key"] = { "payment_transaction", "transaction" },
}

-- Bounds of numbers by the last part of the name; the default is 0 and above.
local bounds = { status = { 200, 599, true }, code = { 0, 16, true }, timeout = { 0.001, math.huge } }
local whole = { hops = true, repeats = true, upload_token_uses = true }

--- The values of an assumption with a fixed set; nil for other assumptions.
---@param name string
---@return any[]?
function assumption_values.choices(name)
   return name:find "^bodies%." and refuse_or_accept or choices[name]
end

local function written(value)
   return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

local function choice_wanted(list, value)
   local words = {}
   for i, each in ipairs(list) do
      if each == value then
         return nil
      end
      words[i] = type(each) == "number" and ("%d"):format(each) or each
   end
   return table.concat(words, " or ")
end

-- The expected number in words; nil if the value is allowed.
local function number_wanted(name, value)
   local last = name:match "^.*%.(.+)$" or name
   local least, most, is_whole = 0, math.huge, whole[last]
   if bounds[last] then
      least, most, is_whole = bounds[last][1], bounds[last][2], bounds[last][3]
   end
   local is_number = type(value) == "number" and value >= least and value <= most and value < math.huge
   if is_number and (not is_whole or value % 1 == 0) then
      return nil
   end
   local bound = most < math.huge and ("from %g to %g"):format(least, most) or ("of at least %g"):format(least)
   return ("a %s %s"):format(is_whole and "whole number" or "number", bound)
end

--- The expected value in words; nil if the value is allowed.
---@param name string as `deliveries.session`
---@param default any
---@param value any
---@return string? wanted
function assumption_values.wanted(name, default, value)
   local list = assumption_values.choices(name)
   if list then
      return choice_wanted(list, value)
   elseif type(default) == "number" then
      return number_wanted(name, value)
   elseif type(default) == "boolean" then
      return type(value) ~= "boolean" and "true or false" or nil
   elseif type(value) ~= "string" then
      return "a text"
   elseif name:find "_url$" and not value:find "^https?://[^/%s]" then
      return "a URL"
   end
end

--- The mistake in a value; nil if it is allowed.
---@param name string
---@param default any
---@param value any
---@return string? problem
function assumption_values.problem(name, default, value)
   local wanted = assumption_values.wanted(name, default, value)
   return wanted and ("%s: expected %s, got %s"):format(name, wanted, written(value))
end

return assumption_values
