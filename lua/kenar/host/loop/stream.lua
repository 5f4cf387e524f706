--- Streamed responses: a handler gets a stream and writes to it for as long as the client stays.

local stream = {}

-- Bytes that are buffered for a client that does not read.
local LIMIT = 1048576

---@class kenar.Stream
---@field on_end? fun() called once at the end: after `finish`, or when the client has gone
local Stream = {}
Stream.__index = Stream
Stream.__name = "kenar.stream"

--- Send bytes. They leave as soon as the client takes them.
---@param bytes string
---@return boolean done, string? why "ended", or "full": more than a megabyte waits for the client, and these bytes are
---   dropped
function Stream:write(bytes)
   if self.is_ended then
      return false, "ended"
   end
   return self.listener.server:write(self.id, bytes)
end

--- End the stream after the client has taken all bytes.
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

--- Begin a streamed response. For the listener.
---@param listener kenar.Listener
---@param id integer the request's
---@param answer { status: integer?, headers: table?, stream: fun(stream: kenar.Stream) } `stream` is called at once
---@return boolean begun false if the client has gone
function stream.start(listener, id, answer)
   if not listener.server:stream(id, answer.status or 200, answer.headers, LIMIT) then
      return false
   end
   local self = setmetatable({ listener = listener, id = id }, Stream)
   listener.streams[id] = self
   answer.stream(self)
   return true
end

--- Call `on_end` of the streams that have ended. For the listener, in every turn.
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

--- End all streams: the server is closed.
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
