--- Which handler has an event: middleware around all, then the first route that matches.

local Router = {}
Router.__index = Router

-- What a touch point or a consent says comes before what a dialogue waits for, and that before all else.
local ranks = { first = 1, answer = 2 }
local LAST_RANK = 3

-- A function for each event, made for handlers that do not look at it, costs more than the rest of the way: LuaJIT
-- compiles nothing in which one is made.
local function takes_next(run)
   local info = debug.getinfo(run, "u")
   return info.isvararg or info.nparams > 1
end

--- Add a route behind those that stand with its rank.
---@param matches fun(event: kenar.Event, ctx: kenar.Context): boolean
---@param run fun(ctx: kenar.Context, next: function): any
---@param order? "first"|"answer" before all routes without one
function Router:add(matches, run, order)
   local routes, rank = self._routes, ranks[order] or LAST_RANK
   local position = #routes + 1
   while position > 1 and routes[position - 1].rank > rank do
      position = position - 1
   end
   table.insert(routes, position, { matches = matches, run = run, rank = rank, wants_next = takes_next(run) })
end

---@param middleware fun(ctx: kenar.Context, next: function): any
function Router:use(middleware)
   self._middleware[#self._middleware + 1] = middleware
end

local function following(step, self, ctx, index)
   return function() return step(self, ctx, index) end
end

local function route_from(self, ctx, first)
   local routes, event = self._routes, ctx._event
   for index = first, #routes do
      local route = routes[index]
      if route.matches(event, ctx) then
         ctx.handled = true
         return route.run(ctx, route.wants_next and following(route_from, self, ctx, index + 1) or nil)
      end
   end
   ctx.handled = false
end

local function wrap_from(self, ctx, index)
   local middleware = self._middleware[index]
   if middleware then
      return middleware(ctx, following(wrap_from, self, ctx, index + 1))
   end
   return route_from(self, ctx, 1)
end

--- Hand an event on. Sets ctx.handled to false when no route wanted it; a middleware that answers by itself
--- leaves it as it was.
---@param ctx kenar.Context
---@return any what the handler returned
function Router:dispatch(ctx)
   return wrap_from(self, ctx, 1)
end

local router = {}

function router.new()
   return setmetatable({ _routes = {}, _middleware = {} }, Router)
end

return router
