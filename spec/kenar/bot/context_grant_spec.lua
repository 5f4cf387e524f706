local fixture = require "spec.support.fixture"
local granting = require "spec.support.granting_bot"

local message, press = granting.message, granting.press

local WIDE = "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND"

describe("what a handler may do in a user's name", function()
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

   describe("ctx.grant", function()
      local function grant_at(event)
         local seen
         bot:on("*", function(ctx) seen = ctx.grant end)
         subject:post(event)
         return seen and seen.id
      end

      it("is the one by which the message would be answered", function()
         local grant = save "CHAT_POST_CONVERSATIONS_MESSAGE_SEND.p-1"
         assert.equal(grant.id, grant_at(message()))
      end)

      it("is that of the user who pressed in the bot's chat", function()
         save("USER_ID", { user_id = "other" })
         local grant = save("USER_ID", { user_id = "user-1" })
         assert.equal(grant.id, grant_at(press("bot", { user_id = "user-1" })))
      end)

      it("is the one whose subscription told of a post", function()
         local grant = save "USER_POSTS_GET"
         save "USER_POSTS_GET"
         local event = fixture.value "in.post_update.publish"
         event.metadata = { kenar_grant = grant.id }
         assert.equal(grant.id, grant_at(event))
      end)

      it("is nil where there is none, and costs nothing where nobody asks", function()
         assert.is_nil(grant_at(message()))
         assert.is_nil(grant_at { type = "SOMETHING_NEW" })
         subject.store.calls = {}
         bot = subject:new_bot()
         bot:on("*", function() end)
         subject:post(message())
         assert.same({}, subject.store.calls)
      end)
   end)

   describe("ctx:subscribe", function()
      local function subscribe(event, ...)
         local arguments = { ... }
         bot:on("*", function(ctx) ctx:subscribe(arguments[1], arguments[2], arguments[3]) end)
         subject:post(event)
         return edge.calls[1]
      end

      it("subscribes in the name of whoever granted that", function()
         save(WIDE, { user_id = "a" })
         local grant = save "CHAT_POST_CONVERSATIONS_READ.p-1"
         local call = subscribe(message(), "NEW_MESSAGE_ON_POST", "p-1", { key = "value" })
         assert.equal("ory_at_2", call.token)
         assert.same({
            event_type = "NEW_MESSAGE_ON_POST", event_resource_id = "p-1",
            metadata = { key = "value", kenar_grant = grant.id },
         }, call.body)
      end)

      it("subscribes to all posts in the name of ctx.grant", function()
         save("CHAT_SUPPLIER_ALL_CONVERSATIONS_READ " .. WIDE, { user_id = "a" })
         local grant = save("CHAT_SUPPLIER_ALL_CONVERSATIONS_READ " .. WIDE, { user_id = "b" })
         local call = subscribe(message { kenar_grant = grant.id }, "NEW_MESSAGE_ON_POST")
         assert.equal("ory_at_2", call.token)
         assert.is_nil(call.body.event_resource_id)
      end)

      it("subscribes with another grant of the same user", function()
         save("USER_POSTS_GET", { user_id = "b" })
         save("USER_POSTS_GET", { user_id = "c" })
         local grant = save(WIDE, { user_id = "b" })
         assert.equal("ory_at_1", subscribe(message { kenar_grant = grant.id }, "POST_UPDATE").token)
      end)

      it("raises what to ask for where nobody granted that", function()
         assert.is_nil(subscribe(message(), "NEW_MESSAGE_ON_POST", "p-1"))
         assert.equal("NO_GRANT", subject.caught[1].code_name)
         assert.same({ "CHAT_POST_CONVERSATIONS_READ.p-1" }, subject.caught[1].scopes)
      end)
   end)
end)
