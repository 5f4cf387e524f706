--- Keeps tests off the network: functions that open sockets raise an error while a test runs a bot.

local hosts = require "kenar.host"

local no_sockets = {}

-- Modules that open sockets, and their functions that do so.
local doors = {
   ["kenar.curl"] = { "pool" },
   ["kenar.httpd"] = { "server" },
   ["kenar.host.loop"] = { "new" },
   ["socket"] = { "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "connect", "connect4", "connect6", "bind" },
   ["socket.core"] = { "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "connect" },
   ["socket.http"] = { "request" },
   ["ssl.https"] = { "request" },
   ["cqueues.socket"] = { "connect", "listen" },
   ["http.request"] = { "new_from_uri", "new_connect" },
   ["lcurl"] = { "easy", "multi" },
   ["luv"] = { "new_tcp", "new_udp" },
}

local function refusal(name)
   return function()
      error(name .. " opens sockets, and kenar.testing has none: give the bot's client, or attach it to divar.host", 2)
   end
end

local function close(changes)
   for module, names in pairs(doors) do
      local loaded = package.loaded[module]
      if type(loaded) == "table" then
         for _, name in ipairs(names) do
            if loaded[name] ~= nil then
               changes[#changes + 1] = { loaded, name, loaded[name] }
               loaded[name] = refusal(module .. "." .. name)
            end
         end
      else
         changes[#changes + 1] = { package.preload, module, package.preload[module] }
         package.preload[module] = refusal(module)
      end
   end
end

local function restore(changes, ...)
   for i = #changes, 1, -1 do
      local change = changes[i]
      change[1][change[2]] = change[3]
   end
   return ...
end

--- Call `f` while those functions raise; clients without a host get `host`.
---@param host table
---@param f function
---@return boolean ok, any results as pcall's
function no_sockets.call(host, f)
   local changes = { { hosts, "current", hosts.current } }
   hosts.current = function()
      return host
   end
   close(changes)
   return restore(changes, pcall(f))
end

return no_sockets
