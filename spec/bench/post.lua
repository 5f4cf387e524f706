--- The script of wrk: events from Divar of many conversations in turn (what a bot says in one of them leaves in order,
--- one after the other), each with an id of its own, for an event that comes twice is not handled again. At the end a
--- line for the runner.
-- luacheck: globals wrk init request done

local CONVERSATIONS = 512

wrk.method = "POST"
wrk.path = "/kenar/events"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = os.getenv "BENCH_KEY"

local event = io.open(os.getenv "BENCH_EVENT", "rb"):read "*a"
local before, after = event:match '^(.-"conversation"%s*:%s*{%s*"id"%s*:%s*"[^"]*)%d%d%d"(.*)$'
local MARK = "000000000000"
local heads, tails, turn = {}, {}, 0

function init()
   local file = io.open("/dev/urandom", "rb")
   local a, b, c, d = file:read(4):byte(1, 4)
   file:close()
   math.randomseed(((a * 256 + b) * 256 + c) * 256 + d)
end

-- The message's id ends in twelve digits that are drawn, as those of UUIDs are: counted ones would fall on each other
-- in LuaJIT's hash, and those of an earlier run have been handled.
local function prepare(number)
   local body = ('%s%03d"%s'):format(before, number, after)
   local marked, found = body:gsub('("id"%s*:%s*"%x+%-%x+%-%x+%-%x+%-)%x+"', "%1" .. MARK .. '"', 1)
   assert(found == 1, "the event has an id")
   heads[number], tails[number] = wrk.format(nil, nil, nil, marked):match("^(.-)" .. MARK .. "(.*)$")
end

function request()
   turn = turn % CONVERSATIONS + 1
   if not heads[turn] then
      prepare(turn)
   end
   local draw = math.random
   return heads[turn] .. ("%06x%06x"):format(draw(0, 16777215), draw(0, 16777215)) .. tails[turn]
end

function done(summary)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   io.write(("requests=%d failed=%d\n"):format(summary.requests, failed))
end
