--- `kenar new <folder>`: a small bot to begin with, and its spec.

local core = require "kenar.core"
local failure = require "kenar.cli.failure"

-- Beside this module, wherever it is installed.
local TEMPLATES = debug.getinfo(1, "S").source:match "^@(.*/)" .. "new_bot/"

-- The default addresses of `kenar sandbox` and `kenar run`.
local SANDBOX, BOT = "http://127.0.0.1:8090", "http://127.0.0.1:8080"

local function read_template(name)
   local file = assert(io.open(TEMPLATES .. name, "rb"))
   local text = file:read "*a"
   file:close()
   return text
end

-- A word quoted for a shell.
local function quoted(word)
   return word:find "^[%w_./-]+$" and word or "'" .. word:gsub("'", [['\'']]) .. "'"
end

local function environment()
   local known = require("kenar.sandbox.server").settings
   return table.concat {
      "# The settings for `kenar sandbox`; nothing here is secret. For Divar itself copy this to .env,\n",
      "# which git leaves alone, put your app's keys from Divar's panel there, and take out the three\n",
      "# lines with port 8090.\n",
      "KENAR_API_KEY=", known.api_key, "\n",
      "KENAR_IDENTIFICATION_KEY=", known.identification_key, "\n",
      "KENAR_BASE_URL=", SANDBOX, "\n",
      "KENAR_OAUTH_URL=", SANDBOX, "\n",
      "KENAR_UPLOAD_URL=", SANDBOX, "\n",
      "# Where Divar and users' browsers reach the bot: the https:// address of the proxy before it\n",
      "KENAR_PUBLIC_URL=", BOT, "\n",
      "# To ask users for their consent\n",
      "KENAR_APP_SLUG=", known.app_slug, "\n",
      "KENAR_OAUTH_SECRET=", known.oauth_secret, "\n",
      "# Consents and sessions, and events that are not handled yet: they outlive the process\n",
      "KENAR_STORE=sqlite:bot.db\n",
      "KENAR_INBOX=sqlite:inbox.db\n",
   }
end

-- The interpreter for which kenar is installed; `busted` alone runs `lua`, which may be another.
local interpreter = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "[%d.]+"

local function busted_settings()
   return ('return { _all = { lua = "%s" }, default = {} }\n'):format(interpreter)
end

-- One row per file: its path in the folder, and its text.
local function files()
   return {
      { "bot.lua", read_template "bot.lua" },
      { "spec/bot_spec.lua", read_template "bot_spec.lua" },
      { ".busted", busted_settings() },
      { ".env.example", environment() },
      { ".gitignore", read_template "gitignore" },
   }
end

local function write(path, text)
   local file, message = io.open(path, "wb")
   local done = file
   if done then
      done, message = file:write(text)
      local closed, why = file:close()
      if done and not closed then
         done, message = nil, why
      end
   end
   if not done then
      return nil, failure.new("storage", message:find(path, 1, true) and message or path .. ": " .. message)
   end
   return true
end

-- An existing empty folder is used.
local function make_folder(path)
   local made, message = core.make_folder(path)
   if made == nil then
      return nil, failure.new("storage", message)
   elseif made then
      return true
   end
   local names
   names, message = core.list_folder(path)
   if not names then
      return nil, failure.new("usage", message, "kenar new <folder>, which is made or is empty")
   elseif names[1] then
      return nil, failure.new("usage", ("%s is not empty, and was left as it is"):format(path),
         "kenar new <folder>, which is made or is empty")
   end
   return true
end

local next_steps = [[
Next:
  cd %s && %s $(command -v busted)   # its spec; Debian's package is lua-busted
  kenar sandbox   # a Divar on this machine, in a terminal of its own: open the address that it prints
  set -a; . ./.env.example; set +a; kenar run bot.lua
]]

return {
   summary = "Make a folder with a bot to begin with, and its spec.",
   arguments = { { name = "folder", description = "Is made, unless it is there and empty." } },
   options = {},

   ---@param given { folder: string }
   ---@return true? ok, kenar.cli.Failure? why
   run = function(given)
      local folder = given.folder:match "^(.*[^/])/*$" or given.folder:sub(1, 1)
      local made, why = make_folder(folder)
      if made then
         made, why = core.make_folder(folder .. "/spec")
         why = why and failure.new("storage", why)
      end
      if made == nil then
         return nil, why
      end
      for _, row in ipairs(files()) do
         local done
         done, why = write(folder .. "/" .. row[1], row[2])
         if not done then
            return nil, why
         end
         print(("%s/%s"):format(folder, row[1]))
      end
      io.stdout:write(next_steps:format(quoted(folder), interpreter))
      return true
   end,
}
