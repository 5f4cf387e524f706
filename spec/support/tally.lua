--- The output handler of the Makefile's runs: busted's own, and a last line `N passed, N failed` for scripts to count.
local terminal = require "busted.outputHandlers.utfTerminal"

return function(options)
   local busted = require "busted"
   local handler = terminal(options)
   local subscribe = handler.subscribe

   function handler.subscribe(self, given)
      subscribe(self, given)
      busted.subscribe({ "suite", "end" }, function()
         print(("%d passed, %d failed"):format(self.successesCount, self.failuresCount + self.errorsCount))
         return nil, true
      end)
   end

   return handler
end
