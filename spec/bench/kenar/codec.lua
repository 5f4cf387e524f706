--- What it costs to encode and to decode, against lua-cjson in the same process.
-- Usage: codec.lua SECONDS ROUNDS. Prints a line a figure: name, CPU microseconds, ratio.

local cjson = require "cjson"
local kenar = require "kenar"
local messages = require "spec.bench.messages"
local rounds = require "spec.bench.rounds"

local slice, round_count = tonumber(arg[1]), tonumber(arg[2])

-- A contestant that calls `f(value)` for about a slice of time and returns the microseconds of one call.
local function cost(f, value)
   local function run(count)
      collectgarbage()
      local started = os.clock()
      for _ = 1, count do
         f(value)
      end
      return os.clock() - started
   end
   local count = 1000
   local enough = math.ceil(count * slice / math.max(run(count), 1e-6))
   return function()
      return run(enough) / enough * 1e6
   end
end

local function encode(message)
   return assert(kenar.message.encode("conversation", message))
end

local function figure(name, f, value, cjson_f, cjson_value)
   local figures = rounds.compare(round_count, { cost(cjson_f, cjson_value), cost(f, value) })
   print(("%s\t%.3f\t%.3f"):format(name, figures[2].value, figures[2].ratio))
   return figures[1].value
end

for _, form in ipairs { "plain", "divar" } do
   local message = messages[form .. "_form"](messages.full)
   figure("encode, " .. form, encode, message, cjson.encode, cjson.decode(encode(message)))
end

local event = messages.bytes(messages.post_message)
figure("decode, event", kenar.json.decode, event, cjson.decode, event)
