local INTERPRETER = rawget(_G, "jit") and "luajit" or "lua5.4"

-- The modules of kenar that a program has loaded at its end.
local function loaded_by(program)
   local pipe = assert(io.popen(("%s -e '%s for name in pairs(package.loaded) do print(name) end'"):format(
      INTERPRETER, program)))
   local names = {}
   for name in pipe:lines() do
      if name:find "^kenar" then
         names[name] = true
         names[#names + 1] = name
      end
   end
   pipe:close()
   return names
end

describe("a program that only sends", function()
   local names = loaded_by [[require("kenar").client {}]]

   it("loads the client", function()
      assert.is_true(names["kenar.client"])
   end)

   it("loads no part of a bot, no log, no server, no loop and no driver of a store before it needs one", function()
      for _, name in ipairs(names) do
         for _, unwanted in ipairs { "bot", "webhook", "telemetry", "httpd", "curl", "sqlite", "host.loop", "db.sqlite",
            "db.redis", "db.shdict", "sandbox", "send", "grants" } do
            assert.is_nil(name:match("^kenar%." .. unwanted:gsub("%.", "%%.") .. "%f[%z.]"), name)
         end
      end
   end)
end)
