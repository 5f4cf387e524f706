--- Many webhooks to a bot that is killed and started again: what was handled, against what was answered with 200.

local core = require "kenar.core"
local dice = require "kenar.sandbox.faults.dice"
local inboxes = require "kenar.inbox"
local json = require "kenar.json"
local loop = require "kenar.host.loop"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

local incoming = {}

local CONVERSATIONS = 50
local PATIENCE = 120

local Bot = {}
Bot.__index = Bot

function Bot:start()
   self.process = assert(wire.spawn({
      wire.executable(), "spec/soak/killed_bot.lua", self.folder.path, ("%d"):format(self.port),
   }, { env = { KENAR_LOG_LEVEL = "error" } }))
   local output = ""
   repeat
      local bytes, message = self.process:read()
      output = output .. (bytes or error("the bot did not start: " .. tostring(message) .. output))
   until output:find "ready"
end

function Bot:kill(signal)
   self.process:kill(signal)
   self.process:wait()
   self.process:close()
end

function Bot:memory()
   local file = assert(io.open(("/proc/%d/status"):format(self.process:pid())))
   local kilobytes = file:read("*a"):match "VmRSS:%s*(%d+)"
   file:close()
   return tonumber(kilobytes) * 1024
end

local function event(conversation, number)
   return assert(json.encode {
      type = "NEW_CHATBOT_MESSAGE", new_chatbot_message = {
         id = ("m-%d-%d"):format(conversation, number), conversation = { id = "c" .. conversation, type = "BOT" },
         sender = { type = "HUMAN" }, type = "TEXT", text = tostring(number),
      },
   })
end

-- Post each event until it is answered 200, those of one conversation one after the other; kill the bot at moments
-- that are drawn.
local function storm(bot, options)
   local host = loop.new {}
   local draw = dice.new(options.seed, 1)
   local accepted, each = 0, math.ceil(options.events / CONVERSATIONS)
   local function post(body)
      repeat
         local res = host.request {
            method = "POST", url = ("http://127.0.0.1:%d/kenar/events"):format(bot.port), body = body, timeout = 10,
            headers = { authorization = "id-key-1", ["content-type"] = "application/json" },
         }
         local is_accepted = res and res.status == 200
         if not is_accepted then
            host.sleep(0.01)
         end
      until is_accepted
      accepted = accepted + 1
   end
   for conversation = 1, CONVERSATIONS do
      host.spawn(function()
         for number = 1, each do
            post(event(conversation, number))
         end
      end)
   end
   host.spawn(function()
      for round = 1, options.kills do
         -- Somewhere in this round's share of the events, and up to 50 ms later.
         local from = options.events * 0.95 / options.kills * (round - 1)
         local at = from + draw:draw() * options.events * 0.95 / options.kills
         repeat host.sleep(0.002) until accepted >= at
         host.sleep(draw:draw() * 0.05)
         bot:kill(9)
         bot:start()
      end
   end)
   host:run()
   host:stop()
   host:run()
   return each
end

-- Wait until the inbox is empty, however long the handlers take.
local function drain(bot)
   local visitor = assert(inboxes.visit("sqlite:" .. bot.folder:file "inbox.db"))
   local ends_at = core.clock() + PATIENCE
   local stats
   repeat
      wire.poll({}, 0.05)
      stats = visitor:stats()
      assert(core.clock() < ends_at, "the inbox was not worked off")
   until stats.pending + (stats.running or 0) + (stats.delayed or 0) == 0
   visitor:close()
   return stats
end

local function count(path)
   local lines, order = {}, {}
   for line in io.lines(path) do
      if line ~= "" then
         if not lines[line] then
            order[#order + 1] = line
         end
         lines[line] = (lines[line] or 0) + 1
      end
   end
   return lines, order
end

local function judge(bot, each, dead)
   local handled, order = count(bot.folder:file "handled")
   local effects = count(bot.folder:file "effects")
   local report = {
      handled = #order, again = 0, lost = 0, effects_missing = 0, effects_twice = 0, out_of_order = 0, dead = dead,
   }
   for conversation = 1, CONVERSATIONS do
      for number = 1, each do
         local line = ("c%d %d"):format(conversation, number)
         report.lost = report.lost + (handled[line] and 0 or 1)
         report.again = report.again + math.max(0, (handled[line] or 0) - 1)
         report.effects_missing = report.effects_missing + (effects[line] and 0 or 1)
         report.effects_twice = report.effects_twice + math.max(0, (effects[line] or 0) - 1)
      end
   end
   local last = {}
   for _, line in ipairs(order) do
      local conversation, number = line:match "^(%S+) (%d+)$"
      if tonumber(number) <= (last[conversation] or 0) then
         report.out_of_order = report.out_of_order + 1
      end
      last[conversation] = tonumber(number)
   end
   return report
end

--- Post them, kill the bot meanwhile, and hold what it handled against what it was given.
---@param options { events: integer, kills: integer, seed: integer }
---@return { handled: integer, again: integer, lost: integer, effects_missing: integer, effects_twice: integer,
---   out_of_order: integer, dead: integer, memory: integer } report `memory`: bytes of the last process
function incoming.run(options)
   local bot = setmetatable({ folder = scratch.new(), port = assert(wire.free_port()) }, Bot)
   bot:start()
   local each = storm(bot, options)
   local stats = drain(bot)
   local memory = bot:memory()
   bot:kill(15)
   local report = judge(bot, each, stats.dead)
   report.memory = memory
   bot.folder:remove()
   return report
end

return incoming
