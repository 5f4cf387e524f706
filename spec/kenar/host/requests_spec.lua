local requests = require "kenar.host.requests"

describe("the defaults of requests", function()
   it("are the same in kenar.curl", function()
      local file = assert(io.open "csrc/curl/request_lua.c")
      local text = file:read "*a"
      file:close()
      for _, name in ipairs { "TIMEOUT", "CONNECT_TIMEOUT", "MAX_BODY" } do
         local value = 1
         for factor in text:match("#define DEFAULT_" .. name .. " ([^\n]+)"):gmatch "[%d.]+" do
            value = value * tonumber(factor)
         end
         assert.equal(requests[name], value, name)
      end
   end)

   it("are checked, and a mistake names its line", function()
      local host = require("kenar.host.virtual").new { serves = { ["https://example.com"] = function() end } }
      local mistakes = { method = "method is a word in upper case", timeout = "timeout is a number above 0" }
      for field, message in pairs(mistakes) do
         local ok, err = pcall(function()
            local res = host.request { url = "https://example.com/", [field] = "x" }
            return res
         end)
         assert.is_false(ok)
         assert.truthy(err:find("requests_spec.lua:%d+: " .. message), err)
      end
   end)
end)
