--- Which handler has an event: middleware around all, then the first route that matches.

local Router = {}
Router.__index = Router

--- Add a route behind those that stand.
---@param matches fun(event: kenar.Event, ctx: kenar.Context): boolean
---@param run fun(ctx: kenar.Context, next: function): any
---@param order? "first" before all routes that were not added so
function Router:add(matches, run, order)
   local position = #self._routes + 1
   if order == "first" then
      self._first = self._first + 1
      position = self._first
   end
   table.insert(self._routes, position, { matches = matches, run = run })
end

---@param middleware fun(ctx: kenar.Context, next: function): any
function Router:use(middleware)
   self._middleware[#self._middleware + 1] = middleware
end

local function route_from(self, ctx, first)
   local routes, event = self._routes, ctx._event
   for index = first, #routes do
      local route = routes[index]
      if route.matches(event, ctx) then
         ctx.handled = true
         return route.run(ctx, function() return route_from(self, ctx, index + 1) end)
      end
   end
   ctx.handled = false
end

local function wrap_from(self, ctx, index)
   local middleware = self._middleware[index]
   if middleware then
      return middleware(ctx, function() return wrap_from(self, ctx, index + 1) end)
   end
   return route_from(self, ctx, 1)
end

--- Hand an event on. Sets ctx.handled to false when no route wanted it; a middleware that answers by itself
--- leaves it nil.
---@param ctx kenar.Context
---@return any what the handler returned
function Router:dispatch(ctx)
   return wrap_from(self, ctx, 1)
end

local router = {}

function router.new()
   return setmetatable({ _routes = {}, _middleware = {}, _first = 0 }, Router)
end

return router
