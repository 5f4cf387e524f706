local loopback = require "kenar.base.loopback"

describe("kenar.base.loopback", function()
   it("knows http:// to this machine", function()
      for _, url in ipairs { "http://127.0.0.1", "http://127.0.0.1:8090/kenar", "http://127.1.2.3",
         "http://localhost:80", "http://[::1]:8090/x" } do
         assert.is_true(loopback.is_http(url), url)
      end
   end)

   it("takes nothing else for it", function()
      for _, url in ipairs { "https://127.0.0.1", "http://127.0.0.1.example.ir", "http://localhost.example.ir",
         "http://example.ir/127.0.0.1", "http://localhost:x@example.ir", "http://[::2]", "127.0.0.1", "" } do
         assert.is_false(loopback.is_http(url), url)
      end
   end)
end)
