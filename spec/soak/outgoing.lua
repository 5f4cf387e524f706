--- Many messages to many conversations through a sandbox that fails: what became of each, against what was said of it.

local client = require "kenar.client"
local loop = require "kenar.host.loop"
local scratch = require "spec.support.scratch"
local sandboxes = require "spec.soak.divar"

local outgoing = {}

local IN_FLIGHT = 128

-- How often a message may have been carried out, by what its sender was told.
local allowed = { ok = { 1, 1 }, no = { 0, 0 }, maybe = { 0, 1 }, yes = { 1, 1 } }

local function send_all(divar, options, on_part)
   local host = loop.new { max_transfers = IN_FLIGHT }
   local c = client.new {
      host = host, api_key = "sandbox-api-key", base_url = divar.url, timeout = 5, deadline = 60, attempts = 6,
   }
   local outcomes, given, sent = {}, {}, 0
   local ids = divar.conversations
   -- As large as it will be, so that what grows is the library's.
   for number = 1, options.messages do
      outcomes[number] = false
   end
   local function work()
      while sent < options.messages do
         sent = sent + 1
         local number, id = sent, ids[(sent * 7919) % #ids + 1]
         given[id] = (given[id] or 0) + 1
         local result, err = c:send_bot_message(id, number .. " " .. given[id])
         outcomes[number] = result and "ok" or err.sent
         if number % options.part == 0 then
            on_part(number)
         end
      end
   end
   for _ = 1, IN_FLIGHT do
      host.spawn(work)
   end
   host:run()
   host:stop(0)
   host:run()
   return outcomes
end

local function judge(outcomes, carried_out)
   local times, last, out_of_order = {}, {}, 0
   for id, text in carried_out do
      local number, place = text:match "^(%d+) (%d+)$"
      number, place = tonumber(number), tonumber(place)
      times[number] = (times[number] or 0) + 1
      if outcomes[number] == "ok" then
         if place <= (last[id] or 0) then
            out_of_order = out_of_order + 1
         end
         last[id] = place
      end
   end
   local report = { ok = 0, no = 0, maybe = 0, yes = 0, lost = 0, twice = 0, out_of_order = out_of_order }
   for number, outcome in ipairs(outcomes) do
      report[outcome] = report[outcome] + 1
      local count, bounds = times[number] or 0, allowed[outcome]
      report.lost = report.lost + (count < bounds[1] and 1 or 0)
      report.twice = report.twice + (count > bounds[2] and 1 or 0)
   end
   return report
end

--- Send them, and hold what the sandbox carried out against what the sender was told.
---@param options { messages: integer, conversations: integer, seed: integer, rate: number, part: integer?,
---   on_part: fun(sent: integer, bytes: integer)? } `on_part` hears of every `part` messages, and of the bytes that
---   Lua has in use
---@return { ok: integer, no: integer, maybe: integer, yes: integer, lost: integer, twice: integer,
---   out_of_order: integer } report
function outgoing.run(options)
   local folder = scratch.new()
   options.part = options.part or math.huge
   local divar = sandboxes.start(folder:file "carried_out", options)
   local outcomes = send_all(divar, options, function(sent)
      collectgarbage()
      options.on_part(sent, collectgarbage "count" * 1024)
   end)
   local report = judge(outcomes, divar:stop())
   folder:remove()
   return report
end

return outgoing
