--- Cases of a file (see spec.support.cases) in the worker of a real nginx.

local cases = require "spec.support.cases"
local nginx = require "spec.support.nginx"

local CASES = [[
   location = /case {
      content_by_lua_block {
         local cases = require("spec.support.cases").collect(require "$cases")
         ngx.req.read_body()
         local ok, why = pcall(cases[ngx.req.get_body_data()])
         ngx.print(ok and "held" or why)
      }
   }
]]

--- Report them in the `describe` that this is called in.
---@param busted { describe: function, it: function, setup: function, teardown: function }
---@param module string that defines them
---@param given? table of spec.support.nginx: `http`, `workers` and so on
return function(busted, module, given)
   local server

   busted.setup(function()
      local options = { server = CASES, values = { cases = module } }
      for name, value in pairs(given or {}) do
         options[name] = value
      end
      server = nginx.start(options)
   end)

   busted.teardown(function()
      server:stop()
   end)

   cases.report(require(module), busted, function(name)
      local answer, status = server:ask("/case", name)
      assert(status == 200, ("gave %s: %s\n%s"):format(tostring(status), answer, server:log()))
      return answer == "held", answer
   end)
end
