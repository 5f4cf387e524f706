--- Sends the same message COUNT times, IN_FLIGHT at a time, each from its table to its result.
-- Usage: send.lua BASE_URL COUNT IN_FLIGHT. Prints the CPU microseconds of one message.

local messages = require "spec.bench.messages"
local sender = require "spec.bench.kenar.sender"

local count, in_flight = tonumber(arg[2]), tonumber(arg[3])
local send_messages = sender.open(arg[1], messages.usual)

send_messages(math.floor(count / 10) + 1, in_flight)
local before = os.clock()
send_messages(count, in_flight)
print(("%.3f"):format((os.clock() - before) / count * 1e6))
