local edges = require "spec.support.oauth_edge"
local kenar = require "kenar"
local urls = require "kenar.base.url"

local COMPLETION = "https://open-platform-redirect.divar.ir/completion"

describe("Divar's fallback link", function()
   local bot

   before_each(function()
      bot = kenar.bot { api_key = "key-1", identification_key = "id-key-1" }:attach(edges.new().host)
   end)

   local function open(text)
      return bot:handle { method = "GET", path = "/kenar/fallback", query = text, headers = {} }
   end

   it("is heard as direct_link; the handler says where the user goes", function()
      local seen
      bot:on("direct_link", function(ctx)
         seen = { post = ctx.post_token, back = ctx.return_url, data = ctx.data, kind = ctx.kind }
         return "https://shop.example.ir/" .. (ctx.post_token or "")
      end)
      local response = open("post_token=wZC44q5D&a=b"
         .. "&completion_url=https%3A%2F%2Fopen-platform-redirect.divar.ir%2Fcompletion")
      assert.equal(303, response.status)
      assert.equal("https://shop.example.ir/wZC44q5D", response.headers.location)
      assert.same({ post = "wZC44q5D", back = COMPLETION, data = { a = "b" }, kind = "direct_link" }, seen)
      assert.equal("https://shop.example.ir/", open(nil).headers.location)
      assert.equal("https://shop.example.ir/", open("post_token=").headers.location)
   end)

   it("leads back to Divar without a handler, and never to where the link says", function()
      assert.equal("https://divar.ir/v/x", open("completion_url=https%3A%2F%2Fdivar.ir%2Fv%2Fx").headers.location)
      for _, hostile in ipairs {
         "https%3A%2F%2Fexample.com", "javascript%3Aalert(1)", "https%3A%2F%2Fdivar.ir%0D%0Ax%3A%20y",
      } do
         assert.equal(COMPLETION, open("completion_url=" .. hostile).headers.location)
      end
   end)

   local unfit = {
      ["a line break"] = "https://divar.ir/v/x\r\nset-cookie: a=b", ["a zero byte"] = "https://divar.ir/v/\0x",
      ["a space"] = "https://divar.ir/v/ x", ["3 kB"] = "https://divar.ir/v/" .. ("x"):rep(3000),
   }

   for what, url in pairs(unfit) do
      it("whose return URL has " .. what .. " leads to Divar's own page", function()
         for _, name in ipairs { "return_url", "completion_url", "callback_url" } do
            local response = open(urls.encode_query { { name, url } })
            assert.equal(303, response.status)
            assert.equal(COMPLETION, response.headers.location)
         end
      end)

      it("whose handler returns a URL with " .. what .. " leads to Divar's own page: the handler has failed", function()
         local caught
         bot:on("direct_link", function(ctx) return ctx.return_url end)
         bot:catch(function(err) caught = err end)
         assert.equal(COMPLETION, open(urls.encode_query { { "return_url", url } }).headers.location)
         assert.matches("a handler of direct_link returns a", caught.message, 1, true)
      end)
   end

   it("that is malformed is refused", function()
      assert.equal(400, open("post_token=%ff").status)
      assert.equal(400, open("post_token=a&post_token=b").status)
   end)
end)
