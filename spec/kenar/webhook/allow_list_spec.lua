local network = require "kenar.base.network"
local edge = require "spec.support.edge"
local fixture = require "spec.support.fixture"
local kenar = require "kenar"

-- Posts an event from an address; returns the response, how many events were heard, and the log.
local function post(options, remote_addr, forwarded_for, request)
   options.identification_key, options.api_key = options.identification_key or "k", "key-1"
   local bot, heard = kenar.bot(options), 0
   bot:on("*", function() heard = heard + 1 end)
   local host = edge.host { { status = 200, body = "{}" } }
   bot:attach(host)
   local fields = {
      method = "POST", path = "/kenar/events", body = fixture.bytes "in.new_chatbot_message.text",
      headers = { authorization = "k", ["x-forwarded-for"] = forwarded_for }, remote_addr = remote_addr,
   }
   for name, value in pairs(request or {}) do
      fields[name] = value
   end
   return bot:handle(fields), heard, host.lines
end

local function status(allowed, remote_addr, proxies, forwarded_for)
   return (post({ allow_addresses = allowed, trusted_proxies = proxies }, remote_addr, forwarded_for)).status
end

describe("allow_addresses", function()
   it("is not looked at where it is not given", function()
      assert.equal(200, status(nil, "203.0.113.9"))
      assert.equal(200, status(nil, nil))
   end)

   it('lets in Divar\'s published addresses for "divar": three, and a /27 with both of its ends', function()
      for _, each in ipairs { "78.111.6.41", "78.111.6.42", "78.111.6.43", "31.214.250.128", "31.214.250.144",
         "31.214.250.159" } do
         assert.equal(200, status("divar", each), each)
      end
      for _, each in ipairs { "78.111.6.40", "78.111.6.44", "31.214.250.127", "31.214.250.160", "31.214.251.128",
         "127.0.0.1", "::1" } do
         assert.equal(403, status("divar", each), each)
      end
   end)

   -- networks, an address, whether it is in
   local cases = {
      { { "192.0.2.7" }, "192.0.2.7", true }, { { "192.0.2.7" }, "192.0.2.8", false },
      { { "192.0.2.0/24" }, "192.0.2.255", true }, { { "192.0.2.0/24" }, "192.0.3.0", false },
      { { "192.0.2.128/25" }, "192.0.2.127", false }, { { "10.0.0.0/9" }, "10.127.255.255", true },
      { { "10.0.0.0/9" }, "10.128.0.0", false }, { { "192.0.2.6/31" }, "192.0.2.7", true },
      { { "0.0.0.0/0" }, "203.0.113.9", true }, { { "0.0.0.0/0" }, "2001:db8::1", false },
      { { "198.51.100.1", "192.0.2.0/24" }, "192.0.2.9", true }, { {}, "192.0.2.9", false },
      { { "2001:db8::/32" }, "2001:db8:ffff::1", true }, { { "2001:db8::/32" }, "2001:db9::", false },
      { { "2001:db8::/33" }, "2001:db8:8000::", false }, { { "::1" }, "0:0:0:0:0:0:0:1", true },
      { { "2001:DB8::A" }, "2001:db8::a", true }, { { "::/0" }, "fe80::1", true }, { { "::/0" }, "192.0.2.1", false },
      { { "fe80::1:2:3:4" }, "fe80:0:0:0:1:2:3:4", true }, { { "1:2:3:4:5:6:7::" }, "1:2:3:4:5:6:7:0", true },
      { { "64:ff9b::192.0.2.1" }, "64:ff9b::c000:201", true },
      -- How a socket for both families shows an IPv4 address.
      { { "192.0.2.0/24" }, "::ffff:192.0.2.9", true }, { { "192.0.2.0/24" }, "::ffff:c000:209", true },
      { { "192.0.2.0/24" }, "::ffff:192.0.3.9", false }, { { "::ffff:192.0.2.9" }, "192.0.2.9", true },
   }
   for _, case in ipairs(cases) do
      it(("{ %s } %s %s"):format(table.concat(case[1], ", "), case[3] and "has" or "has not", case[2]), function()
         assert.equal(case[3] and 200 or 403, status(case[1], case[2]))
      end)
   end

   it("refuses an address that is none", function()
      for _, each in ipairs { "", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.-4", " 1.2.3.4",
         "1.2.3.4:80", "[::1]", "::1%eth0", ":", ":::", "1::2::3", "12345::", "g::", "1:2:3:4:5:6:7",
         "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "::1.2.3", "1.2.3.4::", "unix:",
         ("1"):rep(5000), "1.2.3.4\0", ("1:"):rep(99) } do
         assert.equal(403, status({ "0.0.0.0/0", "::/0" }, each), each)
      end
      assert.equal(403, status({ "0.0.0.0/0", "::/0" }, nil))
   end)

   it("answers 403 without a word, before it looks at the key, and hears nothing", function()
      local response, heard = post({ allow_addresses = "divar", identification_key = "other" }, "203.0.113.9")
      assert.equal(403, response.status)
      assert.equal("{}", response.body)
      assert.equal(0, heard)
      assert.equal(401, post({ allow_addresses = "divar", identification_key = "other" }, "78.111.6.41").status)
   end)

   it("logs who was refused, and why", function()
      local _, _, lines = post({ allow_addresses = "divar" }, "203.0.113.9")
      assert.equal(1, #lines)
      assert.matches('msg=refused', lines[1])
      assert.matches('reason="not an allowed address: 203.0.113.9"', lines[1], 1, true)
      _, _, lines = post({ allow_addresses = "divar" }, "nonsense")
      assert.matches('reason="the caller\'s address cannot be read"', lines[1], 1, true)
   end)

   it("leaves the pages alone that users' browsers open", function()
      local response = post({ allow_addresses = "divar" }, "203.0.113.9", nil, {
         method = "GET", path = "/kenar/fallback", body = "",
      })
      assert.equal(303, response.status)
   end)
end)

describe("trusted_proxies", function()
   local DIVAR, STRANGER = "78.111.6.41", "203.0.113.9"
   local PROXIES = { "10.0.0.0/8", "::1" }

   it("says whose X-Forwarded-For counts", function()
      assert.equal(200, status("divar", "10.0.0.1", PROXIES, DIVAR))
      assert.equal(200, status("divar", "::1", PROXIES, DIVAR))
      assert.equal(403, status("divar", "10.0.0.1", PROXIES, STRANGER))
   end)

   it("does not take a stranger's word for it", function()
      assert.equal(403, status("divar", STRANGER, PROXIES, DIVAR))
      assert.equal(403, status("divar", STRANGER, nil, DIVAR))
      assert.equal(403, status("divar", "10.0.0.1", nil, DIVAR))
      assert.equal(200, status("divar", DIVAR, PROXIES, STRANGER))
   end)

   it("walks back over proxies, and stops at the first that is none", function()
      assert.equal(200, status("divar", "10.0.0.1", PROXIES, DIVAR .. ", 10.0.0.3,10.0.0.2"))
      assert.equal(200, status("divar", "10.0.0.1", PROXIES, STRANGER .. ", " .. DIVAR .. ", 10.0.0.2"))
      assert.equal(403, status("divar", "10.0.0.1", PROXIES, DIVAR .. ", " .. STRANGER))
      assert.equal(403, status("divar", "10.0.0.1", PROXIES, DIVAR .. ", " .. STRANGER .. ", 10.0.0.2"))
   end)

   it("takes the header as a list, as nginx gives a repeated one", function()
      assert.equal(200, status("divar", "10.0.0.1", PROXIES, { DIVAR, "10.0.0.2" }))
      assert.equal(403, status("divar", "10.0.0.1", PROXIES, { DIVAR, STRANGER }))
   end)

   it("is the caller itself where nothing stands before it", function()
      assert.equal(200, status({ "10.0.0.1" }, "10.0.0.1", PROXIES))
      assert.equal(200, status({ "10.0.0.1" }, "10.0.0.1", PROXIES, ""))
      assert.equal(200, status({ "10.0.0.9" }, "10.0.0.1", PROXIES, "10.0.0.9"))
      assert.equal(403, status("divar", "10.0.0.1", PROXIES))
   end)

   it("refuses what cannot be read", function()
      for _, header in ipairs { "unknown", ",", DIVAR .. ",", DIVAR .. ", , 10.0.0.2", "_hidden", DIVAR .. ":443" } do
         assert.equal(403, status("divar", "10.0.0.1", PROXIES, header), header)
      end
   end)
end)

describe("a mistake in either", function()
   it("raises when the bot is built", function()
      for value, message in pairs {
         ["192.0.2.0/33"] = '"192.0.2.0/33": at most /32',
         ["2001:db8::/129"] = "at most /128",
         ["192.0.2.1/24"] = "has bits beyond its first 24",
         ["example.ir"] = '"example.ir" is no address',
         ["192.0.2.0/"] = "is no address", ["192.0.2.0/x"] = "is no address", [""] = "is no address",
      } do
         local ok, problem = pcall(function() kenar.bot { allow_addresses = { value } } end)
         assert.is_false(ok)
         assert.matches("^spec/kenar/webhook/allow_list_spec%.lua:%d+: allow_addresses: ", problem)
         assert.matches(message, problem, 1, true)
      end
      assert.error_matches(function() kenar.bot { allow_addresses = "everybody" } end, "expected a list")
      assert.error_matches(function() kenar.bot { trusted_proxies = "divar" } end, "expected a list")
      assert.error_matches(function() kenar.bot { trusted_proxies = { 7 } } end, "got number")
   end)

   it("is said by network.list in words", function()
      local networks, message = network.list { "192.0.2.0/24", "nonsense" }
      assert.is_nil(networks)
      assert.equal('"nonsense" is no address and no network such as 192.0.2.0/24 or 2001:db8::/32', message)
   end)
end)
