--- The options of every command that listens.

local function port_reader(option)
   return function(text)
      local port = tonumber(text)
      if port and port % 1 == 0 and port >= 0 and port <= 65535 then
         return port
      end
      return nil, ("%s: expected a number from 0 to 65535, got %q"):format(option, text)
   end
end

return {
   address = {
      name = "--address", default = "127.0.0.1", argname = "<address>",
      description = "The address to listen on; the loopback one expects a reverse proxy with TLS before it.",
   },
   metrics_port = {
      name = "--metrics-port", argname = "<port>", convert = port_reader "--metrics-port",
      description = "Answer GET /healthz and GET /metrics (Prometheus) on this port; 0 takes a free one. "
         .. "Without it there is neither.",
   },
   metrics_address = {
      name = "--metrics-address", default = "127.0.0.1", argname = "<address>",
      description = "The address of that port. Whoever reaches it may ask: keep it away from the internet.",
   },
   --- The option with the port that a command has by default.
   ---@param default string
   ---@return table
   port = function(default)
      return {
         name = "--port", default = default, argname = "<port>", convert = port_reader "--port",
         description = "The port to listen on; 0 takes a free one.",
      }
   end,
}
