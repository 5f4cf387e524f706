--- Runs the same specs on every kind of store that one process has.
local busted = require "busted"
local scratch = require "spec.support.scratch"
local stores = require "kenar.store"

---@param define fun(open: fun(host: table): kenar.Store) called inside a `describe` of each; `open` gives a new store
---   on a host, which is closed after the spec
return function(define)
   local folder, opened

   local function each(name, url)
      busted.describe("in the store " .. name, function()
         busted.before_each(function()
            folder, opened = scratch.new(), {}
         end)

         busted.after_each(function()
            for _, store in ipairs(opened) do
               if store.close then
                  store:close()
               end
            end
            folder:remove()
         end)

         define(function(host)
            opened[#opened + 1] = assert(stores.open(url(folder), host))
            return opened[#opened]
         end)
      end)
   end

   each("memory", function() return "memory:" end)
   each("sqlite", function() return "sqlite:" .. folder:file("bot" .. #opened .. ".db") end)
end
