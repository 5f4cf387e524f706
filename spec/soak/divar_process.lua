--- A sandbox that writes down which messages it carried out, in their order; told to stop, it is done.
-- Usage: divar_process.lua FILE SEED CONVERSATIONS RATE. Prints the ids of its conversations, then its port.

local faults = require "spec.soak.faults"
local loops = require "kenar.host.loop"
local sandboxes = require "kenar.sandbox.server"

local path, seed, conversations, rate = arg[1], tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])

local record = assert(io.open(path, "w"))
local host = loops.new {}
local sandbox = assert(sandboxes.open(host, {
   fault_seed = seed, keep = 10, on_message = function(conversation, message)
      record:write(conversation.id, " ", message.text, "\n")
   end,
}))

local state = sandbox.judge.state
for number = 1, conversations do
   io.stdout:write("conversation ", state:chatbot(state:user("customer " .. number).id).id, "\n")
end
assert(sandbox.judge.faults:add { at = "send_bot_message", rate = rate, kinds = faults, delay = 0.05 })

host:on_signal({ "TERM" }, function()
   sandbox:close(0)
   host:stop(0)
end)
io.stdout:write("port ", sandbox:port(), "\n")
io.stdout:flush()
host:run(function() return host.closing() end)
record:close()
