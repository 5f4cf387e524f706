--- Sends the sandbox's changes to its listeners as server-sent events.
--
-- A listener that falls behind is disconnected: the browser connects again, and the page loads everything anew.

local json = require "kenar.json"

local feed = {}

---@class kenar.sandbox.Feed
local Feed = {}
Feed.__index = Feed

-- Milliseconds after which a browser connects again.
local RETRY = 1000

local HEADERS = {
   ["content-type"] = "text/event-stream; charset=utf-8", ["cache-control"] = "no-store",
   ["x-content-type-options"] = "nosniff", ["cross-origin-resource-policy"] = "same-origin",
}

--- The response to a new listener.
---@return { status: integer, headers: table, stream: fun(stream: kenar.Stream) }
function Feed:answer()
   return {
      status = 200, headers = HEADERS,
      stream = function(stream)
         self.streams[stream] = true
         stream.on_end = function()
            self.streams[stream] = nil
         end
         stream:write(("retry: %d\n\n"):format(RETRY))
      end,
   }
end

--- Whether there are listeners.
---@return boolean
function Feed:has_listeners()
   return next(self.streams) ~= nil
end

--- Send an event to all listeners.
---@param event string
---@param detail table becomes JSON, which has no line breaks of its own
function Feed:tell(event, detail)
   if not self:has_listeners() then
      return
   end
   local bytes = ("event: %s\ndata: %s\n\n"):format(event, assert(json.encode(detail)))
   for stream in pairs(self.streams) do
      if not stream:write(bytes) then
         self.streams[stream] = nil
         stream:finish()
      end
   end
end

---@return kenar.sandbox.Feed
function feed.new()
   return setmetatable({ streams = {} }, Feed)
end

return feed
