--- kenar: bots on Divar's open platform.
--
-- Each name is a module that is loaded when it is first used, so that a script that only sends pays for nothing else.

-- Where a public name lives: a module, or one field of it.
local names = {
   bot = { "kenar.bot", "new" },
   button = { "kenar.button" },
   client = { "kenar.client", "new" },
   error = { "kenar.error" },
   event = { "kenar.event" },
   grid = { "kenar.grid" },
   inbox = { "kenar.inbox" },
   json = { "kenar.json" },
   message = { "kenar.message" },
   oauth = { "kenar.oauth", "new" },
   persian = { "kenar.persian" },
   rows = { "kenar.rows" },
   scope = { "kenar.scope" },
   serve = { "kenar.serve" },
   template = { "kenar.template", "new" },
   version = { "kenar.version" },
}

return setmetatable({}, {
   __index = function(kenar, name)
      local place = names[name]
      if not place then
         error(("kenar has no %q"):format(tostring(name)), 2)
      end
      local value = require(place[1])
      if place[2] then
         value = value[place[2]]
      end
      rawset(kenar, name, value)
      return value
   end,
})
