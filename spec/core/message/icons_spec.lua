local core = require "kenar.core"

describe("core.icons", function()
   it("lists the 822 names of Divar's enum once each, in alphabetical order", function()
      local names = core.icons()
      assert.equal(822, #names)
      for i = 2, #names do
         assert.is_true(names[i - 1] < names[i], names[i])
      end
   end)

   it("has the names of Divar's samples, but for the misspelt one", function()
      local known = {}
      for _, name in ipairs(core.icons()) do
         known[name] = true
      end
      assert.is_true(known.ADD and known.CAR_INSPECTED and known.HOME and known.REAL_ESTATE)
      assert.is_nil(known.REAL_STATE)
   end)

   it("gives each caller a list of its own", function()
      core.icons()[1] = "changed"
      assert.equal("ACCESSIBILITY", core.icons()[1])
   end)
end)

describe("core.icon_suggestion", function()
   it("names the nearest icon", function()
      assert.equal("REAL_ESTATE", core.icon_suggestion "REAL_STATE")
      assert.equal("CHECKED", core.icon_suggestion "CHEKED")
      assert.equal("TELEPHONE", core.icon_suggestion "TELPHONE")
   end)

   it("does not mind case, hyphens and spaces", function()
      assert.equal("REAL_ESTATE", core.icon_suggestion "real-estate")
      assert.equal("REAL_ESTATE", core.icon_suggestion "Real Estate")
   end)

   it("names nothing for what is near to nothing", function()
      assert.is_nil(core.icon_suggestion "")
      assert.is_nil(core.icon_suggestion "INTERGALACTIC_ROCKET")
      assert.is_nil(core.icon_suggestion "خانه")
      assert.is_nil(core.icon_suggestion(("A"):rep(100000)))
   end)
end)
