local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local judged = require "spec.support.judged"

local POST = judged.POST

describe("what people do with an app outside its chats", function()
   local divar

   before_each(function()
      divar = judged.new()
   end)

   it("open it from a page of Divar's, which names the side and no conversation", function()
      for name, side in pairs { seller = "SUPPLY", buyer = "DEMAND" } do
         local act = assert(divar.judge:visit(name, "POST_ADDON", POST))
         local delivery = divar:deliver({ url = "https://example.com/1" })[1]
         assert.same({
            source = "POST_ADDON", post_token = POST, conversation_id = json.null, user_side = side,
            user_id = divar[name].id,
         }, json.decode(delivery.request.body))
         assert.equal("2", delivery.request.headers["api-version"])
         assert.same({ url = "https://example.com/1" }, act.seen)
      end
      divar.judge:visit("buyer", "MY_DIVAR")
      assert.same({
         source = "MY_DIVAR", post_token = json.null, conversation_id = json.null, user_side = json.null,
         user_id = divar.buyer.id,
      }, json.decode(divar:deliver({ url = "https://example.com/1" })[1].request.body))
   end)

   it("follow a direct link: a browser's GET, which proves nothing", function()
      local act = assert(divar.judge:direct_link(POST))
      local delivery = divar.judge:next_delivery()
      assert.equal("GET", delivery.request.method)
      assert.equal("https://bot.example.ir/kenar/fallback?post_token=gZd7omnS&completion_url="
         .. "https%3A%2F%2Fopen-platform-redirect.divar.ir%2Fcompletion", delivery.request.url)
      assert.is_nil(delivery.request.headers.authorization)
      divar.judge:delivered(delivery, { status = 303, headers = { location = "https://shop.example.ir/" }, body = "" })
      assert.same({ url = "https://shop.example.ir/" }, act.seen)
      assert.is_true(act.done)

      act = assert(divar.judge:direct_link())
      delivery = divar.judge:next_delivery()
      assert.is_nil(delivery.request.url:find("post_token", 1, true))
      divar.judge:delivered(delivery, { status = 404, headers = {}, body = "" })
      assert.equal("the bot answered 404", act.problem)
   end)

   it("pay", function()
      divar.judge:pay({ id = "p1", state = "TRANSACTION_STATE_FAILED" }, { key = "value" })
      local body = divar:deliver()[1].body
      local sample = fixture.value "in.payment_transaction"
      for key in pairs(sample.payment_transaction) do
         assert.not_nil(body.payment_transaction[key], key)
      end
      assert.same({ "PAYMENT_TRANSACTION", "p1", "TRANSACTION_STATE_FAILED", { key = "value" } }, {
         body.type, body.payment_transaction.id, body.payment_transaction.state, body.metadata,
      })
      divar = judged.new { deliveries = { payment_key = "transaction" } }
      divar.judge:pay()
      assert.equal("TRANSACTION_STATE_COMPLETED", divar:deliver()[1].body.transaction.state)
   end)

   it("change posts, in the shape of Divar's sample", function()
      divar.state:grant("token", divar.seller.id, { "USER_POSTS_GET" })
      divar:call {
         "POST", "/v1/open-platform/events/subscriptions", token = "token", body = { event_type = "POST_UPDATE" },
      }
      assert(divar.judge:update_post(POST))
      local post = divar:deliver()[1].body.post_update.post
      for key, value in pairs(fixture.value "in.post_update.publish".post_update.post) do
         assert.equal(type(value), type(post[key]), key)
      end
      assert.equal("there is no post none", select(2, divar.judge:update_post "none"))
   end)

   it("are users with names", function()
      assert.equal("user: a name is needed, of at most 29 bytes", select(2, divar.judge:visit(nil, "POST_ADDON")))
      assert.equal("user: a name is needed, of at most 29 bytes", select(2, divar.judge:revoke(("a"):rep(30))))
   end)
end)
