-- Protobuf's JSON cannot tell an absent caption from an empty one, and Divar's documents refuse neither.
local assumptions = require "kenar.sandbox.judge.assumptions"
local edge = require "spec.support.edge"
local json = require "kenar.json"
local judged = require "spec.support.judged"
local kenar = require "kenar"
local message = require "kenar.message"
local rules = require "kenar.sandbox.judge.rules"
local testing = require "kenar.testing"

local LINK = "https://example.com"
local without = {
   absent = { direct_link = LINK }, ["an empty first item"] = { "", direct_link = LINK },
   ["an empty name"] = { caption = "", direct_link = LINK },
   ["Divar's own form"] = { action = { open_direct_link = LINK } },
}

describe("a button without a caption", function()
   for name, button in pairs(without) do
      it("is written with an empty one: " .. name, function()
         local body, err, path = message.encode("bot", { text = "a", buttons = { { { "b", answer = 1 }, button } } })
         assert.is_nil(err)
         assert.same({ caption = "", action = { open_direct_link = LINK } },
            json.decode(body).buttons.rows[1].buttons[2])
         assert.equal("buttons[1][2]", path)
      end)

      it("has one verdict, the encoder's and the sandbox's: " .. name, function()
         for verdict, is_strict in pairs { accept = false, refuse = true } do
            local content = { text = "a", buttons = { button } }
            local body = assert(message.encode("bot", content))
            local assumed = assumptions.with({ bodies = { empty_caption = verdict } }).bodies
            local _, refused_there = rules.check(rules.bot_message, json.decode(body), assumed)
            local _, refused_here = message.encode("bot", content, { strict_captions = is_strict })
            assert.equal(refused_there ~= nil, refused_here ~= nil)
         end
      end)
   end

   it("is refused by strict_captions, with its path", function()
      for _, button in pairs(without) do
         local body, err = message.encode("conversation", { text = "a", receiver_buttons = { rows = { { button } } } },
            { strict_captions = true })
         assert.is_nil(body)
         assert.same({ "invalid", "receiver_buttons.rows[1][1]",
            "a button needs a caption: a string as its first item or `caption`" }, { err.kind, err.path, err.message })
      end
      assert.is_string((message.encode("bot", { text = "a", buttons = { { "b", direct_link = LINK } } },
         { strict_captions = true })))
   end)

   it("is told from one with a caption, and from a caption of another type", function()
      local _, _, path = message.encode("bot", { text = "a", buttons = { { "b", direct_link = LINK } } })
      assert.is_nil(path)
      _, _, path = message.encode("bot", { text = '"caption":""', buttons = {
         { "b", server_link = "x", data = { caption = "" } },
      } })
      assert.is_nil(path)
      local _, err = message.encode("bot", { text = "a", buttons = { { caption = json.null, direct_link = LINK } } })
      assert.equal("caption must be a string, got null", err.message)
   end)

   it("of the old endpoint is the same", function()
      local ids = { user_id = "u", post_token = "t", peer_id = "p" }
      for name, button in pairs(without) do
         local given = { icon = "ADD" }
         for key, value in pairs(button) do
            given[key] = value
         end
         for path, buttons in pairs {
            ["sender_buttons[1]"] = { given }, ["sender_buttons[1][1]"] = { { given } },
            ["sender_buttons.rows[1].buttons[1]"] = { rows = { { buttons = { given } } } },
         } do
            local body, err, where = message.encode("legacy", { text = "a", sender_buttons = buttons }, ids)
            assert.is_nil(err)
            assert.same({ action = "DIRECT_LINK", data = { caption = "", icon_name = "ADD", direct_link = LINK } },
               json.decode(body).sender_btn, name)
            assert.equal(path, where)
            local _, first = rules.check(rules.legacy_message, json.decode(body), assumptions.bodies)
            assert.is_nil(first)
            ids.strict_captions = true
            body, err = message.encode("legacy", { text = "a", sender_buttons = buttons }, ids)
            ids.strict_captions = nil
            assert.is_nil(body)
            assert.equal(path, err.path)
         end
      end
   end)

   it("of the old endpoint does not hide its other problems", function()
      local ids = { user_id = "u", post_token = "t", peer_id = "p" }
      for path, buttons in pairs {
         ["buttons[1].caption"] = { { 5, direct_link = LINK, icon = "ADD" } },
         ["buttons[1].buttons[1]"] = { { buttons = { 5 } } }, ["buttons[1]"] = { "x" },
         ["buttons.rows"] = { rows = 5 }, ["buttons[1].buttons"] = { { buttons = 5 } },
      } do
         local body, err = message.encode("legacy", { text = "a", buttons = buttons }, ids)
         assert.is_nil(body)
         assert.same({ "invalid", path }, { err.kind, err.path })
      end
   end)
end)

