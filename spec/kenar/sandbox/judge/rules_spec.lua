local assumptions = require "kenar.sandbox.judge.assumptions"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local rules = require "kenar.sandbox.judge.rules"

describe("the sandbox's rules", function()
   local function findings_of(rule, body, changes)
      local assumed = assumptions.with({ bodies = changes }).bodies
      return (rules.check(rules[rule], json.decode(body), assumed))
   end

   -- Everything that is wrong with a body, as `path: message`.
   local function check(rule, body, changes)
      local lines = {}
      for i, finding in ipairs(findings_of(rule, body, changes)) do
         lines[i] = finding.path .. ": " .. finding.message
      end
      return lines
   end

   local function bot(body, changes)
      return check("bot_message", body, changes)
   end

   local function with_action(action)
      return bot([[{"text_message":"a","buttons":{"rows":[{"buttons":[{"caption":"b","action":]] .. action .. "}]}]}}")
   end

   it("find nothing wrong with what apps have sent", function()
      for _, name in ipairs { "doc_sample", "full_grid", "icon_name", "media", "text" } do
         assert.same({}, check("conversation_message", fixture.bytes("out.send_message." .. name)), name)
      end
      for _, name in ipairs { "doc_sample", "full_grid", "media", "no_type", "text", "xo_board" } do
         assert.same({}, bot(fixture.bytes("out.chatbot_send." .. name)), name)
      end
      for _, name in ipairs { "doc_sample", "text" } do
         assert.same({}, bot(fixture.bytes("out.chatbot_send_user." .. name)), name)
      end
   end)

   it("find nothing wrong with what apps have answered to a dynamic action", function()
      for _, name in ipairs { "direct_link", "open_post_page", "server_link" } do
         local action = fixture.value("reply.dynamic_action." .. name).action
         assert.same({}, check("action", json.encode(action)), name)
      end
   end)

   it("read null as absent", function()
      assert.same({}, bot [[{"text_message":"a","buttons":null,"user_id":"u","conversation_id":null}]])
   end)

   it("allow three rows of three", function()
      local button = [[{"caption":"a","action":{"open_direct_link":"https://example.com"}}]]
      local row = '{"buttons":[' .. button .. "," .. button .. "," .. button .. "]}"
      local full = '{"text_message":"a","buttons":{"rows":[' .. row .. "," .. row .. "," .. row .. "]}}"
      assert.same({}, bot(full))
      assert.same({ "buttons.rows[4]: at most 3 rows" }, bot((full:gsub("%]}}$", "," .. row .. "]}}"))))
      assert.same({ "buttons.rows[3].buttons[4]: at most 3 buttons" },
         bot((full:gsub("%]}%]}}$", "," .. button .. "]}]}}"))))
   end)

   it("want exactly one action", function()
      local at = "buttons.rows[1].buttons[1].action: "
      assert.same({ at .. "exactly one action, got none" }, with_action "{}")
      assert.same({ at .. "exactly one action, got none" }, with_action '{"open_direct_link":null}')
      assert.same({ at .. "exactly one action, got open_direct_link and open_server_link" },
         with_action '{"open_server_link":{"data":{}},"open_direct_link":"https://example.com"}')
   end)

   it("know the type of each action's value", function()
      local at = "buttons.rows[1].buttons[1].action."
      assert.same({ at .. "open_direct_link: expected string, got object" },
         with_action '{"open_direct_link":{"url":"x"}}')
      assert.same({ at .. "open_direct_link: is empty" }, with_action '{"open_direct_link":""}')
      assert.same({ at .. "open_server_link: expected object, got string" },
         with_action '{"open_server_link":"https://example.com"}')
      assert.same({ at .. "get_dynamic_action.data: expected object, got array" },
         with_action '{"get_dynamic_action":{"data":[1]}}')
      assert.same({ at .. "open_post_page.post_token: is required" }, with_action '{"open_post_page":{}}')
      assert.same({ at .. "open_post_manage_page.post_token: expected string, got number" },
         with_action '{"open_post_manage_page":{"post_token":1}}')
   end)

   it("want a caption and an action of every button", function()
      assert.same({
         "buttons.rows[1].buttons[1].action: is required",
         "buttons.rows[1].buttons[1].caption: is empty",
      }, bot '{"text_message":"a","buttons":{"rows":[{"buttons":[{}]}]}}')
   end)

   it("want a text or a medium", function()
      assert.same({ "text_message: a text or a media_token is required" }, bot "{}")
      assert.same({ "message: a text or a media_token is required" }, check("conversation_message", '{"message":null}'))
      assert.same({ ": text_message or media_token, got both" }, bot '{"text_message":"a","media_token":"m"}')
      assert.same({}, bot '{"text_message":"","media_token":"m"}')
   end)

   it("tell the two endpoints' names for the text apart", function()
      assert.same({
         "message: unknown field; known are buttons, conversation_id, media_token, text_message, type, user_id",
         "text_message: a text or a media_token is required",
      }, bot '{"message":"a"}')
   end)

   it("do not take buttons as a bare list", function()
      assert.same({ "buttons: expected object, got array" }, bot '{"text_message":"a","buttons":[]}')
   end)

   describe("where Divar's documents are silent", function()
      it("refuse, by default", function()
         assert.same({ 'type: is "text"; only TEXT is documented' }, bot '{"type":"text","text_message":"a"}')
         assert.same({ "text_message: a text or a media_token is required" }, bot '{"text_message":""}')
         assert.same({ "buttons.rows: is empty" }, bot '{"text_message":"a","buttons":{"rows":[]}}')
         assert.same({ "buttons.rows: is required" }, bot '{"text_message":"a","buttons":{}}')
         assert.same({
            "a: unknown field; known are buttons, conversation_id, media_token, text_message, type, user_id",
         }, bot '{"text_message":"a","a":1}')
      end)

      it("note what they were told to accept", function()
         local findings = findings_of("bot_message", '{"text_message":"a","buttons":{"rows":[]}}', {
            empty_rows = "accept",
         })
         assert.same({ { path = "buttons.rows", message = "is empty", severity = "note" } }, findings)
         local _, first = rules.check(rules.bot_message, json.decode '{"text_message":""}',
            assumptions.with({ bodies = { empty_text = "accept" } }).bodies)
         assert.is_nil(first)
      end)

      it("take an absent string, null and an empty one for the same, as protobuf does", function()
         local function verdicts(rule, body, assumption)
            local list = {}
            for _, verdict in ipairs { "accept", "refuse" } do
               local assumed = assumptions.with({ bodies = { [assumption] = verdict } }).bodies
               local findings, first = rules.check(rules[rule], json.decode(body), assumed)
               assert.equal(1, #findings, body)
               list[#list + 1] = { findings[1].path, findings[1].message, first ~= nil }
            end
            return list
         end
         local grid = '{"text_message":"a","buttons":{"rows":[{"buttons":[{%s"action":{"open_direct_link":"u"}}]}]}}'
         local old = '{"user_id":"u","peer_id":"p","post_token":"t","type":"TEXT"%s,"sender_btn":'
            .. '{"action":"LINK","data":{%s"icon_name":"ADD","extra_data":{}}}}'
         for _, given in ipairs { "", '"caption":"",', '"caption":null,' } do
            local path = "buttons.rows[1].buttons[1].caption"
            assert.same({ { path, "is empty", false }, { path, "is empty", true } },
               verdicts("bot_message", grid:format(given), "empty_caption"))
            path = "sender_btn.data.caption"
            assert.same({ { path, "is empty", false }, { path, "is empty", true } },
               verdicts("legacy_message", old:format(',"message":"a"', given), "empty_caption"))
         end
         for _, given in ipairs { "", ',"message":""', ',"message":null' } do
            assert.same({ { "message", "is empty", false }, { "message", "is empty", true } },
               verdicts("legacy_message", old:format(given, '"caption":"a",'), "empty_text"))
         end
         local missing = "a text or a media_token is required"
         for _, body in ipairs { "{}", '{"text_message":""}', '{"text_message":null}' } do
            assert.same({ { "text_message", missing, false }, { "text_message", missing, true } },
               verdicts("bot_message", body, "empty_text"))
         end
      end)
   end)
end)
