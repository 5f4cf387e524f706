--- A host at whose edge a spec plays Divar: every request is kept, and answered from a list.
local contract = require "kenar.host.contract"

local edge = {}

---@param answers table[] { status =, headers =, body = } or { err = kenar.Error }; the last one is repeated
---@return table host, table[] requests
function edge.host(answers)
   local requests = {}
   local host = { name = "edge", lines = {}, slept = {} }
   function host.now() return 1755000000 end
   local time = 100
   function host.clock() return time end
   function host.closing() return false end
   function host.sleep(seconds)
      host.slept[#host.slept + 1] = seconds
      time = time + seconds
      return true
   end
   -- Nothing here waits, so a task has ended when it was begun.
   function host.spawn(f, ...)
      local results = { true, f(...) }
      return { wait = function() return results[1], results[2], results[3] end }
   end
   function host.log(line) host.lines[#host.lines + 1] = line end
   function host.request(request)
      requests[#requests + 1] = request
      local answer = answers[#requests] or answers[#answers]
      if answer.err then
         return nil, answer.err
      end
      return { status = answer.status, headers = answer.headers or {}, body = answer.body }
   end
   return contract.complete(host), requests
end

return edge
