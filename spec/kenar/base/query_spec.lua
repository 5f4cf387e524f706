local query = require "kenar.base.query"

describe("kenar.base.query", function()
   it("writes fields in their order, every special byte encoded, and leaves out what has no value", function()
      local fields = { { "scope", "A.a+b/= B" }, { "code" }, { "state", "x" } }
      assert.equal("scope=A.a%2Bb%2F%3D%20B&state=x", query.encode(fields))
   end)

   it("reads back what it wrote, and a plus as a space", function()
      local fields = { { "a b", "سلام & = + %" }, { "empty", "" } }
      assert.same({ ["a b"] = "سلام & = + %", empty = "" }, query.decode(query.encode(fields)))
      assert.same({ a = "b c", d = "" }, query.decode "a=b+c&&d")
      assert.same({}, query.decode(nil))
   end)

   it("refuses what is malformed", function()
      assert.is_nil(query.decode "a=%zz")
      assert.is_nil(query.decode "a=%ff")
      local values, problem = query.decode "state=1&state=2"
      assert.is_nil(values)
      assert.equal('the query has "state" twice', problem)
   end)
end)
