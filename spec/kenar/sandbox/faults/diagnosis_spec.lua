local diagnosis = require "kenar.sandbox.faults.diagnosis"
local sandboxed = require "spec.support.sandboxed"

describe("the diagnosis of a bot", function()
   local site

   before_each(function()
      site = sandboxed.open { seed = "0000abcd", assumptions = { deliveries = { timeout = 0.2 } } }
   end)

   after_each(function()
      site:close()
   end)

   -- What is wrong with the bot that answers like this where a URL is asked for.
   local function of(answer)
      site.answer = function()
         return type(answer) == "function" and answer() or answer
      end
      local _, result = site:call("POST", "/sandbox/acts", { act = "visit", user = "customer", source = "MY_DIVAR" })
      local _, exchange = site:call("GET", "/sandbox/exchange?number=" .. result.exchanges[1])
      return exchange.diagnosis
   end

   local GOOD = '{"url": "https://example.com"}'

   it("is nothing where all is well", function()
      assert.is_nil(of { status = 200, body = GOOD })
   end)

   it("tells statuses apart", function()
      for status, code in pairs {
         [401] = "unauthorized", [403] = "forbidden", [404] = "not_found", [302] = "redirect", [500] = "server_error",
         [502] = "server_error", [418] = "status",
      } do
         assert.same({ code = code, severity = "bad" }, of { status = status, body = GOOD }, status)
      end
   end)

   it("tells what an answer lacks", function()
      assert.equal("not_json", of({ status = 200, body = "<html>" }).code)
      assert.equal("not_json", of({ status = 200, body = "[1]" }).code)
      assert.equal("no_url", of({ status = 200, body = "{}" }).code)
   end)

   it("tells a bot that is not there from one that broke off", function()
      assert.equal("broken", of({ abort = "close" }).code)
      site.sandbox:point_at "http://127.0.0.1:1/kenar"
      assert.equal("refused", of({ status = 200, body = GOOD }).code)
   end)

   it("tells that there was no answer in time", function()
      assert.equal("timeout", of(function()
         site.host.sleep(0.5)
         return { status = 200, body = GOOD }
      end).code)
   end)

   it("warns of an answer that came late", function()
      local exchange = { direction = "to_bot", response = { status = 200 }, seconds = diagnosis.PATIENCE + 0.1 }
      assert.same({ code = "slow", severity = "warning" }, diagnosis.of(exchange))
   end)

   it("is none of what the bot calls", function()
      assert.is_nil(diagnosis.of { direction = "to_divar", response = { status = 500 }, seconds = 9 })
   end)
end)
