local core = require "kenar.core"

describe("kenar.core percent-encoding", function()
   it("keeps RFC 3986's unreserved characters and nothing else", function()
      local kept = "ABCxyz019-._~"
      assert.equal(kept, core.percent_encode(kept))
      assert.equal("%2F%3F%23%25%20%2B%3D%26%0D%0A%00", core.percent_encode "/?#% +=&\r\n\0")
      assert.equal("%D8%B3%D9%84%D8%A7%D9%85", core.percent_encode "سلام")
   end)

   it("reads back every byte", function()
      local bytes = {}
      for byte = 0, 255 do
         bytes[byte + 1] = string.char(byte)
      end
      bytes = table.concat(bytes)
      assert.equal(bytes, core.percent_decode(core.percent_encode(bytes)))
      assert.equal("/", core.percent_decode "%2f")
   end)

   it("refuses a % without two hexadecimal digits", function()
      for _, text in ipairs { "%", "%2", "a%", "%zz", "%2z", "%%20" } do
         assert.is_nil(core.percent_decode(text), text)
      end
   end)
end)
