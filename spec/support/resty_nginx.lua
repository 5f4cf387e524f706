--- A real nginx that serves spec.support.resty_bot, and requests as Divar posts them.

local nginx = require "spec.support.nginx"
local wire = require "spec_wire"

local resty_nginx = {}

local HTTP = [[
   lua_shared_dict zone 8m;
   lua_shared_dict events 8m;
   lua_shared_dict told 1m;
   init_by_lua_block { bot = require "spec.support.resty_bot" { $bot } }
   init_worker_by_lua_block { $start }
]]

local SERVER = [[
   add_header X-Worker $pid always;
   $location
   location /kenar {
      content_by_lua_block { require("kenar.resty").serve(bot, { $serve }) }
   }
   # Waits until a list of `told` has so many entries, and gives them all.
   location = /told {
      content_by_lua_block {
         local told, list, count = ngx.shared.told, ngx.var.arg_list, tonumber(ngx.var.arg_count)
         for _ = 1, 2000 do
            if told:llen(list) >= count then break end
            ngx.sleep(0.005)
         end
         for _ = 1, told:llen(list) do
            local entry = told:lpop(list)
            told:rpush(list, entry)
            ngx.say(entry)
         end
      }
   }
   location = /set { content_by_lua_block { ngx.shared.told:set(ngx.unescape_uri(ngx.var.arg_key), true) } }
]]

local EVENT = '{"type":"NEW_CHATBOT_MESSAGE","new_chatbot_message":{"id":"%s","conversation":{"id":"%s",'
   .. '"type":"BOT"},"sender":{"type":"HUMAN"},"type":"TEXT","text":"%s"}}'

--- The body of a message to a bot.
function resty_nginx.message(id, text, conversation)
   return EVENT:format(id, conversation or "conversation of " .. id, text or "x")
end

local Server = {}

--- Post to the bot.
---@return string body, integer status, string head
function Server:post(body, headers, path)
   return self.nginx:ask(path or "/kenar/events", body, (headers or "") .. "Authorization: secret\r\n")
end

--- The entries of a list of the bot, as soon as there are `count`.
---@return string[]
function Server:told(list, count)
   local entries = {}
   for entry in self.nginx:ask(("/told?list=%s&count=%d"):format(list, count)):gmatch "[^\n]+" do
      entries[#entries + 1] = entry
   end
   return entries
end

--- Let the handler of a message with the text "hold" go on.
function Server:release(id)
   self.nginx:ask("/set?key=release%20" .. id)
end

--- A connection that is kept: its `post(body)` gives the status, the worker's pid and the head.
function Server:connect()
   local socket, buffer = assert(wire.connect(self.nginx.port)), ""
   return {
      close = function() socket:close() end,
      post = function(body)
         assert(socket:send(("POST /kenar/events HTTP/1.1\r\nHost: x\r\nAuthorization: secret\r\n"
            .. "Content-Length: %d\r\n\r\n%s"):format(#body, body)))
         while true do
            local head, rest = buffer:match "^(.-\r\n)\r\n(.*)$"
            local length = head and tonumber(head:match "[Cc]ontent%-[Ll]ength: (%d+)")
            if head and #rest >= length then
               buffer = rest:sub(length + 1)
               return tonumber(head:match "^HTTP/1%.1 (%d+)"), tonumber(head:match "X%-Worker: (%d+)"), head
            end
            buffer = buffer .. assert(socket:receive(65536, 20))
         end
      end,
   }
end

--- The children of nginx's master.
---@return integer[]
function Server:workers()
   local master = self.nginx.process:pid()
   local file = assert(io.open(("/proc/%d/task/%d/children"):format(master, master)))
   local pids = {}
   for pid in file:read("*a"):gmatch "%d+" do
      pids[#pids + 1] = tonumber(pid)
   end
   file:close()
   return pids
end

function Server:stop()
   self.nginx:stop()
end

--- Start an nginx. `bot`, `serve` and `start` are Lua: the fields of the bot's options, the fields of serve's options,
--- and the code of init_worker; with `early` events are acknowledged early.
---@param given? table beside these what spec.support.nginx takes
function resty_nginx.start(given)
   given = given or {}
   local early = 'ack = "early", zone = "events", lease = 1, workers = 4'
   local values = {
      bot = given.bot or "", serve = given.serve or "", location = given.location or "", pid = "$pid",
      start = given.start or given.early and ('require("kenar.resty").start(bot, { %s })'):format(early) or "",
   }
   for name, value in pairs(given.values or {}) do
      values[name] = value
   end
   return setmetatable({
      nginx = nginx.start {
         workers = given.workers, values = values, main = given.main, server = SERVER,
         http = HTTP .. (given.http or ""),
      },
   }, { __index = Server })
end

return resty_nginx
