--- Reads typed lines on the loop without blocking it.

local core = require "kenar.core"

local keyboard = {}

--- Iterate over the lines typed on a terminal; the calling task waits for each. Ends at Ctrl-D.
---@param host table the loop
---@param descriptor integer
---@return fun(): string? next
function keyboard.lines(host, descriptor)
   local arrived = host.semaphore(0)
   local buffer, start, ended = "", 1, false
   local watched = {}

   function watched.fd()
      return descriptor
   end

   -- The loop asks every turn, whatever woke it.
   function watched.ready()
      local bytes, message = core.read_input(descriptor)
      if bytes == "" or message then
         ended = true
         host:unwatch(watched)
      elseif bytes then
         buffer, start = buffer:sub(start) .. bytes, 1
      else
         return nil
      end
      arrived:post()
      return nil
   end

   host:watch(watched)
   return function()
      while true do
         local stop, from = buffer:find("\n", start, true), start
         if stop then
            start = stop + 1
            return buffer:sub(from, stop - 1)
         elseif ended then
            return nil
         end
         arrived:wait()
      end
   end
end

return keyboard
