local fixture = require "spec.support.fixture"
local granting = require "spec.support.granting_bot"

local WIDE = "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND"
local E1, E2 = "/v2/open-platform/conversations/", "/v1/open-platform/chat/bot/conversations/"

describe("kenar.send.deliver: bot:send", function()
   local edge, bot, subject

   before_each(function()
      subject = granting.new()
      edge, bot = subject.edge, subject.bot
   end)

   after_each(function()
      edge.host:stop()
      assert.equal(0, edge.host:count())
   end)

   local function save(...)
      return subject:save(...)
   end

   describe("bot:send", function()
      it("writes in a post's chat with a grant", function()
         save("CONVERSATION_SEND_MESSAGE.c-1", { side = "SELLER" })
         save("CONVERSATION_SEND_MESSAGE.c-1", { side = "BUYER" })
         local result = assert(bot:send { conversation_id = "c-1", as = "SELLER", message = "سلام" })
         assert.equal("success", result.message)
         assert.same({ E1 .. "c-1/messages", "ory_at_1" }, { edge.calls[1].path, edge.calls[1].token })
      end)

      it("finds the grant of a post, or takes the one it is given", function()
         local wide = save(WIDE, { user_id = "a" })
         save(WIDE, { user_id = "b" })
         save "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1"
         assert(bot:send { conversation_id = "c-1", post_token = "p-1", message = "x" })
         assert(bot:send { conversation_id = "c-1", grant = wide.id, message = "x" })
         assert.same({ "ory_at_3", "ory_at_1" }, { edge.calls[1].token, edge.calls[2].token })
      end)

      it("writes in a conversation of the bot's own with the key alone", function()
         local content = { text = "x", buttons = { { "a", server_link = "v" } } }
         assert(bot:send { bot_conversation_id = "b-1", message = content })
         assert.equal(E2 .. "b-1/messages", edge.calls[1].path)
         assert.is_nil(edge.calls[1].token)
         assert.equal("bot", edge.calls[1].body.buttons.rows[1].buttons[1].action.open_server_link.data.kenar_via)
      end)

      it("begins a chat of the bot's with a user who granted that", function()
         save("USER_ID", { user_id = "u/1=" })
         save("USER_ID CHAT_BOT_USER_MESSAGE_SEND", { user_id = "u/1=", conversation_id = "c-1" })
         assert(bot:send { user_id = "u/1=", message = "x" })
         assert.equal("/v1/open-platform/chat/bot/users/u%2F1%3D/messages", edge.calls[1].path)
         assert.equal("ory_at_2", edge.calls[1].token)
         local result, err = bot:send { user_id = "another", message = "x" }
         assert.is_nil(result)
         assert.same({ "CHAT_BOT_USER_MESSAGE_SEND", "USER_ID" }, err.scopes)
      end)

      it("gives back what goes wrong", function()
         local result, err = bot:send { conversation_id = "c-1", message = "x" }
         assert.is_nil(result)
         assert.equal("NO_GRANT", err.code_name)
         save "CONVERSATION_SEND_MESSAGE.c-1"
         edge.on_call = function()
            return { status = 412, headers = {}, body = fixture.bytes "resp.send_message.412" }
         end
         assert.equal(9, select(2, bot:send { conversation_id = "c-1", message = "x" }).code)
         assert.equal("invalid", select(2, bot:send { conversation_id = "c-1", message = {} }).kind)
      end)

      it("raises for what it does not understand", function()
         local mistakes = {
            { {}, "say where: conversation_id, bot_conversation_id or user_id" }, { "c", "expected a table" },
            { { user_id = 5 }, "user_id: expected the id as Divar gave it, got number" },
            { { conversation_id = "" }, "conversation_id: expected the id" },
            { { conversation_id = "c", mesage = "x" }, 'unknown field "mesage" of send' },
            { { conversation_id = "c", user_id = "u" }, "expected one of the two" },
            { { user_id = "u", as = "SELLER", message = "x" }, "for whom to speak in a post's chat" },
            { { conversation_id = "c", as = "Seller" }, 'as: expected "SELLER"' },
            { { conversation_id = "c" }, "message: expected a table or a string, got nil" },
         }
         save "CONVERSATION_SEND_MESSAGE.c"
         for _, mistake in ipairs(mistakes) do
            assert.error_matches(function() bot:send(mistake[1]) end, mistake[2])
         end
      end)
   end)
end)
