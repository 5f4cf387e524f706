--- Answers that go on: a handler gets a stream and writes to it for as long as the client stays.

local stream = {}

-- Bytes that may wait for a client that does not read.
local LIMIT = 1048576

---@class kenar.Stream
---@field on_end? fun() called once when it is over: finished, or because the client has gone
local Stream = {}
Stream.__index = Stream
Stream.__name = "kenar.stream"

--- Send bytes. They leave as soon as the client takes them.
---@param bytes string
---@return boolean done, string? why "ended", or "full": the client has more than a megabyte yet to take, and none of
---   these bytes is kept
function Stream:write(bytes)
   if self.is_ended then
      return false, "ended"
   end
   return self.listener.server:write(self.id, bytes)
end

--- End it, once the client has taken what was written.
function Stream:finish()
   if not self.is_ended then
      self.listener.server:finish(self.id)
   end
end

local function over(self)
   self.is_ended = true
   self.listener.streams[self.id] = nil
   if self.on_end then
      self.on_end()
   end
end

--- Begin the answer to a request. For the listener.
---@param listener kenar.Listener
---@param id integer the request's
---@param answer { status: integer?, headers: table?, stream: fun(stream: kenar.Stream) } `stream` is called at once
---@return boolean begun false when the client is gone
function stream.start(listener, id, answer)
   if not listener.server:stream(id, answer.status or 200, answer.headers, LIMIT) then
      return false
   end
   local self = setmetatable({ listener = listener, id = id }, Stream)
   listener.streams[id] = self
   answer.stream(self)
   return true
end

--- Tell streams that they are over. For the listener, every turn.
---@param listener kenar.Listener
function stream.notice_ends(listener)
   if next(listener.streams) == nil then
      return
   end
   for id in listener.server.ended, listener.server do
      local self = listener.streams[id]
      if self then
         over(self)
      end
   end
end

--- Tell all of them; the server is closed.
---@param listener kenar.Listener
function stream.end_all(listener)
   local all = {}
   for _, self in pairs(listener.streams) do
      all[#all + 1] = self
   end
   for _, self in ipairs(all) do
      over(self)
   end
end

return stream
