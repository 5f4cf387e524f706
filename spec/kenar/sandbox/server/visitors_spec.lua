local sandboxed = require "spec.support.sandboxed"

describe("the sandbox's visitors", function()
   local site, own

   before_each(function()
      site = sandboxed.open()
      own = "127.0.0.1:" .. site.sandbox:port()
   end)

   after_each(function()
      site:close()
   end)

   -- The status of a call that changes something, under these headers.
   local function act(headers)
      return (site:ask("POST", "/sandbox/chatbots", headers, "{}"))
   end

   it("are programs of this machine", function()
      assert.equal(200, act {})
   end)

   it("are pages of its own", function()
      assert.equal(200, act { ["sec-fetch-site"] = "same-origin", origin = "http://" .. own })
      assert.equal(200, act { ["sec-fetch-site"] = "none" })
   end)

   it("come under one of this machine's names", function()
      for _, name in ipairs { "127.0.0.1", "localhost", "[::1]", "LOCALHOST" } do
         assert.equal(200, act { host = name .. ":" .. site.sandbox:port() }, name)
         assert.equal(200, act { host = name }, name)
      end
   end)

   it("do not come under another name", function()
      for _, host in ipairs {
         "evil.example", "evil.example:8090", "127.0.0.1.evil.example", "localhost.evil.example:80", "127.0.0.2",
         "127.0.0.1:80@evil.example", "127.0.0.1:8090.evil.example", "[::2]", "0.0.0.0", "10.0.0.1",
      } do
         for _, path in ipairs { "/", "/sandbox/", "/sandbox/state", "/sandbox/feed", "/oauth2/auth" } do
            assert.equal(403, (site:ask("GET", path, { host = host })), host .. path)
         end
         assert.equal(403, act { host = host }, host)
      end
   end)

   it("are no pages from elsewhere", function()
      for _, headers in ipairs {
         { ["sec-fetch-site"] = "cross-site" }, { ["sec-fetch-site"] = "same-site" },
         { origin = "http://evil.example" }, { origin = "null" }, { origin = "https://" .. own },
         { origin = "http://127.0.0.1:1" }, { origin = "http://" .. own .. ".evil.example" },
         { ["sec-fetch-site"] = "same-origin", origin = "http://evil.example" },
      } do
         assert.equal(403, act(headers))
         for _, path in ipairs {
            "/", "/sandbox/", "/sandbox/page/scripts/main.js", "/sandbox/state", "/sandbox/feed",
         } do
            assert.equal(403, (site:ask("GET", path, headers)), path)
         end
         assert.equal(403, (site:ask("POST", "/oauth2/auth", headers, "")))
      end
   end)

   it("may be sent to the consent page from a bot's page", function()
      local status = site:ask("GET", "/oauth2/auth?client_id=sandbox-app", { ["sec-fetch-site"] = "cross-site" })
      assert.equal(400, status) -- it is read, and lacks the rest
   end)
end)
