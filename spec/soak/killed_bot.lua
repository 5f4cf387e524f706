--- A bot that writes down what it handled, and that is killed now and then.
-- Usage: killed_bot.lua FOLDER PORT. Prints "ready" when it listens.

local kenar = require "kenar"

local folder, port = arg[1], tonumber(arg[2])

local function append(name, line)
   local file = assert(io.open(folder .. "/" .. name, "a"))
   assert(file:write(line, "\n"))
   file:close()
end

local function has(name, line)
   for known in io.lines(folder .. "/" .. name) do
      if known == line then
         return true
      end
   end
   return false
end

local bot = kenar.bot {
   api_key = "key-1", identification_key = "id-key-1", inbox = "sqlite:" .. folder .. "/inbox.db",
   store = "sqlite:" .. folder .. "/bot.db",
}

bot:on("chatbot", function(ctx)
   local line = ctx.conversation_id .. " " .. ctx.text
   append("handled", line)
   ctx:once("effect", function() append("effects", line) end, function() return has("effects", line) end)
end)

append("effects", "")
assert(kenar.serve({ bot }, {
   port = port, on_listening = function()
      io.stdout:write "ready\n"
      io.stdout:flush()
   end,
}))
