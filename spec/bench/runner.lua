--- Runs the benches of benches.lua and prints what they cost. `run` starts it; see there for the options.
-- Usage: runner.lua FOLDER BUILD quick|full [NAME...]

local benches = require "spec.bench.benches"
local measure = require "spec.bench.measure"
local messages = require "spec.bench.messages"
local process = require "spec.bench.process"

local modes = {
   quick = { rounds = 5, slice = 0.05, seconds = 1, count = 2000, first = 4000, total = 20000, peers = false },
   full = { rounds = 9, slice = 0.10, seconds = 1, count = 5000, first = 20000, total = 100000, peers = true },
}

local settings = modes[arg[3]]
settings.folder, settings.build = arg[1], arg[2]
settings.connections = 64
settings.key = "bench-identification-key"
settings.path = "/v2/open-platform/conversations/edbb9499-cccc-4d35-b21f-621fa95f2b3e/messages"
settings.event = messages.bytes(messages.chatbot_message)

local chosen = {}
for i = 4, #arg do
   chosen[arg[i]] = true
end

local function write(name, bytes)
   local path = settings.folder .. "/" .. name
   local file = assert(io.open(path, "wb"))
   file:write(bytes)
   file:close()
   return path
end

settings.event_file = write("event.json", settings.event)
settings.message = write("message.json", messages.bytes(messages.usual))
settings.reply = write("reply.json", messages.bytes(messages.reply))

local function filled(text)
   return (text:gsub("{(%l+)}", function(name)
      return name ~= "port" and tostring(settings[name]) or nil
   end))
end

-- The contestants that are installed and wanted, with their commands filled in.
local function present(bench)
   local list = {}
   for _, contestant in ipairs(bench.contestants) do
      local wanted = settings.peers or not contestant.peer
      local test = contestant.present and filled(contestant.present) .. " >/dev/null 2>&1"
      if wanted and test and not process.run(test) then
         print(("   %-24s not installed"):format(contestant.name))
      elseif wanted then
         contestant.command = filled(contestant.command)
         list[#list + 1] = contestant
      end
   end
   return list
end

local function show(figure, unit)
   local target, reached = "", nil
   if figure.target then
      target, reached = ("at most %.2f"):format(figure.target), figure.ratio <= figure.target
   elseif figure.limit then
      target, reached = ("below %d"):format(figure.limit), figure.value < figure.limit
   end
   local verdict = reached == nil and "" or reached and "reached" or "not reached"
   local ratio = figure.ratio and ("%.2f"):format(figure.ratio) or ""
   local line = ("   %-32s %10.2f %-17s %6s   %-13s %s"):format(
      figure.name, figure.value, unit, ratio, target, verdict
   )
   print((line:gsub("%s+$", "")))
end

local function run(bench)
   print(("%s: %s"):format(bench.name, filled(bench.title)))
   for _, program in ipairs(bench.needs or {}) do
      if not process.installed(program) then
         print(("   not measured: %s is not installed"):format(program))
         return true
      end
   end
   bench.contestants = present(bench)
   local measured, figures = pcall(measure[bench.kind], bench, settings)
   if not measured then
      print("   broken: " .. tostring(figures))
      return false
   end
   for _, figure in ipairs(figures) do
      show(figure, bench.unit)
   end
   return true
end

io.stdout:setvbuf "line"
math.randomseed(os.time())
local divar = process.installed "nginx"
   and process.serve("spec/bench/nginx/start divar.conf {port}", settings.folder)
settings.divar_port = divar and divar.port
settings.divar = divar and "http://127.0.0.1:" .. divar.port
local sound = true
for _, bench in ipairs(benches) do
   if next(chosen) == nil or chosen[bench.name] then
      sound = run(bench) and sound
   end
end
if divar then
   divar:stop()
end
os.exit(sound)
