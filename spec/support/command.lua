--- The `kenar` command as a process of its own, on the interpreter that runs the specs.
local wire = require "spec_wire"

local command = {}

local script = package.path:match "([^;]*/lua/)%?%.lua" .. "kenar/cli/kenar"

-- What the developer's own shell may have set.
local unset = {
   KENAR_API_KEY = false, KENAR_IDENTIFICATION_KEY = false, KENAR_APP_SLUG = false, KENAR_OAUTH_SECRET = false,
   KENAR_PUBLIC_URL = false, KENAR_BASE_URL = false, KENAR_OAUTH_URL = false, KENAR_UPLOAD_URL = false,
   KENAR_LOG_LEVEL = false, KENAR_LOG_FORMAT = false, KENAR_STORE = false, KENAR_INBOX = false,
   KENAR_QUOTA_MINUTE = false, KENAR_QUOTA_DAY = false,
}

local Command = {}
Command.__index = Command

--- Start it. Its stdout and stderr are read as one.
---@param arguments string[]
---@param environment? table<string, string>
---@param elsewhere? { program: string?, directory: string?, shell: string? } an installed command in place of the
---   tree's; where it is started; what a shell does before it becomes the command
function command.start(arguments, environment, elsewhere)
   elsewhere = elsewhere or {}
   local line = elsewhere.shell and { "sh", "-c", elsewhere.shell .. '\nexec "$@"', "sh" } or {}
   for _, word in ipairs(elsewhere.program and { elsewhere.program } or { wire.executable(), script }) do
      line[#line + 1] = word
   end
   for _, argument in ipairs(arguments) do
      line[#line + 1] = argument
   end
   local env = {}
   for _, names in ipairs { unset, environment or {} } do
      for name, value in pairs(names) do
         env[name] = value
      end
   end
   local process = assert(wire.spawn(line, { env = env, stderr = "stdout", cwd = elsewhere.directory }))
   return setmetatable({ process = process, output = "" }, Command)
end

--- Run it to its end.
---@return integer status, string output
function command.run(arguments, environment)
   local started = command.start(arguments, environment)
   local status = started:wait()
   started:close()
   return status, started.output
end

--- Read until it has written something, and give what the pattern captures.
function Command:expect(pattern)
   while not self.output:find(pattern) do
      local bytes, message = self.process:read()
      if not bytes then
         error(("no %q came (%s) in:\n%s"):format(pattern, message, self.output), 2)
      end
      self.output = self.output .. bytes
   end
   return self.output:match(pattern)
end

--- Read to the end of its output and wait for its exit status.
---@return integer status
function Command:wait()
   local bytes, message
   repeat
      bytes, message = self.process:read()
      self.output = self.output .. (bytes or "")
   until not bytes
   if message ~= "closed" then
      error(("it still runs (%s) after:\n%s"):format(message, self.output), 2)
   end
   return assert(self.process:wait())
end

local signals = { HUP = 1, INT = 2, TERM = 15 }

---@param name "HUP"|"INT"|"TERM"
function Command:signal(name)
   return self.process:kill(signals[name])
end

function Command:close()
   self.process:close()
end

--- Send a POST to a port of this machine; the socket, from which the answer is to be read.
function command.post(port, path, headers, body)
   local lines = { ("POST %s HTTP/1.1"):format(path), "host: 127.0.0.1", "connection: close",
      "content-type: application/json", "content-length: " .. #body }
   for name, value in pairs(headers) do
      lines[#lines + 1] = name .. ": " .. value
   end
   local socket = assert(wire.connect(port))
   assert(socket:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. body))
   return socket
end

--- Ask for a page of a port of this machine; the socket, from which the answer is to be read.
---@param method? string default GET
function command.get(port, path, method)
   local socket = assert(wire.connect(port))
   assert(socket:send(("%s %s HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"):format(method or "GET", path)))
   return socket
end

--- The answer on a socket, which is closed then.
---@return integer status, string body
function command.answer(socket)
   local bytes = {}
   while true do
      local more, message = socket:receive()
      if not more then
         assert(message == "closed", message)
         break
      end
      bytes[#bytes + 1] = more
   end
   socket:close()
   local answer = table.concat(bytes)
   return tonumber(answer:match "^HTTP/1%.1 (%d+)"), answer:match "\r\n\r\n(.*)$"
end

return command
