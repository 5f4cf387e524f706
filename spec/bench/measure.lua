--- How each kind of bench is measured. Every kind returns a list of figures:
--- { name, value, ratio = nil, target = nil, limit = nil }, in the order they are printed.

local process = require "spec.bench.process"
local rounds = require "spec.bench.rounds"

local measure = {}

local function output_of(command, settings)
   local complaints = settings.folder .. "/stderr"
   local succeeded, output = process.run(command .. " 2>" .. process.quote(complaints))
   if not succeeded then
      local file = assert(io.open(complaints))
      local said = file:read(1000)
      file:close()
      error(("%s failed: %s"):format(command, said or ""), 0)
   end
   return output
end

local function figures_of(bench, settings, costs)
   local figures = {}
   for i, median in ipairs(rounds.compare(settings.rounds, costs)) do
      local contestant = bench.contestants[i]
      figures[i] = {
         name = contestant.name,
         value = median.value,
         ratio = median.ratio,
         target = i > 1 and not contestant.peer and bench.target or nil,
      }
   end
   return figures
end

--- Every contestant prints the cost of one message.
function measure.clients(bench, settings)
   local costs = {}
   for i, contestant in ipairs(bench.contestants) do
      costs[i] = function()
         return assert(tonumber(output_of(contestant.command, settings)), contestant.command .. " printed no figure")
      end
   end
   return figures_of(bench, settings, costs)
end

-- What a server answers to the bytes of one request; `reader` is the shell command that reads it.
local function answer_to(port, request, reader, settings)
   local script = 'exec 3<>/dev/tcp/127.0.0.1/$0; printf %s "$1" >&3; ' .. reader .. " <&3"
   local command = ("timeout 10 bash -c %s %d %s"):format(process.quote(script), port, process.quote(request))
   return output_of(command, settings)
end

-- The status of the answer to the event under a key. Nothing behind it is read: a server that refuses a request may
-- break the connection over its body.
local function status_under(key, server, settings)
   local request = "POST /kenar/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Length: %d\r\n"
      .. "Content-Type: application/json\r\n\r\n%s"
   request = request:format(key, #settings.event, settings.event)
   return answer_to(server.port, request, "head -n 1", settings):match "^HTTP/1%.1 (%d+)"
end

-- How many requests Divar's part has been sent so far, this one among them.
local function messages_sent(settings)
   local request = "GET /requests HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
   local status = answer_to(settings.divar_port, request, "cat", settings)
   return tonumber(status:match "requests%s+%d+ %d+ (%d+)")
end

-- A server that refuses everything is fast: it must take the key and, unless it looks at none, refuse another.
local function check(contestant, server, settings)
   local right = status_under(settings.key, server, settings)
   local wrong = status_under("another", server, settings)
   if right ~= "200" or (wrong ~= "401" and not contestant.keyless) then
      error(("%s answered %s to its key and %s to another"):format(contestant.name, right, wrong), 0)
   end
end

local function load_with_wrk(server, settings, sends)
   local wrk = "wrk -t1 -c%d -d%ds -s spec/bench/post.lua http://127.0.0.1:%d/"
   local command = ("BENCH_EVENT=%s BENCH_KEY=%s " .. wrk):format(
      process.quote(settings.event_file),
      process.quote(settings.key),
      settings.connections,
      settings.seconds,
      server.port
   )
   local sent = messages_sent(settings)
   local before = server:cpu()
   local output = output_of(command, settings)
   local spent = server:cpu() - before
   sent = messages_sent(settings) - sent - 1
   local requests, failed = output:match "requests=(%d+) failed=(%d+)"
   requests, failed = tonumber(requests), tonumber(failed)
   if failed > 0 or requests == 0 then
      error(("%d of %d requests failed"):format(failed, requests), 0)
   end
   if sends and sent < requests then
      error(("%d requests, but %d messages sent"):format(requests, sent), 0)
   end
   return spent / requests
end

--- Every contestant is a server; its CPU time is shared among the requests that wrk counts.
function measure.servers(bench, settings)
   local servers, costs = {}, {}
   local measured, figures = pcall(function()
      for i, contestant in ipairs(bench.contestants) do
         local server = process.serve(contestant.command, settings.folder)
         servers[i] = server
         check(contestant, server, settings)
         costs[i] = function()
            return load_with_wrk(server, settings, bench.sends)
         end
         costs[i]()
      end
      return figures_of(bench, settings, costs)
   end)
   for _, server in ipairs(servers) do
      server:stop()
   end
   if not measured then
      error(figures, 0)
   end
   return figures
end

--- Every contestant prints its own figures, a line each: [name TAB] value [TAB ratio].
function measure.reports(bench, settings)
   local figures = {}
   for _, contestant in ipairs(bench.contestants) do
      for line in output_of(contestant.command, settings):gmatch "[^\n]+" do
         local name, rest = line:match "^([^\t]*[%a][^\t]*)\t(.*)$"
         local value, ratio = (rest or line):match "^([%d.]+)\t?([%d.]*)$"
         figures[#figures + 1] = {
            name = contestant.name .. (name and ": " .. name or ""),
            value = assert(tonumber(value), "no figure in: " .. line),
            ratio = tonumber(ratio),
            target = bench.target or bench.targets and bench.targets[name],
            limit = bench.limit,
         }
      end
   end
   return figures
end

return measure
