--- What spec.support.fault_server does with a request, by its path.
--
-- A behaviour is called with the connection and the request it has read; what it returns decides what follows: nothing
-- keeps the connection, "close" and "reset" end it.

return {
   ["/answer"] = function(connection)
      connection:answer(200, { ["Content-Type"] = "application/json" }, '{"ok":true}')
   end,
   ["/echo"] = function(connection, request)
      connection:answer(200, { ["X-Method"] = request.method, ["X-Heard"] = request.headers["x-told"] }, request.body)
   end,
   ["/close"] = function()
      return "close"
   end,
   ["/reset"] = function()
      return "reset"
   end,
   ["/silent"] = function(connection)
      connection:wait_for_close()
   end,
   ["/half"] = function(connection)
      connection:send "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe first half"
      return "close"
   end,
   ["/half-of-an-error"] = function(connection)
      connection:send "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 100\r\n\r\nthe first half"
      return "close"
   end,
   ["/half-and-silent"] = function(connection)
      connection:send "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe first half"
      connection:wait_for_close()
   end,
   ["/half-headers"] = function(connection)
      connection:send "HTTP/1.1 200 OK\r\nContent-Le"
      return "close"
   end,
   ["/huge"] = function(connection)
      connection:answer(200, nil, ("x"):rep(10 * 1024 * 1024))
   end,
   ["/huge-chunked"] = function(connection)
      connection:send "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      local chunk = ("10000\r\n%s\r\n"):format(("x"):rep(0x10000))
      for _ = 1, 160 do
         if not connection:send(chunk) then
            return "close"
         end
      end
      connection:send "0\r\n\r\n"
   end,
   ["/huge-headers"] = function(connection)
      connection:send "HTTP/1.1 200 OK\r\n"
      local line = ("X-Filler: %s\r\n"):format(("x"):rep(8000))
      for _ = 1, 100 do
         if not connection:send(line) then
            return "close"
         end
      end
      connection:send "Content-Length: 0\r\n\r\n"
   end,
   ["/chunked"] = function(connection)
      connection:send "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n6\r\n parts\r\n"
      connection:send "0\r\nX-Trailer: late\r\n\r\n"
   end,
   ["/slow"] = function(connection)
      for byte in ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow"):gmatch "." do
         connection:pause(0.002)
         connection:send(byte)
      end
   end,
   ["/garbage"] = function(connection)
      connection:send "\0\1\2 this is not HTTP\r\n\r\n"
      return "close"
   end,
   ["/repeated-headers"] = function(connection)
      connection:send "HTTP/1.1 200 OK\r\nX-Twice: one\r\nx-twice:   two  \r\nX-Empty:\r\nContent-Length: 0\r\n\r\n"
   end,
   ["/continue"] = function(connection)
      connection:send "HTTP/1.1 100 Continue\r\nX-Early: yes\r\n\r\n"
      connection:answer(200, { ["X-Late"] = "yes" }, "after")
   end,
   ["/redirect"] = function(connection, request)
      connection:answer(302, { Location = request.target:match "to=(.*)$" }, "")
   end,
   ["/status"] = function(connection, request)
      connection:answer(tonumber(request.target:match "%d+$"), nil, "status")
   end,
}
