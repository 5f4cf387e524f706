local client = require "kenar.client"
local edge = require "spec.support.edge"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"

local token = { status = 200, body = fixture.bytes "resp.upload_token" }
local uploaded = { status = 200, body = fixture.bytes "resp.upload_file.ok" }
local sent = { status = 200, body = fixture.bytes "resp.send_message.ok" }
local PNG = "\137PNG\r\n\26\n" .. ("x"):rep(100)

local function client_with(answers)
   local host, requests = edge.host(answers or { token, uploaded, sent })
   return client.new { host = host, api_key = "key-1", access_token = "ory_at_1" }, requests
end

local function file_with(bytes, ending)
   local path = os.tmpname()
   os.remove(path)
   path = path .. ending
   local file = assert(io.open(path, "wb"))
   file:write(bytes)
   file:close()
   finally(function() os.remove(path) end)
   return path
end

describe("client:upload_media", function()
   it("asks for a token, and gives the file to the upload host with that token alone", function()
      local c, requests = client_with()
      local path = file_with(PNG, ".png")
      local result = assert(c:upload_media("image", { path = path }))
      assert.equal("your_media_token", result.media_token)

      assert.equal("https://open-api.divar.ir/experimental/open-platform/chat/upload", requests[1].url)
      assert.equal("key-1", requests[1].headers["x-api-key"])
      assert.is_nil(requests[1].headers.authorization)
      assert.same(fixture.value "out.generate_upload_token", json.decode(requests[1].body))

      local upload = requests[2]
      assert.equal("POST", upload.method)
      assert.equal("https://chat.divar.ir/upload/image", upload.url)
      assert.equal("Bearer your_upload_token", upload.headers.authorization)
      assert.equal("*/*", upload.headers.accept)
      assert.is_nil(upload.headers["x-api-key"])
      assert.is_nil(upload.headers["x-access-token"])
   end)

   it("frames the file as the part `file` with its name, and leaves the bytes on the disk", function()
      local c, requests = client_with()
      local path = file_with(PNG, ".png")
      c:upload_media("image", { path = path, name = 'خانه "a"\r\n.png' })
      local body, content_type = requests[2].body, requests[2].headers["content-type"]
      local mark = content_type:match "^multipart/form%-data; boundary=([%w_=-]+)$"
      assert.equal("--" .. mark .. "\r\n"
         .. 'Content-Disposition: form-data; name="file"; filename="خانه %22a%22%0D%0A.png"\r\n'
         .. "Content-Type: image/png\r\n\r\n", body[1])
      assert.same({ path = path, size = #PNG }, body[2])
      assert.equal("\r\n--" .. mark .. "--\r\n", body[3])
   end)

   it("takes bytes with a name as well, and reports the progress", function()
      local c, requests = client_with()
      local function on_progress() end
      assert(c:upload_media("image", { bytes = PNG, name = "a.PNG", on_progress = on_progress }))
      assert.equal(PNG, requests[2].body[2])
      assert.equal(on_progress, requests[2].on_progress)
   end)

   it("takes every format that Divar names, by the ending of the name and the beginning of the file", function()
      local beginnings = {
         image = { jpg = "\255\216\255", jpeg = "\255\216\255", png = "\137PNG\r\n\26\n" },
         file = {
            pdf = "%PDF-", docx = "PK\3\4", xlsx = "PK\3\4", pptx = "PK\3\4", doc = "\208\207\17\224\161\177\26\225",
            xls = "\208\207\17\224\161\177\26\225", ppt = "\208\207\17\224\161\177\26\225",
         },
         voice = { m4a = "\0\0\0\24ftyp", ["3gp"] = "\0\0\0\24ftyp" },
         video = { mp4 = "\0\0\0\24ftyp" },
      }
      for kind, formats in pairs(beginnings) do
         for ending, beginning in pairs(formats) do
            local c, requests = client_with()
            assert(c:upload_media(kind, { bytes = beginning .. "rest", name = "a." .. ending }))
            assert.equal("https://chat.divar.ir/upload/" .. kind, requests[2].url)
            local _, err = c:upload_media(kind, { bytes = "something else", name = "a." .. ending })
            assert.matches("does not begin as a " .. ending:upper() .. " file", err.message, 1, true)
         end
      end
   end)

   it("sends nothing if Divar would refuse the file, and gives the reason", function()
      local c, requests = client_with()
      local function refused(kind, source)
         local result, err = c:upload_media(kind, source)
         assert.is_nil(result)
         assert.equal("no", err.sent)
         return err
      end
      assert.matches("No such file", refused("image", { path = "/nonexistent/a.png" }).message)
      assert.equal("invalid", refused("image", { path = "/nonexistent/a.png" }).kind)
      assert.matches("formats: png jpeg jpg", refused("image", { bytes = "GIF89a", name = "a.gif" }).message)
      assert.matches("formats: m4a 3gp", refused("voice", { bytes = "OggS", name = "a.ogg" }).message)
      assert.matches("the file is empty", refused("image", { bytes = "", name = "a.png" }).message)
      assert.matches("the file is empty", refused("image", { path = file_with("", ".png") }).message)
      local large = refused("voice", { bytes = "\0\0\0\24ftyp" .. ("x"):rep(1499993), name = "a.m4a" })
      assert.equal("too_large", large.kind)
      assert.equal("1500001 bytes; Divar takes at most 1.5 MB of voice, which kenar counts as 1500000 bytes",
         large.message)
      assert.matches("cannot be read", refused("file", { path = "/", name = "a.pdf" }).message)
      assert.same({}, requests)
   end)

   it("lets nothing pass that the sandbox refuses, or Divar if its MB are the smaller ones", function()
      local kenar, testing = require "kenar", require "kenar.testing"
      local bot = kenar.bot {}
      testing.divar(bot)
      local sizes = { image = { "a.png", PNG, 5e6 }, voice = { "a.m4a", "\0\0\0\24ftyp", 1.5e6 } }
      for kind, row in pairs(sizes) do
         local name, beginning, most = row[1], row[2], row[3]
         local bytes = beginning .. ("x"):rep(most - #beginning)
         local result, err = bot.client:upload_media(kind, { bytes = bytes, name = name })
         assert.is_nil(err)
         assert.equal("ok", result.status)
         result, err = bot.client:upload_media(kind, { bytes = bytes .. "x", name = name })
         assert.is_nil(result)
         assert.equal("too_large", err.kind)
      end
   end)

   it("says which of the two steps failed", function()
      local c = client_with { { status = 403, body = fixture.bytes "resp.error.grpc_status" } }
      local _, err = c:upload_media("image", { bytes = PNG, name = "a.png" })
      assert.equal("create_upload_token", err.endpoint)
      assert.equal("PERMISSION_DENIED", err.code_name)
      c = client_with { token, { status = 500, body = "oops" } }
      _, err = c:upload_media("image", { bytes = PNG, name = "a.png" })
      assert.equal("upload_media", err.endpoint)
      assert.equal("http", err.kind)
      c = client_with { token, { status = 200, body = '{"status":"ok"}' } }
      _, err = c:upload_media("image", { bytes = PNG, name = "a.png" })
      assert.equal("yes", err.sent)
      assert.matches("no id", err.message)
   end)

   it("raises in the line of its caller for a wrong deadline", function()
      local c, requests = client_with()
      local ok, err = pcall(function()
         c:upload_media("image", { bytes = PNG, name = "a.png" }, { deadline = "soon" })
      end)
      assert.is_false(ok)
      assert.truthy(err:find("media_spec.lua:%d+: deadline: expected a number of seconds above 0"))
      assert.same({}, requests)
   end)

   it("raises for wrong arguments", function()
      local c = client_with()
      assert.error_matches(function() c:upload_media("picture", {}) end, "expected one of file, image, video, voice")
      assert.error_matches(function() c:upload_media("image", "a.png") end, "a medium is a table")
      assert.error_matches(function() c:upload_media("image", {}) end, "a path, or bytes and a name")
      assert.error_matches(function() c:upload_media("image", { bytes = "x" }) end, "name: expected the file's name")
      assert.error_matches(function() c:upload_media("image", { file = "x" }) end, 'unknown field "file"')
   end)
end)

describe("a message with a medium", function()
   it("is sent with the token of the upload", function()
      local c, requests = client_with()
      assert(c:send_message("conv-1", {
         image = { bytes = PNG, name = "a.png" },
         receiver_buttons = { { "متن دکمه", direct_link = "https://example.com/page", icon = "ADD" } },
      }))
      local expected = fixture.value "out.send_message.media"
      assert.same(expected, json.decode(requests[3].body))
   end)

   it("was not sent if the upload failed in any way", function()
      local image = { bytes = PNG, name = "a.png" }
      for _, answer in ipairs { { 500, "" }, { 200, "{" }, { 200, "{}" } } do
         local c, requests = client_with { token, { status = answer[1], body = answer[2] } }
         local result, err = c:send_message("conv-1", { image = image })
         assert.is_nil(result)
         assert.same({ "upload_media", "no" }, { err.endpoint, err.sent })
         assert.equal(2, #requests)
      end
   end)

   it("has one medium and no text beside it", function()
      local c, requests = client_with()
      local image = { bytes = PNG, name = "a.png" }
      local _, err = c:send_message("conv-1", { image = image, text = "x" })
      assert.equal("a message has a text or one medium, this one has text as well", err.message)
      _, err = c:send_message("conv-1", { image = image, media_token = "x" })
      assert.equal("image", err.path)
      _, err = c:send_message("conv-1", { image = image, video = image })
      assert.matches("one medium", err.message)
      assert.same({}, requests)
   end)
end)
