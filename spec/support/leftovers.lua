--- Fails each spec file that leaves a file, a socket or a child process behind, where the next would trip over it.
-- Nothing is collected before the count: what only the collector closes is closed at a moment that nobody chose.
local busted = require "busted"
local wire = require "spec_wire"

local function open_files()
   return wire.count_fds()
end

local function children()
   local file = io.open "/proc/thread-self/children"
   local pids = file and file:read "*a" or "" -- not every kernel tells
   if file then
      file:close()
   end
   return select(2, pids:gsub("%d+", "%0"))
end

local kinds = {
   { name = "open files", count = open_files },
   { name = "child processes", count = children },
}

busted.subscribe({ "suite", "start" }, function()
   for _, kind in ipairs(kinds) do
      kind.before = kind.count()
   end
   return nil, true
end)

busted.subscribe({ "file", "end" }, function(file)
   local wrong = {}
   for _, kind in ipairs(kinds) do
      local after = kind.count()
      if after ~= kind.before then
         wrong[#wrong + 1] = ("%s: %d before, %d after"):format(kind.name, kind.before, after)
         kind.before = after
      end
   end
   if wrong[1] then
      error(("%s leaves something behind, %s"):format(file.name, table.concat(wrong, ", ")), 0)
   end
   return nil, true
end)
