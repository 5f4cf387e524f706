local addresses = require "kenar.send.address"

describe("kenar.send.address", function()
   describe("of an event", function()
      it("is the chat that the event names", function()
         local event = { chat = "bot", conversation_id = "c-1" }
         assert.same({ chat = "bot", conversation_id = "c-1" }, addresses.of_event(event))
         event = { chat = "post", conversation_id = "c-1", post_token = "p-1" }
         assert.same({ chat = "post", conversation_id = "c-1", post_token = "p-1" }, addresses.of_event(event))
      end)

      it("is the chat that the pressed button names, if the event names none", function()
         local event = { conversation_id = "c-1", post_token = "p-1" }
         assert.equal("bot", addresses.of_event(event, "bot").chat)
         local address = addresses.of_event(event, "grant-1")
         assert.same({ "post", "grant-1" }, { address.chat, address.id })
      end)

      it("is a post's chat if neither names one and the event has a post", function()
         assert.equal("post", addresses.of_event({ conversation_id = "c-1", post_token = "p-1" }).chat)
         assert.equal("bot", addresses.of_event({ conversation_id = "c-1" }).chat)
      end)

      it("has the grant of the event's metadata unless the button names one", function()
         local event = { chat = "post", conversation_id = "c-1", metadata = { kenar_grant = "grant-1" } }
         assert.equal("grant-1", addresses.of_event(event).id)
         assert.equal("grant-1", addresses.of_event(event, "bot").id)
         assert.equal("grant-2", addresses.of_event(event, "grant-2").id)
         event.metadata.kenar_grant = { 5 }
         assert.is_nil(addresses.of_event(event).id)
      end)

      it("has both users of an old conversation without an id", function()
         local event = { variant = "legacy", chat = "post", post_token = "p-1", user_id = "u", peer_id = "v" }
         for side, users in pairs { SELLER = { "u", "v" }, BUYER = { "v", "u" } } do
            event.side = side
            local address = addresses.of_event(event)
            assert.same(users, { address.seller_id, address.buyer_id })
         end
      end)
   end)

   describe("of a request", function()
      it("has one chat for each name of a target", function()
         local chats = { conversation_id = "post", bot_conversation_id = "bot", user_id = "user" }
         for name, chat in pairs(chats) do
            local address = assert(addresses.read { [name] = "x-1", message = "x" })
            local id = chat == "user" and "user_id" or "conversation_id"
            assert.same({ chat = chat, [id] = "x-1" }, address)
         end
      end)

      it("has what finds the grant of a post's chat", function()
         assert.same({ chat = "post", conversation_id = "c-1", as = "BUYER", post_token = "p-1", id = "grant-1" },
            addresses.read {
               conversation_id = "c-1", as = "BUYER", post_token = "p-1", grant = "grant-1", message = { text = "x" },
            })
      end)

      it("gives back a mistake, or raises it at the caller's line", function()
         local address, problem = addresses.read { conversation_id = "c-1" }
         assert.is_nil(address)
         assert.equal("message: expected a table or a string, got nil", problem)
         local ok, message = pcall(function() addresses.of_request({ conversation_id = "c-1" }, 1) end)
         assert.is_false(ok)
         assert.matches("address_spec.lua:%d+: message: expected a table", message)
      end)
   end)

   it("refuses a message and a side that are none", function()
      addresses.check_message({}, 1)
      addresses.check_side(nil, 1)
      assert.error_matches(function() addresses.check_message(5, 1) end, "expected a table or a string, got number")
      assert.error_matches(function() addresses.check_side("seller", 1) end, 'expected "SELLER" or "BUYER", got seller')
   end)
end)
