-- A table that is missing, or is something else, is a mistake with the caller's line, not an error inside of kenar.
local kenar = require "kenar"
local testing = require "kenar.testing"

describe("a program that gives no table where one belongs", function()
   local bot, divar, chat

   before_each(function()
      bot = kenar.bot {}
      divar = testing.divar(bot)
      chat = divar:chatbot {}
   end)

   local function in_handler(f)
      return function()
         local heard = kenar.bot {}
         heard:on("chatbot", f)
         testing.divar(heard):chatbot({}):say "x"
      end
   end

   local mistakes = {
      ["kenar.bot"] = function() kenar.bot "x" end,
      ["kenar.bot's fallback"] = function() kenar.bot { fallback = "x" } end,
      ["kenar.client"] = function() kenar.client "x" end,
      ["client:as"] = function() bot.client:as() end,
      ["a call's options"] = function() bot.client:send_bot_message("id", "text", "x") end,
      ["kenar.oauth"] = function() kenar.oauth() end,
      ["oauth:authorize_url"] = function() bot.oauth:authorize_url() end,
      ["oauth:refresh"] = function() bot.oauth:refresh() end,
      ["kenar.serve"] = function() kenar.serve({ bot }, 8080) end,
      ["bot:send_many"] = function() bot:send_many({}, "x") end,
      ["grants:find"] = function() bot.grants:find() end,
      ["testing.divar"] = function() testing.divar(bot, "x") end,
      ["testing.divar's settings"] = function() testing.divar(bot, { settings = "x" }) end,
      ["testing.divar's assumptions"] = function() testing.divar(bot, { assumptions = "x" }) end,
      ["divar:chatbot"] = function() divar:chatbot "x" end,
      ["divar:conversation"] = function() divar:conversation "x" end,
      ["divar:post"] = function() divar:post() end,
      ["divar:update_post"] = function() divar:update_post() end,
      ["divar:open"] = function() divar:open() end,
      ["divar:consent"] = function() divar:consent("https://example.com/", "x") end,
      ["divar:pay"] = function() divar:pay "x" end,
      ["divar:fail"] = function() divar:fail() end,
      ["divar:grant"] = function() divar:grant() end,
      ["chat:image"] = function() chat:image "x" end,
      ["ctx:reply"] = in_handler(function(ctx) ctx:reply("x", "y") end),
      ["ctx:authorize"] = in_handler(function(ctx) ctx:authorize("USER_ID", "y") end),
   }
   for name, mistake in pairs(mistakes) do
      it("is told its line, by " .. name, function()
         local ok, err = pcall(mistake)
         assert.is_false(ok)
         assert.matches("wrong_use_spec.lua:%d+: .*expected a table", tostring(err))
      end)
   end

   it("is told which post, user, scopes or URL are missing", function()
      for message, mistake in pairs {
         ["token: expected a post's token, a string, got nil"] = function() divar:post {} end,
         ["user: expected a user's name or a person"] = function() divar:revoke(7) end,
         ["user: nobody here has this id"] = function() divar:revoke { user_id = "x" } end,
         ["url: expected a string, got table"] = function() divar:consent({}, { user = "x" }) end,
         ["user_id: expected the id of a user, got nil"] = function() divar:grant { scopes = { "USER_ID" } } end,
         ["scopes: expected a list of scopes, got nil"] = function() divar:grant { user_id = chat.user_id } end,
      } do
         local ok, err = pcall(mistake)
         assert.is_false(ok)
         assert.matches("wrong_use_spec.lua:%d+: " .. message, tostring(err))
      end
   end)
end)
