--- Counts what a call costs without a clock: instructions of the VM, steps of the pattern machine, bytes allocated.
--
-- The functions of `string` that search are replaced while this is set up, so that modules loaded meanwhile are
-- counted: a debug hook does not see what runs in C. LuaJIT's compiled code calls no hook and is turned off.

local pattern_work = require "spec.support.pattern_work"

local jit = rawget(_G, "jit")

local work_count = {}

local PERIOD = 1000
-- A full collection for each call would cost more than the call.
local GARBAGE = 200 * 1024 * 1024
local original = { find = string.find, gmatch = string.gmatch, gsub = string.gsub, match = string.match }

-- What is being counted; nil while nothing is.
local current

local function allocated()
   return collectgarbage "count" * 1024
end

-- A bot catches what its handlers raise: that it was too much is kept beside.
local function give_up(counted)
   counted.is_too_much = true
   error(work_count.TOO_MUCH, 0)
end

-- Counting itself is not counted.
local function aside(count, ...)
   local counted, before = current, allocated()
   current = nil
   local ok, steps = pcall(count, ...)
   current = counted
   counted.own_bytes = counted.own_bytes + allocated() - before
   if not ok then
      give_up(counted)
   end
   counted.steps = counted.steps + steps
   if counted.steps > counted.limit / 4 then
      give_up(counted)
   end
end

work_count.TOO_MUCH = "more work than a text of this length may cost"

local function plain_steps(text, wanted, init)
   init = init or 1
   local first = original.find(text, wanted, init, true)
   return math.max(0, (first or #text) - init)
end

local function first_of(name)
   return function(text, pattern, init, plain)
      if current and name == "find" and plain then
         aside(plain_steps, text, pattern, init)
      elseif current then
         aside(pattern_work.first, text, pattern, init, current.limit / 4, work_count.TOO_MUCH)
      end
      return original[name](text, pattern, init, plain)
   end
end

local counting = {
   find = first_of "find",
   match = first_of "match",
   gmatch = function(text, pattern)
      if current then
         aside(pattern_work.all, text, pattern, current.limit / 4, work_count.TOO_MUCH)
      end
      return original.gmatch(text, pattern)
   end,
   gsub = function(text, pattern, ...)
      if current then
         aside(pattern_work.all, text, pattern, current.limit / 4, work_count.TOO_MUCH)
      end
      return original.gsub(text, pattern, ...)
   end,
}

local function is_of_kenar(name)
   return original.find(name, "^kenar") and name ~= "kenar.core" or original.find(name, "^spec%.support%.[ej]d")
      or name == "spec.support.judged"
end

local function each_module(act)
   for name, module in pairs(package.loaded) do
      if is_of_kenar(name) then
         act(name, module)
      end
   end
end

local kept

--- Begin: modules of kenar that are required from now on are counted.
function work_count.set_up()
   kept = {}
   each_module(function(name, module) kept[name] = module end)
   for name in pairs(kept) do
      package.loaded[name] = nil
   end
   for name, fn in pairs(counting) do
      string[name] = fn -- luacheck: ignore 122
   end
   if jit then
      jit.off()
   end
end

--- End: all is as it was.
function work_count.tear_down()
   collectgarbage "restart"
   local loaded = {}
   each_module(function(name) loaded[name] = true end)
   for name in pairs(loaded) do
      package.loaded[name] = nil
   end
   for name, module in pairs(kept) do
      package.loaded[name] = module
   end
   for name, fn in pairs(original) do
      string[name] = fn -- luacheck: ignore 122
   end
   if jit then
      jit.on()
   end
end

local function on_count()
   local counted = current
   if not counted then
      return
   end
   counted.instructions = counted.instructions + PERIOD
   if counted.instructions > counted.limit or allocated() - counted.began - counted.own_bytes > counted.limit then
      give_up(counted)
   end
end

--- Call a function. What it raises is passed over, but for too much work.
---@param limit integer of instructions and of bytes, and four times the one of steps
---@param fn function
---@param ... any
---@return { instructions: integer, steps: integer, bytes: integer } work, string? too_much
function work_count.of(limit, fn, ...)
   if allocated() > GARBAGE then
      collectgarbage()
   end
   collectgarbage "stop"
   local counted = { instructions = 0, steps = 0, own_bytes = 0, limit = limit, began = allocated() }
   debug.sethook(on_count, "", PERIOD)
   current = counted
   pcall(fn, ...)
   current = nil
   debug.sethook()
   counted.bytes = allocated() - counted.began - counted.own_bytes
   return counted, counted.is_too_much and work_count.TOO_MUCH or nil
end

return work_count
