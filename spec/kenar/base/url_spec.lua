local urls = require "kenar.base.url"

describe("kenar.base.url: loopback addresses", function()
   it("knows http:// to this machine", function()
      for _, url in ipairs { "http://127.0.0.1", "http://127.0.0.1:8090/kenar", "http://127.1.2.3",
         "http://localhost:80", "http://[::1]:8090/x" } do
         assert.is_true(urls.is_loopback_http(url), url)
      end
   end)

   it("takes nothing else for it", function()
      for _, url in ipairs { "https://127.0.0.1", "http://127.0.0.1.example.ir", "http://localhost.example.ir",
         "http://example.ir/127.0.0.1", "http://localhost:x@example.ir", "http://[::2]", "127.0.0.1", "" } do
         assert.is_false(urls.is_loopback_http(url), url)
      end
   end)
end)

describe("kenar.base.url: query strings", function()
   it("writes fields in their order, every special byte encoded, and leaves out what has no value", function()
      local fields = { { "scope", "A.a+b/= B" }, { "code" }, { "state", "x" } }
      assert.equal("scope=A.a%2Bb%2F%3D%20B&state=x", urls.encode_query(fields))
   end)

   it("reads back what it wrote, and a plus as a space", function()
      local fields = { { "a b", "سلام & = + %" }, { "empty", "" } }
      assert.same({ ["a b"] = "سلام & = + %", empty = "" }, urls.decode_query(urls.encode_query(fields)))
      assert.same({ a = "b c", d = "" }, urls.decode_query "a=b+c&&d")
      assert.same({}, urls.decode_query(nil))
   end)

   it("refuses what is malformed", function()
      assert.is_nil(urls.decode_query "a=%zz")
      assert.is_nil(urls.decode_query "a=%ff")
      local values, problem = urls.decode_query "state=1&state=2"
      assert.is_nil(values)
      assert.equal('the query has "state" twice', problem)
   end)
end)
