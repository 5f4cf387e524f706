--- The JSON bodies of calls that carry no message of kenar.message's own kinds.

local errors = require "kenar.error"
local json = require "kenar.json"
local legacy_message = require "kenar.message.legacy"

local bodies = {}

local function refuse(path, problem)
   return nil, errors.new { kind = "invalid", path = path, message = problem }
end

-- Checks the fields of an argument: each named field must be a non-empty string where `fields` says true, and may be
-- absent where it says "optional".
local function check(argument, fields)
   if type(argument) ~= "table" then
      return refuse("", "expected a table, got " .. type(argument))
   end
   for name in pairs(argument) do
      if fields[name] == nil then
         return refuse(tostring(name), "this call has no such field")
      end
   end
   for name, rule in pairs(fields) do
      local value = argument[name]
      if rule == true and (type(value) ~= "string" or value == "") then
         return refuse(name, "expected a string, got " .. (value == "" and "an empty one" or type(value)))
      end
   end
   return true
end

--- client:subscribe { event_type =, resource_id =, metadata = }
function bodies.subscription(argument, values)
   local ok, err = check(argument, { event_type = true, resource_id = "optional", metadata = "optional" })
   if not ok then
      return nil, err
   end
   local resource_id, metadata = argument.resource_id, argument.metadata
   if resource_id ~= nil and type(resource_id) ~= "string" then
      return refuse("resource_id", "expected a post token, or nothing for all posts, got " .. type(resource_id))
   end
   if metadata ~= nil and (type(metadata) ~= "table" or getmetatable(metadata) == json.array_mt or metadata[1] ~= nil)
   then
      return refuse("metadata", "expected an object")
   end
   return {
      event_type = argument.event_type, event_resource_id = resource_id, [values.metadata_key] = metadata,
   }
end

--- client:get_user_id_by_phone(phone)
function bodies.phone(phone)
   if type(phone) ~= "string" or phone == "" then
      return refuse("phone", "expected a phone number as a string, got " .. type(phone))
   end
   return { phone = phone }
end

--- client.legacy:notify_post_conversations { post_token =, endpoint =, identification_key = }
function bodies.notify(argument)
   local ok, err = check(argument, { post_token = true, endpoint = true, identification_key = true })
   if not ok then
      return nil, err
   end
   return argument
end

--- client.legacy:send_message { user_id =, post_token =, peer_id =, and a message }
function bodies.legacy_message(argument, values, options)
   if type(argument) ~= "table" then
      return refuse("", "expected a table, got " .. type(argument))
   end
   local content, ids = {}, { via = options and options.via, strict_captions = values.strict_captions }
   for name, value in pairs(argument) do
      if name == "user_id" or name == "post_token" or name == "peer_id" then
         ids[name] = value
      else
         content[name] = value
      end
   end
   return legacy_message.build(content, ids)
end

return bodies
