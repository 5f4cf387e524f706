--- The script of wrk: one event from Divar, again and again, of many conversations in turn: what a bot says in one of
--- them leaves in order, one after the other. At the end a line for the runner.
-- luacheck: globals wrk request done

local CONVERSATIONS = 512

wrk.method = "POST"
wrk.path = "/kenar/events"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = os.getenv "BENCH_KEY"

local event = io.open(os.getenv "BENCH_EVENT", "rb"):read "*a"
local before, after = event:match '^(.-"conversation"%s*:%s*{%s*"id"%s*:%s*"[^"]*)%d%d%d"(.*)$'
local requests, turn = {}, 0

function request()
   turn = turn % CONVERSATIONS + 1
   if not requests[turn] then
      requests[turn] = wrk.format(nil, nil, nil, ('%s%03d"%s'):format(before, turn, after))
   end
   return requests[turn]
end

function done(summary)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   io.write(("requests=%d failed=%d\n"):format(summary.requests, failed))
end
