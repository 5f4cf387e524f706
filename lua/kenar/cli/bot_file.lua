--- Loads a bot file.

local bots = require "kenar.bot"
local failure = require "kenar.cli.failure"

local bot_file = {}

local how_to_end = "A bot file ends by returning what kenar.bot gives:\n"
   .. '    local bot = require("kenar").bot {}\n    ...\n    return bot'

-- The file's folder comes first in package.path, so that the bot can require modules beside its file.
local function find_beside(path)
   local folder = path:match "^(.*)/[^/]*$" or "."
   package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(folder, folder, package.path)
end

--- Load a bot file and run it.
---@param path string
---@return kenar.Bot? bot, kenar.cli.Failure? why
function bot_file.load(path)
   local file, message = io.open(path)
   if not file then
      return nil, failure.new("no_input", message)
   end
   local readable, read_message = file:read(0)
   file:close()
   if not readable and read_message then
      return nil, failure.new("no_input", path .. ": " .. read_message)
   end
   local chunk, syntax_message = loadfile(path, "t")
   if not chunk then
      return nil, failure.new("data", syntax_message)
   end
   find_beside(path)
   local ran, result = pcall(chunk)
   if not ran then
      local raised = tostring(result)
      -- A file that ends with `return kenar.bot { ... }` has left the stack when that raises.
      return nil, failure.new("data", raised:find(path, 1, true) and raised or path .. ": " .. raised)
   end
   if not bots.is(result) then
      return nil, failure.new("data", ("%s returned %s, not a bot"):format(path,
         result == nil and "nothing" or "a value of type " .. type(result)), how_to_end)
   end
   return result
end

return bot_file
