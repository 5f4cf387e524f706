--- Specs that run in another process: defined there as cases with a name, and here as specs that ask for them.
--
-- Both sides call the same function `define(runner)`, which uses `runner.describe`, `.it`, `.before_each` and
-- `.after_each` in place of busted's.

local cases = {}

local function joined(path, name)
   return path == "" and name or path .. " " .. name
end

local function run_all(hooks, first, last, step)
   for i = first, last, step do
      hooks[i]()
   end
end

-- As busted does it: what is to be done after a spec is done when it failed, too.
local function runner_of(f, before, after)
   return function()
      local ok, err = xpcall(function()
         run_all(before, 1, #before, 1)
         f()
      end, function(err)
         local message = type(err) == "table" and err.message or err
         return debug.traceback(tostring(message), 2)
      end)
      run_all(after, #after, 1, -1)
      if not ok then
         error(err, 0)
      end
   end
end

local function copy(list)
   local made = {}
   for i, value in ipairs(list) do
      made[i] = value
   end
   return made
end

--- The side that runs them.
---@param define fun(runner: table)
---@return table<string, function> by full name; each raises when its case fails
function cases.collect(define)
   local found, path, before, after = {}, "", {}, {}
   local runner = {}
   function runner.describe(name, f)
      local outer, outer_before, outer_after = path, before, after
      path, before, after = joined(path, name), copy(before), copy(after)
      f()
      path, before, after = outer, outer_before, outer_after
   end
   function runner.it(name, f)
      found[joined(path, name)] = runner_of(f, before, after)
   end
   function runner.before_each(f)
      before[#before + 1] = f
   end
   function runner.after_each(f)
      after[#after + 1] = f
   end
   define(runner)
   return found
end

--- The side that reports them.
---@param define fun(runner: table)
---@param busted { describe: function, it: function }
---@param ask fun(name: string): boolean, string whether the case held, and why not
function cases.report(define, busted, ask)
   local path = ""
   define {
      before_each = function() end,
      after_each = function() end,
      describe = function(name, f)
         local own = joined(path, name)
         busted.describe(name, function() -- which busted calls later
            local outer = path
            path = own
            f()
            path = outer
         end)
      end,
      it = function(name)
         local full = joined(path, name)
         busted.it(name, function()
            local ok, why = ask(full)
            if not ok then
               error(why, 0)
            end
         end)
      end,
   }
end

return cases