describe("a warning of a button without a caption", function()
   local lines

   local function warnings()
      local found = {}
      for _, line in ipairs(lines) do
         if line:find("level=warn", 1, true) then
            found[#found + 1] = line:match "msg=(.*)$"
         end
      end
      return found
   end

   local function client(options)
      local host = edge.host { { status = 200, body = "{}" } }
      lines = host.lines
      local values = { host = host, api_key = "key-1", access_token = "ory_at_1" }
      for name, value in pairs(options or {}) do
         values[name] = value
      end
      return kenar.client(values)
   end

   local bare = { text = "a", buttons = { { "b", direct_link = LINK }, { direct_link = LINK } } }

   it("stands in a client's log, once for each call and path", function()
      local c = client()
      for _ = 1, 2 do
         assert(c:send_bot_message("c", bare))
         assert(c:as({ access_token = "ory_at_2" }):send_bot_message("d", bare))
      end
      local grid = { rows = { { buttons = { { direct_link = LINK } } } } }
      assert(c:send_message("c", { text = "a", sender_buttons = grid }))
      local letter = { text = "a", buttons = { { direct_link = LINK, icon = "ADD" } } }
      letter.user_id, letter.post_token, letter.peer_id = "u", "t", "p"
      assert(c.legacy:send_message(letter))
      assert.same({
         '"a button without a caption" endpoint=send_bot_message path=buttons[2]',
         '"a button without a caption" endpoint=send_message path=sender_buttons.rows[1].buttons[1]',
         '"a button without a caption" endpoint=legacy.send_message path=buttons[1]',
      }, warnings())
   end)

   it("is not needed if there is one, or if it is refused", function()
      local c = client()
      assert(c:send_bot_message("c", { text = "a", buttons = { { "b", direct_link = LINK } } }))
      assert.same({}, warnings())
      c = client { strict_captions = true }
      local _, err = c:send_bot_message("c", bare)
      assert.same({ "invalid", "buttons[2]", "no" }, { err.kind, err.path, err.sent })
      local letter = { user_id = "u", post_token = "t", peer_id = "p", text = "a",
         buttons = { { direct_link = LINK, icon = "ADD" } } }
      _, err = c.legacy:send_message(letter)
      assert.same({ "invalid", "buttons[1]" }, { err.kind, err.path })
      assert.same({}, warnings())
   end)

   it("stands in a bot's log with its name, in the caller's terms", function()
      local bot = kenar.bot { name = "shop", api_key = "key-1", identification_key = "k" }
      local host = edge.host { { status = 200, body = "{}" } }
      lines = host.lines
      bot:attach(host)
      assert(bot:send { bot_conversation_id = "c", message = bare })
      bot.grants:save({ access_token = "ory_at_1", expires_at = host.now() + 3600,
         scopes = { "CONVERSATION_SEND_MESSAGE.conv" } }, { side = "SELLER" })
      local message_to_buyer = { text = "a", buyer_buttons = { { direct_link = LINK } } }
      assert(bot:send { conversation_id = "conv", message = message_to_buyer })
      assert.same({
         '"a button without a caption" bot=shop endpoint=send_bot_message path=buttons[2]',
         '"a button without a caption" bot=shop endpoint=send_message path=buyer_buttons[1]',
      }, warnings())
   end)
end)

describe("a button without a caption in the sandbox", function()
   it("is a button like others: it is shown, and pressed by its number", function()
      for _, given in ipairs { "", '"caption":"",', '"caption":null,' } do
         local divar = judged.new()
         local chat = divar.state:chatbot(divar.buyer.id)
         local status = divar:call {
            "POST", "/v1/open-platform/chat/bot/conversations/" .. chat.id .. "/messages",
            body = '{"text_message":"a","buttons":{"rows":[{"buttons":[{' .. given
               .. '"action":{"open_direct_link":"https://example.com"}},{"caption":"b",'
               .. '"action":{"open_direct_link":"https://example.com/2"}}]}]}}',
         }
         assert.equal(200, status)
         assert.equal("", chat.messages[1].buttons.USER[1][1].caption)
         assert.equal("https://example.com", assert(divar.judge:press(chat.id, "USER", 1)).seen.url)
         local _, problem = divar.judge:press(chat.id, "USER", "c")
         assert.equal('there is no button "c"; there are [1 ] [2 b]', problem)
      end
   end)

   it("does not make an empty text an answer", function()
      local bot = kenar.bot { api_key = "key-1", identification_key = "k" }
      local heard = {}
      bot:start("*", function(ctx)
         ctx:ask("colour", { text = "؟", buttons = {
            { answer = "red" }, { "", answer = "blue" }, { "سبز", answer = "green" },
         } })
      end)
      bot:answer("colour", "chatbot", function(ctx)
         heard[#heard + 1] = tostring(ctx.answer)
      end)
      local chat = testing.divar(bot):chatbot {}
      chat:start "MY_DIVAR"
      assert.same({ { "", "", "سبز" } }, chat:last().captions)
      chat:say "\u{200c}"
      assert.same({ "nil" }, heard)
   end)
end)
