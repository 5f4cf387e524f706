local edge = require "spec.support.edge"
local fixture = require "spec.support.fixture"
local kenar = require "kenar"

local body = fixture.bytes "in.new_chatbot_message.text"

local function serve(options, authorization, request)
   local host = edge.host { { status = 200, body = "{}" } }
   local heard = {}
   local bot = kenar.bot(options)
   bot:on("*", function(ctx) heard[#heard + 1] = ctx.event end)
   bot:attach(host)
   local fields = {
      method = "POST", path = "/kenar/events", body = body, headers = { authorization = authorization },
   }
   for name, value in pairs(request or {}) do
      fields[name] = value
   end
   local response = bot:handle(fields)
   return response, heard, host
end

describe("a webhook", function()
   it("lets in who sends the identification key, whole and without a scheme", function()
      local response, heard = serve({ identification_key = "secret-1" }, "secret-1")
      assert.equal(200, response.status)
      assert.equal("{}", response.body)
      assert.equal("application/json", response.headers["content-type"])
      assert.equal("hello world", heard[1].text)
   end)

   it("takes a key that itself begins with Bearer", function()
      assert.equal(200, serve({ identification_key = "Bearer abc" }, "Bearer abc").status)
      assert.equal(401, serve({ identification_key = "Bearer abc" }, "abc").status)
      assert.equal(401, serve({ identification_key = "abc" }, "Bearer abc").status)
   end)

   it("takes any of several keys, so that one can be replaced by another", function()
      local keys = { "old", "new" }
      assert.equal(200, serve({ identification_key = keys }, "old").status)
      assert.equal(200, serve({ identification_key = keys }, "new").status)
      assert.equal(401, serve({ identification_key = keys }, "older").status)
   end)

   it("answers 401 without a word to a wrong, missing or doubled key, and calls no handler", function()
      for _, sent in ipairs { "wrong", "", "secret", "secret-12", "secret-1 ", "secret-1, secret-1" } do
         local response, heard = serve({ identification_key = "secret-1" }, sent)
         assert.equal(401, response.status)
         assert.equal("{}", response.body)
         assert.same({}, heard)
      end
      assert.equal(401, serve({ identification_key = "secret-1" }, nil).status)
      assert.equal(401, serve({ identification_key = "secret-1" }, { "secret-1", "secret-1" }).status)
   end)

   it("answers 401 to everybody when no key is configured", function()
      assert.equal(401, serve({}, nil).status)
      assert.equal(401, serve({}, "").status)
      assert.equal(401, serve({ identification_key = "" }, "").status)
      assert.equal(401, serve({ identification_key = {} }, "nil").status)
   end)

   it("checks the key before it reads the body", function()
      assert.equal(401, serve({ identification_key = "k" }, "wrong", { body = "not JSON" }).status)
   end)

   it("answers 400 to what is not JSON", function()
      for _, bytes in ipairs { "", "not JSON", "[]", "{\"type\":\"NEW_MESSAGE\"" } do
         local response, heard = serve({ identification_key = "k" }, "k", { body = bytes })
         assert.equal(400, response.status)
         assert.equal("{}", response.body)
         assert.same({}, heard)
      end
   end)

   it("answers 200 to an event it does not know, and has a handler for it", function()
      local response, heard = serve({ identification_key = "k" }, "k", { body = fixture.bytes "in.unknown_event" })
      assert.equal(200, response.status)
      assert.equal("unknown", heard[1].kind)
   end)

   it("serves every kind of request at each of its URLs", function()
      for _, path in ipairs { "/kenar", "/kenar/", "/kenar/events", "/kenar/session", "/kenar/action" } do
         local response, heard = serve({ identification_key = "k" }, "k", { path = path })
         assert.equal(200, response.status)
         assert.equal("message", heard[1].kind)
      end
   end)

   it("listens below its prefix only", function()
      assert.equal(404, serve({ identification_key = "k" }, "k", { path = "/events" }).status)
      assert.equal(404, serve({ identification_key = "k" }, "k", { path = "/kenar/other" }).status)
      assert.equal(404, serve({ identification_key = "k" }, "k", { path = "/kenarx/events" }).status)
      assert.equal(200, serve({ identification_key = "k", prefix = "/a/b/" }, "k", { path = "/a/b/events" }).status)
      assert.equal(200, serve({ identification_key = "k", prefix = "/" }, "k", { path = "/events" }).status)
   end)

   it("takes POST only", function()
      local response = serve({ identification_key = "k" }, "k", { method = "GET" })
      assert.equal(405, response.status)
      assert.equal("POST", response.headers.allow)
   end)

   it("logs why it refused, without the key that was sent or the one it wanted", function()
      local _, _, host = serve({ identification_key = "secret-1" }, "guess-7", { remote_addr = "198.51.100.7" })
      assert.equal(1, #host.lines)
      assert.matches("msg=refused", host.lines[1])
      assert.matches('reason="wrong key"', host.lines[1])
      assert.matches("from=198.51.100.7", host.lines[1], 1, true)
      assert.is_nil(host.lines[1]:find("secret-1", 1, true))
      assert.is_nil(host.lines[1]:find("guess-7", 1, true))
   end)
end)
