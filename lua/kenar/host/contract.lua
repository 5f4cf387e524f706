--- What every host promises, and the defaults of the members that a host may leave out.

local core = require "kenar.core"

local contract = {}

--- A request to `host.request`. A `headers` table is compiled once and recognised by identity: never change it.
---@class kenar.HostRequest
---@field url string
---@field method? string upper case (default "GET")
---@field headers? table<string, string|number>
---@field body? string|table a string, or a list of strings and files
---@field timeout? number seconds for the whole exchange (default 30)
---@field connect_timeout? number seconds (default 10)
---@field max_body? integer bytes of the response (default 1 MiB)
---@field fresh? boolean use a new connection
---@field on_progress? fun(sent: integer, total: integer)

--- The place in which bots and clients run. The functions are called without a self.
---@class kenar.Host
---@field name string
---@field now fun(): number the time of day, in seconds since 1970
---@field clock fun(): number seconds; it only grows
---@field closing fun(): boolean whether a stop has begun
---@field request fun(req: kenar.HostRequest): table?, kenar.Error? waits for the response: { status, headers, body }
---@field sleep fun(seconds: number): true?, "closed"?
---@field spawn fun(f: function, ...: any): table runs `f(...)` as a task with `task:wait(timeout)`
---@field semaphore fun(count: integer): table with `wait(timeout)` and `post(n)`
---@field start? fun(f: function, a: any, b: any, c: any) runs `f(a, b, c)` as a task that nobody can wait for; the host
---   may run its first part at once (default: `spawn`)
---@field log? fun(line: string): any writes a line; the result is false or nil if the line is lost (default: stderr)
---@field random? fun(): number from 0 to 1 (default: random bytes of the system)
---@field on_stop? fun(f: fun()) calls `f` when a stop begins; the host keeps `f` weakly (default: never called)
---@field stats? fun(): kenar.HostStats (default: zeros)
---@field is_interactive? boolean whether a person may be watching the terminal (default true)

---@class kenar.HostStats
---@field active integer requests under way
---@field queued integer requests that wait for a connection

--- Seconds after which a host sends `request.early`, if the handler has set it and is still running.
contract.EARLY_AFTER = 0.4

--- The response to a request whose handler raised: the client learns no detail.
contract.INTERNAL_ERROR = { status = 500, headers = { ["content-type"] = "application/json" }, body = "{}" }

local defaults = { is_interactive = true }

function defaults.log(line)
   return io.stderr:write(line .. "\n")
end

-- Not math.random: the program owns its seed, and LuaJIT starts with the same seed in every process.
function defaults.random()
   local bytes = core.random_bytes(3)
   if not bytes then
      return math.random()
   end
   local high, middle, low = bytes:byte(1, 3)
   return (high * 65536 + middle * 256 + low) / 16777216
end

function defaults.on_stop()
end

function defaults.stats()
   return { active = 0, queued = 0 }
end

--- Give a host its optional members, unless it has them. Nothing else tests for them.
---@param host table
---@return kenar.Host host the same table
function contract.complete(host)
   for name, default in pairs(defaults) do
      if host[name] == nil then
         host[name] = default
      end
   end
   if host.start == nil then
      function host.start(f, a, b, c)
         host.spawn(f, a, b, c)
      end
   end
   return host
end

return contract
