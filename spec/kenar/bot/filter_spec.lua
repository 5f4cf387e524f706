local events = require "kenar.event"
local filter = require "kenar.bot.filter"

describe("kenar.bot.filter", function()
   it("has a filter for every kind of event", function()
      for kind in pairs(events.kinds) do
         local test = assert(filter.compile(kind))
         assert.is_true(test { kind = kind })
         assert.is_false(test { kind = "another" })
      end
   end)

   it("takes a kind of event that a new row adds, with the details of the row", function()
      finally(function()
         events.kinds.rating, package.loaded["kenar.bot.filter"] = nil, filter
      end)
      events.kinds.rating, package.loaded["kenar.bot.filter"] = { details = { good = true, bad = true } }, nil
      local fresh = require "kenar.bot.filter"
      local test = assert(fresh.compile "rating:good")
      assert.is_true(test { kind = "rating", detail = "good" })
      assert.is_false(test { kind = "rating", detail = "bad" })
      assert.equal('unknown filter "rating:new"; rating: takes bad, good',
         select(2, fresh.compile "rating:new"))
   end)

   it("takes the type of a message behind chatbot, post and message", function()
      local taken = "contact, file, image, location, text, unknown, video, voice"
      for _, family in ipairs { "chatbot", "post", "message" } do
         local _, message = filter.compile(family .. ":song")
         assert.equal(('unknown filter "%s:song"; %s: takes %s'):format(family, family, taken), message)
      end
   end)

   it("takes any word behind a kind of event with an open set of details", function()
      local test = assert(filter.compile "post_update:relist")
      assert.is_true(test { kind = "post_update", detail = "relist" })
      assert.is_false(test { kind = "post_update", detail = "publish" })
   end)

   it("takes nothing behind a kind of event without details", function()
      assert.equal('unknown filter "unknown:x"; unknown takes nothing behind a colon',
         select(2, filter.compile "unknown:x"))
   end)
end)
