local edge = require "spec.support.edge"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local kenar = require "kenar"

local OLD, NEW = "in.legacy_button_click.supplier_lower", "in.session_init_v2.with_return_url"

describe("a handler that refuses a visit", function()
   local bot, caught, returned

   before_each(function()
      caught = {}
      bot = kenar.bot {
         api_key = "key-1", identification_key = "k", fallback = { url = "https://shop.example.ir/sorry" },
      }
      bot:session_init("*", function() return returned end)
      bot:catch(function(err) caught[#caught + 1] = err end)
      bot:attach((edge.host {}))
   end)

   local function visit(sample)
      local response = bot:handle {
         method = "POST", path = "/kenar", headers = { authorization = "k" }, body = fixture.bytes(sample),
      }
      assert.equal(200, response.status)
      return json.decode(response.body)
   end

   it("says so in the old form", function()
      returned = { status = 404, message = "no such post" }
      assert.same({ status = "404", message = "no such post" }, visit(OLD))
      assert.same({}, caught)
   end)

   it("sends the user back to Divar in today's, which has nothing of the kind", function()
      returned = { status = 404, message = "no such post" }
      assert.same({ url = "https://divar.ir/" }, visit(NEW))
      assert.same({}, caught)
   end)

   it("gives a status from 400 to 599 and a message; else it has failed", function()
      for _, value in ipairs {
         {}, { status = 400 }, { message = "x" }, { status = "400", message = "x" }, { status = 200, message = "x" },
         { status = 600, message = "x" }, { status = 400.5, message = "x" }, { status = 400, message = 7 },
      } do
         returned = value
         assert.same({ url = "https://shop.example.ir/sorry" }, visit(NEW))
         assert.same({ status = "200", message = "success", url = "https://shop.example.ir/sorry" }, visit(OLD))
      end
      assert.equal(16, #caught)
      assert.equal("handler", caught[1].kind)
      assert.matches("returns a status from 400 to 599 and a message", caught[1].message, 1, true)
   end)
end)

describe("a handler whose URL has a line break or a zero byte", function()
   it("has failed, and the user gets the fallback", function()
      local caught, returned = {}
      local bot = kenar.bot {
         api_key = "key-1", identification_key = "k", fallback = { url = "https://shop.example.ir/sorry" },
      }
      bot:session_init("*", function() return returned end)
      bot:catch(function(err) caught[#caught + 1] = err.message end)
      bot:attach((edge.host {}))
      for i, url in ipairs { "https://a.ir/\r\nx: y", "https://a.ir/\nx", "https://a.ir/\0" } do
         returned = url
         local response = bot:handle {
            method = "POST", path = "/kenar", headers = { authorization = "k" }, body = fixture.bytes(NEW),
         }
         assert.equal(200, response.status)
         assert.same({ url = "https://shop.example.ir/sorry" }, json.decode(response.body))
         assert.matches("a handler of session_init returns an absolute URL or nil, got", caught[i], 1, true)
      end
   end)

   it("has a fallback that fits into a header", function()
      assert.error_matches(function()
         kenar.bot { fallback = { url = "https://a.ir/" .. ("x"):rep(3000) } }
      end, "fallback.url: expected an absolute URL of at most 2048 bytes", 1, true)
   end)
end)
