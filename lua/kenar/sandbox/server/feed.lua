--- What happens in the sandbox, as server-sent events to whoever listens.
--
-- A listener that falls behind is let go: it comes again by itself and loads everything anew.

local json = require "kenar.json"

local feed = {}

---@class kenar.sandbox.Feed
local Feed = {}
Feed.__index = Feed

-- Milliseconds after which a browser that lost the stream comes again.
local RETRY = 1000

local HEADERS = {
   ["content-type"] = "text/event-stream; charset=utf-8", ["cache-control"] = "no-store",
   ["x-content-type-options"] = "nosniff", ["cross-origin-resource-policy"] = "same-origin",
}

--- The answer to somebody who wants to listen.
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

--- Whether anybody listens.
---@return boolean
function Feed:has_listeners()
   return next(self.streams) ~= nil
end

--- Tell everybody.
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
