--- The options of every command that listens.

local function to_port(text)
   local port = tonumber(text)
   if port and port % 1 == 0 and port >= 0 and port <= 65535 then
      return port
   end
   return nil, ("--port: expected a number from 0 to 65535, got %q"):format(text)
end

return {
   address = {
      name = "--address", default = "127.0.0.1", argname = "<address>",
      description = "The address to listen on; the loopback one expects a reverse proxy with TLS before it.",
   },
   --- The option with the port that a command has by default.
   ---@param default string
   ---@return table
   port = function(default)
      return {
         name = "--port", default = default, argname = "<port>", convert = to_port,
         description = "The port to listen on; 0 takes a free one.",
      }
   end,
}
