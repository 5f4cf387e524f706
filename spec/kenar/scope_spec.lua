local kenar = require "kenar"

local scope = kenar.scope

describe("kenar.scope", function()
   it("writes a scope, and the scope of one resource", function()
      assert.equal("USER_PHONE", scope "USER_PHONE")
      assert.equal("CONVERSATION_SEND_MESSAGE.6b3d5cf7-9291-4fa9-892a-9d07e300daea",
         scope("CONVERSATION_SEND_MESSAGE", "6b3d5cf7-9291-4fa9-892a-9d07e300daea"))
      assert.equal("CHAT_POST_CONVERSATIONS_READ.AZm-NExJ", scope("CHAT_POST_CONVERSATIONS_READ", "AZm-NExJ"))
   end)

   it("writes two of them as Divar's authorize page wants them, not as its list has them", function()
      assert.equal("offline_access", scope "OFFLINE_ACCESS")
      assert.equal("openid", scope "OPENID")
   end)

   it("writes the old form with two underscores", function()
      assert.equal("CHAT_READ_POST_CONVERSATIONS__gZd7omnS", scope.legacy("CHAT_READ_POST_CONVERSATIONS", "gZd7omnS"))
      assert.equal("USER_PHONE", scope.legacy "USER_PHONE")
   end)

   it("writes the old id of a conversation as Divar's documents show it", function()
      local id = scope.legacy_conversation("e9ba8a81-9583-4f7c-af54-b07df089d971", "AZf3Uqr3",
         "1697004f-e902-44c2-bbbe-bf8e20d54bff")
      assert.equal("ZTliYThhODEtOTU4My00ZjdjLWFmNTQtYjA3ZGYwODlkOTcxOkFaZjNVcXIzOjE2OTcwMDRmLWU5MDItNDRjMi1iYmJlLWJm"
         .. "OGUyMGQ1NGJmZg==", id)
      assert.equal("CHAT_SEND_MESSAGE_OAUTH__" .. id, scope.legacy("CHAT_SEND_MESSAGE_OAUTH", id))
      assert.equal("CHAT_MESSAGE_SEND." .. id, scope("CHAT_MESSAGE_SEND", id))
   end)

   it("reads both forms to the names of today", function()
      -- the granted scope, its current name and its id
      local cases = {
         { "CONVERSATION_SEND_MESSAGE.c-1", "CONVERSATION_SEND_MESSAGE", "c-1" },
         { "USER_ID", "USER_ID", nil },
         { "USER_PHONE.USER_PHONE", "USER_PHONE", nil },
         { "USER_RETRIEVE", "USER_PHONE", nil },
         { "OFFLINE_ACCESS", "offline_access", nil },
         { "CHAT_READ_POST_CONVERSATIONS__gZd7omnS", "CHAT_POST_CONVERSATIONS_READ", "gZd7omnS" },
         { "CHAT_SEND_MESSAGE_POST_CONVERSATIONS__gZ__7", "CHAT_POST_CONVERSATIONS_MESSAGE_SEND", "gZ__7" },
         { "CHAT_POST_CONVERSATIONS_READ._a_b", "CHAT_POST_CONVERSATIONS_READ", "_a_b" },
         { "CHAT_POST_CONVERSATIONS_READ.a__b", "CHAT_POST_CONVERSATIONS_READ", "a__b" },
         { "CHAT_SEND_MESSAGE_OAUTH__ZT+/==", "CHAT_MESSAGE_SEND", "ZT+/==" },
         { "CHAT_SEND_MESSAGE__ZT==", "CHAT_MESSAGE_SEND", "ZT==" },
         { "SOMETHING_NEW.id.with.dots", "SOMETHING_NEW", "id.with.dots" },
      }
      for _, case in ipairs(cases) do
         local name, id = scope.parse(case[1])
         assert.equal(case[2], name, case[1])
         assert.equal(case[3], id, case[1])
         assert.equal(id and name .. "." .. id or name, scope.canonical(case[1]))
      end
   end)

   it("reads the scopes of a token, whose base64 may hold a plus", function()
      local list = scope.list "offline_access  CHAT_MESSAGE_SEND.a+b/=\n"
      assert.same({ "offline_access", "CHAT_MESSAGE_SEND.a+b/=" }, list)
      assert.same({}, scope.list "")
      assert.same({ "A", "B" }, scope.list { "A", "B" })
   end)

   it("raises for values that cannot be a scope", function()
      assert.error_matches(function() scope "TWO SCOPES" end, "the name of a scope")
      assert.error_matches(function() scope() end, "the name of a scope")
      assert.error_matches(function() scope("A", "with space") end, "without spaces")
      assert.error_matches(function() scope("A", "") end, "the id as Divar gave it")
      assert.error_matches(function() scope.legacy_conversation("u", nil, "p") end, "argument 2: expected an id, got")
   end)
end)
