--- Routes of a bot: all middleware, then the first route that matches.

---@class kenar.Router
local Router = {}
Router.__index = Router

-- Touch points and consents precede the answers of dialogues, and these precede all other routes.
local ranks = { first = 1, answer = 2 }
local LAST_RANK = 3

-- A closure `next` is created only for handlers that declare it, because LuaJIT compiles no trace that creates one.
local function takes_next(run)
   local info = debug.getinfo(run, "u")
   return info.isvararg or info.nparams > 1
end

--- Add a route after all routes of its rank.
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

local function following(step, self, event, ctx, index)
   return function() return step(self, event, ctx, index) end
end

local function route_from(self, event, ctx, first)
   local routes = self._routes
   for index = first, #routes do
      local route = routes[index]
      if route.matches(event, ctx) then
         ctx.handled = true
         return route.run(ctx, route.wants_next and following(route_from, self, event, ctx, index + 1) or nil)
      end
   end
   ctx.handled = false
end

local function wrap_from(self, event, ctx, index)
   local middleware = self._middleware[index]
   if middleware then
      return middleware(ctx, following(wrap_from, self, event, ctx, index + 1))
   end
   return route_from(self, event, ctx, 1)
end

--- Run the middleware and the matching route. ctx.handled becomes false if no route matches; a middleware that does not
--- call `next` leaves it unchanged.
---@param event kenar.Event
---@param ctx kenar.Context
---@return any value of the handler
function Router:dispatch(event, ctx)
   return wrap_from(self, event, ctx, 1)
end

local router = {}

---@return kenar.Router
function router.new()
   return setmetatable({ _routes = {}, _middleware = {} }, Router)
end

return router
