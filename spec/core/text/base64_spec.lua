local core = require "kenar.core"

describe("kenar.core base64", function()
   it("agrees with the vectors of RFC 4648, both ways", function()
      local vectors = {
         [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=", foobar = "Zm9vYmFy",
      }
      for bytes, text in pairs(vectors) do
         assert.equal(text, core.base64_encode(bytes))
         assert.equal(bytes, core.base64_decode(text))
      end
   end)

   it("has both alphabets, and reads either", function()
      assert.equal("+/8=", core.base64_encode "\251\255")
      assert.equal("-_8=", core.base64_encode("\251\255", true))
      assert.equal("\251\255", core.base64_decode "+/8=")
      assert.equal("\251\255", core.base64_decode "-_8")
   end)

   it("keeps every byte", function()
      local bytes = {}
      for byte = 0, 255 do
         bytes[byte + 1] = string.char(byte)
      end
      bytes = table.concat(bytes)
      assert.equal(bytes, core.base64_decode(core.base64_encode(bytes)))
   end)

   it("refuses what no encoder writes", function()
      for _, text in ipairs { "Z", "Zg=", "Zg===", "Zh==", "Zm9=", "Z g=", "Zg\n", "=", "Zm9v=", "Zm9v====", "\0" } do
         assert.is_nil(core.base64_decode(text), text)
      end
   end)
end)
