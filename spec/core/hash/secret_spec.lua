local core = require "kenar.core"

describe("kenar.core secrets", function()
   it("tells equal strings from others", function()
      assert.is_true(core.equal("secret", "secret"))
      assert.is_true(core.equal("", ""))
      assert.is_true(core.equal("a\0b", "a\0b"))
      for _, given in ipairs { "", "secre", "secrets", "secrex", "Secret", "secretsecret", "secret\0" } do
         assert.is_false(core.equal(given, "secret"), given)
         assert.is_false(core.equal("secret", given), given)
      end
   end)

   it("takes nothing but two strings for equal: nil is not nil's key", function()
      assert.is_false(core.equal(nil, nil))
      assert.is_false(core.equal(1, 1))
      assert.is_false(core.equal("1", 1))
      assert.is_false(core.equal())
   end)

   it("gives random bytes of the length asked for, never the same", function()
      assert.equal(32, #core.random_bytes(32))
      assert.equal("", core.random_bytes(0))
      assert.are_not.equal(core.random_bytes(16), core.random_bytes(16))
      assert.has_error(function() core.random_bytes(-1) end)
   end)
end)
