--- The JSON bodies of calls without a message, and of the old endpoint's message.

local errors = require "kenar.error"
local json = require "kenar.json"
local legacy_message = require "kenar.message.legacy"

local bodies = {}

local function refuse(path, problem)
   return nil, errors.new { kind = "invalid", path = path, message = problem }
end

local function is_array(value)
   return getmetatable(value) == json.array_mt or value[1] ~= nil
end

-- What is wrong with the value of a field; nil if it is right.
local function problem_of(field, value)
   if value == nil and field.is_optional then
      return nil
   elseif field.is_object then
      return (type(value) ~= "table" or is_array(value)) and "expected an object" or nil
   elseif type(value) ~= "string" or value == "" and not field.is_optional then
      return ("expected %s, got %s"):format(field.expected or "a string", value == "" and "an empty one" or type(value))
   end
end

local function key_of(field, settings)
   return field.key_setting and settings[field.key_setting] or field.key or field.name
end

local function add(body, field, value, settings)
   local problem = problem_of(field, value)
   if problem then
      return refuse(field.name, problem)
   end
   body[key_of(field, settings)] = value
   return body
end

local function from_value(field)
   return function(value, settings)
      return add({}, field, value, settings)
   end
end

local function from_table(fields)
   local known = {}
   for _, field in ipairs(fields) do
      known[field.name] = true
   end
   return function(argument, settings)
      if type(argument) ~= "table" then
         return refuse("", "expected a table, got " .. type(argument))
      end
      for name in pairs(argument) do
         if not known[name] then
            return refuse(tostring(name), "this call has no such field")
         end
      end
      local body = {}
      for _, field in ipairs(fields) do
         local ok, err = add(body, field, argument[field.name], settings)
         if not ok then
            return nil, err
         end
      end
      return body
   end
end

--- Make the body function of an endpoint from its `fields`.
---@param fields kenar.EndpointField[]
---@return fun(argument: any, settings: table): table?, kenar.Error?
function bodies.of(fields)
   return fields[1].is_positional and from_value(fields[1]) or from_table(fields)
end

--- client.legacy:send_message { user_id =, post_token =, peer_id =, and a message }
function bodies.legacy_message(argument, settings, options)
   if type(argument) ~= "table" then
      return refuse("", "expected a table, got " .. type(argument))
   end
   local content, ids = {}, { via = options and options.via, strict_captions = settings.strict_captions }
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
