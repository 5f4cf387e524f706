--- Turns a row of kenar.client.endpoints into a method: checks the arguments, and makes path, query and body.

local bodies = require "kenar.client.bodies"
local call = require "kenar.client.call"
local call_options = require "kenar.client.options"
local call_path = require "kenar.client.path"
local core = require "kenar.core"
local errors = require "kenar.error"
local json = require "kenar.json"
local media = require "kenar.client.media"
local message = require "kenar.message"

local method = {}

-- The checks before the body is made.
local function check(transport, endpoint, options)
   if options then
      call_options.check(options, 3) -- the caller of the method, which is between it and this function
   end
   return transport:authorize(endpoint, options)
end

local function encoding_for(transport, endpoint, options)
   local encoding = endpoint.via and transport.bot_encoding or transport.encoding
   if not options or not (options.via or options.state) then
      return encoding
   end
   local own = { via = options.via or endpoint.via, state = options.state }
   for name, value in pairs(encoding or {}) do
      own[name] = own[name] or value
   end
   return own
end

-- The bytes of a message. A button without a caption is logged.
local function encode(transport, endpoint, content, options)
   local body, err, captionless = message.encode(endpoint.message, content, encoding_for(transport, endpoint, options))
   if not body then
      return call.refuse(endpoint, err)
   elseif captionless then
      transport.advice:captionless(endpoint.name, captionless, options and options.names)
   end
   return body
end

-- A medium is uploaded in the conversation's turn, so that a text given later does not overtake it.
local function upload_and_encode(transport, pending)
   local content, body, err
   content, err = media.resolve(transport, pending.content, pending.options)
   if not content then
      err.sent = "no" -- the message: Divar may have a medium, but no message shows it
      return nil, err
   end
   body, err = encode(transport, pending.endpoint, content, pending.options)
   if not body then
      return nil, err
   end
   pending.body = body
   return true
end

local function message_method(endpoint)
   local path_of = call_path.maker(endpoint)
   return function(transport, id, content, options)
      if type(content) == "string" then
         content = { text = content }
      elseif type(content) ~= "table" then
         error("message: expected a table or a string, got " .. type(content), 2)
      end
      local ok, err = check(transport, endpoint, options)
      if not ok then
         return nil, err
      end
      local path, body
      path, err = path_of(id, transport.settings.path_style)
      if not path then
         return call.refuse(endpoint, err)
      end
      if media.is_in(content) then
         local pending = transport:call(endpoint, path, nil, options)
         pending.content, pending.prepare = content, upload_and_encode
         return transport:send(pending, id)
      end
      body, err = encode(transport, endpoint, content, options)
      if not body then
         return nil, err
      end
      return transport:send(transport:call(endpoint, path, body, options), id)
   end
end

local function conversation_of(names, argument)
   local ids = {}
   for index, name in ipairs(names) do
      ids[index] = tostring(argument[name])
   end
   return table.concat(ids, "\0")
end

local function query_of(names, argument)
   local parts = {}
   for index, name in ipairs(names) do
      local value = argument[name]
      if not call_path.is_id(value) then
         return nil, errors.new { kind = "invalid", path = name, message = "expected the id as Divar gave it" }
      end
      parts[index] = name .. "=" .. core.percent_encode(value)
   end
   return "?" .. table.concat(parts, "&")
end

-- The path of a call without a message, with its query.
local function path_reader(endpoint)
   if endpoint.id then
      return call_path.maker(endpoint)
   end
   return function(argument)
      if not endpoint.query then
         return endpoint.path
      end
      local query, err = query_of(endpoint.query, type(argument) == "table" and argument or {})
      return query and endpoint.path .. query, err
   end
end

-- The bytes of the body, from the argument. A button without a caption is logged.
local function body_maker(endpoint)
   local make = endpoint.body or endpoint.fields and bodies.of(endpoint.fields)
   if not make then
      return nil
   end
   return function(transport, argument, options)
      local value, err, captionless = make(argument, transport.settings, options)
      local body
      if value then
         body, err = json.encode(value)
      end
      if body and captionless then
         transport.advice:captionless("legacy." .. endpoint.name, captionless, options and options.names)
      end
      return body, err
   end
end

-- A call whose argument is an id for the path, a table for the query or the body, or nothing.
local function call_method(endpoint)
   local path_of, make_body = path_reader(endpoint), body_maker(endpoint)
   local takes_argument = endpoint.id or endpoint.query or make_body
   return function(transport, argument, options)
      if not takes_argument then
         argument, options = nil, argument
      end
      local ok, err = check(transport, endpoint, options)
      if not ok then
         return nil, err
      end
      local path, result
      path, err = path_of(argument, transport.settings.path_style)
      if not path then
         return call.refuse(endpoint, err)
      end
      local body = endpoint.constant_body
      if make_body then
         body, err = make_body(transport, argument, options)
         if not body then
            return call.refuse(endpoint, err)
         end
      end
      result, err = transport:send(transport:call(endpoint, path, body, options),
         endpoint.conversation and conversation_of(endpoint.conversation, argument))
      if not result then
         return nil, err
      end
      return endpoint.result and endpoint.result(result) or result
   end
end

--- The method of an endpoint: `(transport, id, message, options)` if it sends a message, `(transport, argument,
--- options)` if it takes an id or a table, else `(transport, options)`.
---@param endpoint kenar.Endpoint
---@return function
function method.of(endpoint)
   return endpoint.message and message_method(endpoint) or call_method(endpoint)
end

return method
