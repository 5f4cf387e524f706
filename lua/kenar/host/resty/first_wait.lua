--- Notices when what was begun without a task of its own waits after all.
--
-- Until its first wait it is the only Lua code that runs in the worker, so that one place is enough to keep it in.

local first_wait = {}

local listener, subject

--- Have the next wait told, once.
---@param f fun(about: any) called before it waits; must not raise
---@param about any
function first_wait.watch(f, about)
   listener, subject = f, about
end

--- Stop looking.
---@return boolean has_waited since `watch`
function first_wait.forget()
   local has_waited = not listener
   listener, subject = nil, nil
   return has_waited
end

--- What waits calls this before.
function first_wait.tell()
   local f = listener
   if f then
      local about = subject
      listener, subject = nil, nil
      f(about)
   end
end

return first_wait
