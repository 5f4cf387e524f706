local core = require "kenar.core"

local function hex(bytes)
   return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

describe("core.sha256", function()
   it("gives the digests of FIPS 180-4's examples", function()
      local examples = {
         [""] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
         abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq =
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
         [("a"):rep(1000000)] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
      }
      for bytes, digest in pairs(examples) do
         assert.equal(digest, hex(core.sha256(bytes)))
      end
   end)

   it("takes every byte and every length around a block's end", function()
      -- The digest of the digests of 0 to 130 bytes, as another implementation gives it.
      local digests = {}
      for length = 0, 130 do
         local bytes = {}
         for i = 1, length do
            bytes[i] = string.char((i * 7) % 256)
         end
         digests[#digests + 1] = core.sha256(table.concat(bytes))
      end
      local expected = "906952ae4c8343c7f070e2de580efdbe542a3ffe40e02545fc71dbe9a03cf19d"
      assert.equal(expected, hex(core.sha256(table.concat(digests))))
   end)

   it("takes strings alone", function()
      assert.has_error(function() core.sha256(nil) end)
   end)
end)
