--- What the host inside nginx promises: defined in nginx's worker, where these run, and in the spec, which asks for
--- them (spec.support.cases).

local assert = require "luassert"
local fault_server = require "spec.support.fault_server"
local host_contract = require "spec.support.host_contract"
local request_cases = require "spec.kenar.host.resty_request_cases"

---@param runner table what specs are defined with
---@param environment table `fault_port` and `control_port` of a spec.support.fault_server; `deaf_port` of one whose
---   `/early` answers 413 and reads no body, and whose `/answer-once` reads nothing after its answer;
---   `deaf_control_port`; `free_port`; `secure`: ports of TLS servers by what is wrong with them
return function(runner, environment)
   local describe, it, before_each, after_each = runner.describe, runner.it, runner.before_each, runner.after_each

   local function fault_server_here()
      return fault_server.at(environment.fault_port, environment.control_port)
   end

   describe("is a host:", function()
      host_contract(function(on_error)
         local host = require("kenar.host.resty").new { on_error = on_error }
         return {
            host = host, url = fault_server_here().url, only_yields = true,
            close = function()
               host:stop()
               host:run()
            end,
         }
      end, runner)
   end)

   local host, server, told

   before_each(function()
      told = {}
      host = require("kenar.host.resty").new { on_error = function(err) told[#told + 1] = err end }
      server = fault_server_here()
   end)

   after_each(function()
      host:stop()
      host:run()
   end)

   it("is the default host of clients inside nginx", function()
      assert.equal("resty", require("kenar.host").current().name)
   end)

   it("loads neither libcurl nor a server of its own", function()
      local kenar = require "kenar"
      kenar.bot { api_key = "key", identification_key = "key" }
      kenar.client { api_key = "key", base_url = server.url }:send_bot_message("id", "text")
      for name in pairs(package.loaded) do
         assert.is_nil(name:match "^kenar%.curl" or name:match "^kenar%.httpd" or name:match "^kenar%.sqlite")
      end
   end)

   request_cases(runner, {
      environment = environment,
      host = function() return host end,
      server = function() return server end,
      told = function() return told end,
   })

   describe("spawn", function()
      it("runs more tasks at once than nginx runs timers", function()
         local gate, tasks, running = host.semaphore(0), {}, 0
         for i = 1, 1000 do
            tasks[i] = host.spawn(function()
               running = running + 1
               assert(gate:wait())
            end)
         end
         host.spawn(function()
            while running < 1000 do
               host.sleep(0.001)
            end
            gate:post(1000)
         end)
         for _, task in ipairs(tasks) do
            assert.is_true(task:wait(10))
         end
         assert.equal(1000, running)
      end)
   end)

   it("knows its options", function()
      assert.has_error(function()
         require("kenar.host.resty").new { max_transfer = 1 }
      end, "unknown option of a host: max_transfer")
      assert.has_error(function()
         require("kenar.host.resty").new { idle = "1" }
      end, "idle is a number, not a string")
   end)
end
