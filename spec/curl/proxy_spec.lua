--- Proxies: the environment's are honoured, this machine is never called through one.

local curl = require "kenar.curl"
local fault_server = require "spec.support.fault_server"
local transfers = require "spec.support.transfers"
local wire = require "spec_wire"

local NAMES = {
   "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
}

describe("a proxy", function()
   local proxy, server, environment

   before_each(function()
      environment = {}
      for _, name in ipairs(NAMES) do
         environment[name] = os.getenv(name)
         wire.setenv(name, nil)
      end
      proxy = fault_server.start {
         ["http://divar.example/path"] = function(connection)
            connection:answer(200, nil, "through the proxy")
         end,
      }
      server = fault_server.start()
   end)

   after_each(function()
      for _, name in ipairs(NAMES) do
         wire.setenv(name, environment[name])
      end
      proxy:stop()
      server:stop()
   end)

   -- Nothing answers to this name but a proxy.
   local function ask_elsewhere(options)
      options.insecure_http = true
      local pool = curl.pool(options)
      local ended = transfers.run(pool, { url = "http://divar.example/path" })
      pool:close()
      return ended
   end

   it("of the environment is used", function()
      wire.setenv("http_proxy", proxy.url)
      assert.equal("through the proxy", ask_elsewhere({}).body)
   end)

   it("of the pool is used instead", function()
      wire.setenv("http_proxy", "http://127.0.0.1:" .. wire.free_port())
      assert.equal("through the proxy", ask_elsewhere({ proxy = proxy.url }).body)
   end)

   it("of the environment can be turned off", function()
      wire.setenv("http_proxy", proxy.url)
      assert.is_nil(ask_elsewhere({ proxy = false }).status)
      assert.equal(0, proxy:report().accepted)
   end)

   it("never sees what goes to this machine", function()
      wire.setenv("http_proxy", proxy.url)
      wire.setenv("all_proxy", proxy.url)
      for _, options in ipairs { {}, { proxy = proxy.url } } do
         local pool = curl.pool(options)
         for _, host in ipairs { "127.0.0.1", "localhost", "LocalHost" } do
            local ended = transfers.run(pool, { url = ("http://%s:%d/answer"):format(host, server.port) })
            assert.equal(200, ended.status, ended.message)
         end
         pool:close()
      end
      assert.equal(0, proxy:report().accepted)
   end)

   it("is used again after a request to this machine on the same handle", function()
      local pool = curl.pool { proxy = proxy.url, insecure_http = true, max_transfers = 1 }
      for _ = 1, 2 do
         assert.equal(200, transfers.run(pool, { url = server.url .. "/answer" }).status)
         assert.equal("through the proxy", transfers.run(pool, { url = "http://divar.example/path" }).body)
      end
      assert.equal(2, #server:requests "/answer")
      pool:close()
   end)
end)
