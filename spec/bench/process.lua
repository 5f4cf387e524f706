--- The servers of a bench: started on a free port, asked for their CPU time, stopped.
--
-- Everything is started below one session, which `run` ends whatever happens; what is stopped here is stopped
-- so that it does not disturb the next bench.

local process = {}

--- A word as the shell takes it literally.
---@param word string
---@return string
function process.quote(word)
   return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- Run a command to its end.
---@param command string
---@return boolean succeeded
---@return string output what it wrote to its standard output
function process.run(command)
   local pipe = assert(io.popen(command))
   local output = pipe:read "*a"
   return pipe:close() == true, output
end

--- Whether a program is installed.
---@param program string
---@return boolean
function process.installed(program)
   return (process.run("command -v " .. process.quote(program) .. " >/dev/null 2>&1"))
end

-- The CPU time of a process's threads in nanoseconds: user and system, without the hundredths that the ticks of
-- /proc/PID/stat are counted in.
local function cpu_of(pid)
   local _, output = process.run("cat /proc/" .. pid .. "/task/*/schedstat 2>/dev/null")
   local total = 0
   for on_cpu in output:gmatch "(%d+) %d+ %d+\n" do
      total = total + tonumber(on_cpu)
   end
   return total
end

--- The CPU time of a process and its children so far, in microseconds.
---@param pid integer|string
---@return number
function process.cpu_below(pid)
   local total = cpu_of(pid)
   local _, workers = process.run("cat /proc/" .. pid .. "/task/*/children 2>/dev/null")
   for worker in workers:gmatch "%d+" do
      total = total + cpu_of(worker)
   end
   return total / 1000
end

---@class kenar.bench.Server
---@field port integer
---@field private pid string
---@field private log string
local Server = {}
Server.__index = Server

--- The CPU time of the server and its workers so far, in microseconds.
---@return number
function Server:cpu()
   return process.cpu_below(self.pid)
end

---@return boolean
function Server:running()
   local file = io.open("/proc/" .. self.pid .. "/stat")
   if not file then
      return false
   end
   local line = file:read "*a"
   file:close()
   -- What has ended stays a zombie until somebody asks for its status.
   return line and not line:find "%) Z "
end

-- Waits until `done()` or until so many seconds are over.
local function wait(seconds, done)
   local step = 0.05
   for _ = 1, seconds / step do
      if done() then
         return true
      end
      process.run("sleep " .. step)
   end
   return done()
end

--- Stop the server, by force when it does not stop when told.
function Server:stop()
   local function gone()
      return not self:running()
   end
   for _, signal in ipairs { "TERM", "KILL" } do
      process.run("kill -" .. signal .. " " .. self.pid .. " 2>/dev/null")
      if wait(5, gone) then
         return
      end
   end
end

local function port_is_taken(port)
   return (process.run(("bash -c 'exec 3<>/dev/tcp/127.0.0.1/%d' 2>/dev/null"):format(port)))
end

--- Start a server on a free port and wait until it listens.
---@param command string with `{port}` where the port belongs
---@param folder string where its output goes
---@return kenar.bench.Server
function process.serve(command, folder)
   local port
   repeat
      port = math.random(20000, 32000)
   until not port_is_taken(port)
   local server = setmetatable({ port = port, log = ("%s/%d.log"):format(folder, port) }, Server)
   local line = ("{ exec %s; } </dev/null >%s 2>&1 & echo $!"):format(
      command:gsub("{port}", tostring(port)), process.quote(server.log)
   )
   local _, pid = process.run(line)
   server.pid = pid:match "%d+"
   local listens = wait(10, function()
      return port_is_taken(port) or not server:running()
   end) and server:running()
   if not listens then
      local log = io.open(server.log)
      error(("%s did not start: %s"):format(line, log and log:read "*a" or ""), 0)
   end
   return server
end

return process
