--- A client on its own loop that sends one message again and again.

local kenar = require "kenar"
local loops = require "kenar.host.loop"
local messages = require "spec.bench.messages"

local sender = {}

-- Messages to one conversation wait for each other, so each of those in flight has its own.
local function conversation_id(number)
   return ("edbb9499-cccc-4d35-b21f-%012x"):format(number)
end

--- Make the function that sends: each message from its table to its result, any failure raised.
---@param base_url string
---@param name string which sample
---@return fun(total: integer, in_flight: integer)
function sender.open(base_url, name)
   local message = messages.plain_form(name)
   local loop = loops.new { max_transfers = 64 }
   local client = kenar.client {
      host = loop,
      api_key = "bench-api-key",
      access_token = "bench-access-token",
      base_url = base_url,
   }

   local function send(times, number)
      local conversation = conversation_id(number)
      for _ = 1, times do
         assert(client:send_message(conversation, message))
      end
   end

   return function(total, in_flight)
      if in_flight == 1 then
         return send(total, 1)
      end
      local tasks = {}
      for i = 1, in_flight do
         local share = math.floor(total / in_flight) + (i <= total % in_flight and 1 or 0)
         tasks[i] = loop.spawn(send, share, i)
      end
      for _, task in ipairs(tasks) do
         assert(task:wait(600))
      end
   end
end

return sender
