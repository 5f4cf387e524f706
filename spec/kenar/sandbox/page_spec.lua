local sandboxed = require "spec.support.sandboxed"

local FOLDER = "lua/kenar/sandbox/page/"
local LIMIT = 200 * 1024

local function lines_of(command)
   local pipe = assert(io.popen(command))
   local lines = {}
   for line in pipe:lines() do
      lines[#lines + 1] = line
   end
   pipe:close()
   return lines
end

local function read(path)
   local file = assert(io.open(path, "rb"))
   local bytes = file:read "*a"
   file:close()
   return bytes
end

describe("the sandbox's page", function()
   local site

   before_each(function()
      site = sandboxed.open()
   end)

   after_each(function()
      site:close()
   end)

   it("stands at /sandbox/, where / leads", function()
      local status, _, headers = site:ask("GET", "/")
      assert.same({ 302, "/sandbox/" }, { status, headers.location })
      local body
      status, body, headers = site:ask("GET", "/sandbox/")
      assert.same({ 200, "text/html; charset=utf-8" }, { status, headers["content-type"] })
      assert.truthy(body:find "<!doctype html>")
   end)

   it("serves each of its files with its type", function()
      for _, path in ipairs(lines_of("cd " .. FOLDER .. " && find . -type f | sort")) do
         local status, body, headers = site:ask("GET", "/sandbox/page/" .. path:sub(3))
         assert.equal(200, status, path)
         assert.equal(read(FOLDER .. path), body)
         assert.equal("nosniff", headers["x-content-type-options"])
         assert.truthy(headers["content-type"]:find "^text/" or headers["content-type"]:find "^image/svg")
      end
   end)

   it("lets the browser load nothing from elsewhere and run nothing that stands in the page", function()
      local _, _, headers = site:ask("GET", "/sandbox/")
      local policy = headers["content-security-policy"]
      for _, part in ipairs {
         "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
         "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
      } do
         assert.truthy(policy:find(part, 1, true), part)
      end
      assert.is_nil(policy:find "unsafe")
      assert.is_nil(policy:find "http")
   end)

   it("serves nothing but its own files", function()
      for _, path in ipairs {
         "/sandbox/page/", "/sandbox/page/../pages.lua", "/sandbox/page/..%2fpages.lua", "/sandbox/page/scripts",
         "/sandbox/page//etc/passwd", "/sandbox/page/scripts/../../pages.lua", "/sandbox/page/none.js",
      } do
         assert.equal(404, (site:ask("GET", path)), path)
      end
   end)

   it("never makes markup of a text", function()
      for _, path in ipairs(lines_of("find " .. FOLDER .. " -name '*.js'")) do
         local source = read(path)
         for _, word in ipairs {
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document%.write", "createContextualFragment", "DOMParser",
            "%f[%w]eval%f[%W]", "new Function", "srcdoc", "setHTML",
         } do
            assert.is_nil(source:find(word), path .. ": " .. word)
         end
      end
   end)

   it("names no other host, but in examples of what can be sent", function()
      for _, path in ipairs(lines_of("find " .. FOLDER .. " -type f")) do
         for url in read(path):gmatch "%f[%w]%a+://%w[%w._-]*" do
            assert.truthy(url == "http://www.w3.org" or url == "https://example.com", path .. ": " .. url)
         end
      end
   end)

   it("has every module that another one imports", function()
      for _, path in ipairs(lines_of("find " .. FOLDER .. "scripts -name '*.js'")) do
         for name in read(path):gmatch "from \"%./([%w_]+%.js)\"" do
            assert.truthy(io.open(FOLDER .. "scripts/" .. name), path .. " imports " .. name):close()
         end
      end
   end)

   it("has the same texts in both languages", function()
      local function keys(name)
         local found = {}
         for key in read(FOLDER .. "scripts/" .. name):gmatch "\n  ([%w_]+):%s" do
            found[#found + 1] = key
         end
         table.sort(found)
         return found
      end
      local english = keys "english.js"
      assert.truthy(#english > 200)
      assert.same(english, keys "persian.js")
   end)

   it("is small", function()
      local bytes = 0
      for _, path in ipairs(lines_of("find " .. FOLDER .. " -type f")) do
         bytes = bytes + #read(path)
      end
      assert.truthy(bytes < LIMIT, bytes)
   end)
end)
