local judged = require "spec.support.judged"

describe("uploading to the sandbox", function()
   local divar

   before_each(function()
      divar = judged.new()
   end)

   local function create_token()
      local status, body = divar:call { "POST", "/experimental/open-platform/chat/upload", body = {} }
      assert.equal(200, status)
      return body.token
   end

   local function multipart(name, filename, content)
      local disposition = ('form-data; name="%s"'):format(name)
      if filename then
         disposition = disposition .. ('; filename="%s"'):format(filename)
      end
      return ("--mark\r\nContent-Disposition: %s\r\nContent-Type: image/png\r\n\r\n%s\r\n--mark--\r\n"):format(
         disposition, content or "PNG")
   end

   -- Upload: status and body. `changes` replaces headers.
   local function upload(kind, body, changes)
      local headers = { ["x-api-key"] = false, ["content-type"] = "multipart/form-data; boundary=mark" }
      for name, value in pairs(changes or {}) do
         headers[name] = value
      end
      return divar:call {
         "POST", "/upload/" .. kind, headers = headers, body = body,
         token = changes and changes.token or create_token(),
      }
   end

   it("gives a media_token for a file, which a message may then carry", function()
      local status, body = upload("image", multipart("file", "a.png", "\137PNG\r\n\26\n\0--mark"))
      assert.equal(200, status)
      assert.equal("ok", body.status)
      local medium = divar.state.media[body.id]
      assert.same({ type = "IMAGE", name = "a.png", size = 15 }, medium)

      local chat = divar.state:chatbot(divar.buyer.id)
      local path = "/v1/open-platform/chat/bot/conversations/" .. chat.id .. "/messages"
      assert.equal(200, (divar:call { "POST", path, body = { media_token = body.id } }))
      assert.same({ "IMAGE", body.id }, { chat.messages[1].type, chat.messages[1].media_token })
      local refusal
      status, refusal = divar:call { "POST", path, body = { media_token = "never uploaded" } }
      assert.same({ 400, "media token is not valid" }, { status, refusal.message })
   end)

   it("makes the message of the kind that was uploaded", function()
      local names = { file = "a.pdf", voice = "a.m4a", video = "a.mp4" }
      for kind, name in pairs(names) do
         local _, body = upload(kind, multipart("file", name))
         assert.equal(kind:upper(), divar.state.media[body.id].type)
      end
   end)

   local PNG = "\137PNG\r\n\26\n\0\0\0\rIHDR\0\0\2\128\0\0\1\224\8\2\0\0\0"

   -- The NEW_MESSAGE that tells the app of a medium of its own.
   local function told_of_own(kind, name, content)
      local _, medium = upload(kind, multipart("file", name, content))
      local status, answer = divar:call {
         "POST", "/v2/open-platform/conversations/" .. divar.conversation.id .. "/messages",
         token = divar:token(divar.seller, "CHAT_SUPPLIER_ALL_CONVERSATIONS_MESSAGE_SEND"),
         body = { media_token = medium.id },
      }
      assert.equal(200, status, answer.message)
      return divar:deliver()[1].body.new_message, "https://example.com/media/" .. medium.id
   end

   describe("is told of in NEW_MESSAGE as any other medium is:", function()
      before_each(function()
         divar:call {
            "POST", "/v1/open-platform/events/subscriptions",
            token = divar:token(divar.seller, "CHAT_SUPPLIER_ALL_CONVERSATIONS_READ"),
            body = { event_type = "NEW_MESSAGE_ON_POST" },
         }
      end)

      it("a PNG picture with its size, width and height", function()
         local message, link = told_of_own("image", "a.png", PNG)
         assert.same({ link = link, size_bytes = #PNG, width_px = 640, height_px = 480 }, message.image_data)
      end)

      it("a JPEG picture with its size, width and height", function()
         local exif = "\255\225\0\8Exif\0\0"
         local frame = "\255\255\194\0\17\8\3\0\4\0\3\1\17\0\2\17\1\3\17\1"
         local message = told_of_own("image", "a.jpg", "\255\216" .. exif .. frame)
         assert.same({ 1024, 768 }, { message.image_data.width_px, message.image_data.height_px })
      end)

      it("a picture whose header ends early with a width and height none the less", function()
         for _, bytes in ipairs { PNG:sub(1, 20), "\255\216\255", "\255\216\255\225\255\255Exif", "no picture" } do
            local message = told_of_own("image", "a.jpg", bytes)
            assert.same({ #bytes, 1920, 1080 },
               { message.image_data.size_bytes, message.image_data.width_px, message.image_data.height_px })
         end
      end)

      it("a file with its name, a voice with its size, a video with its thumbnail", function()
         local message, link = told_of_own("file", "قیمت.pdf", "%PDF-")
         assert.same({ link = link, name = "قیمت.pdf", size_bytes = 5 }, message.file_data)
         message, link = told_of_own("voice", "a.m4a", "abc")
         assert.same({ link = link, size_bytes = 3 }, message.voice_data)
         message, link = told_of_own("video", "a.mp4", "abcd")
         assert.same({ link = link, thumbnail_link = link .. "/thumbnail.jpg", size_bytes = 4 }, message.video_data)
      end)
   end)

   it("takes an empty body for the token's call, as older samples have it", function()
      assert.equal(200, (divar:call { "POST", "/experimental/open-platform/chat/upload", body = "" }))
   end)

   it("refuses the app's key: it is for the API", function()
      local status, body = upload("image", multipart("file", "a.png"), { ["x-api-key"] = "key" })
      assert.same({ 400, "the upload host takes no api key" }, { status, body.message })
      local finding = divar.judge.log[#divar.judge.log].findings[1]
      assert.same({ "error", "x-api-key" }, { finding.severity, finding.path })
   end)

   it("needs a live upload token as Bearer, and takes it once", function()
      assert.equal(401, (upload("image", multipart("file", "a.png"), { authorization = false })))
      assert.equal(401, (upload("image", multipart("file", "a.png"), { authorization = "Basic x" })))
      local token = create_token()
      assert.equal(200, (upload("image", multipart("file", "a.png"), { token = token })))
      assert.equal(401, (upload("image", multipart("file", "a.png"), { token = token })))
      token = create_token()
      divar.time = divar.time + 600
      assert.equal(401, (upload("image", multipart("file", "a.png"), { token = token })))
   end)

   it("needs one part called file, with a filename", function()
      local function refused(message, body, changes)
         local status, answer = upload("image", body, changes)
         assert.same({ 400, message }, { status, answer.message })
      end
      refused('there is no part "file"', multipart("image", "a.png"))
      refused('the part "file" has no filename', multipart("file"))
      refused("the body ends before its last boundary", multipart("file", "a.png"):sub(1, -10))
      refused("the body has no boundary", "PNG")
      refused("content-type is not multipart/form-data with a boundary", multipart("file", "a.png"),
         { ["content-type"] = "image/png" })
   end)

   it("takes the formats and sizes of Divar's documents", function()
      assert.equal(415, (upload("image", multipart("file", "a.gif"))))
      assert.equal(415, (upload("voice", multipart("file", "a.ogg"))))
      assert.equal(200, (upload("image", multipart("file", "a.JPG"))))
      assert.equal(404, (upload("sticker", multipart("file", "a.png"))))
      assert.equal(200, (upload("voice", multipart("file", "a.3gp", ("x"):rep(1500000)))))
      local status, refusal = upload("voice", multipart("file", "a.3gp", ("x"):rep(1500001)))
      assert.same({ 413, "file is too large: 1500001 bytes, voice has at most 1.5 MB and media.megabyte is 1000000" },
         { status, refusal.message })
      divar = judged.new { media = { megabyte = 1048576 } }
      assert.equal(200, (upload("voice", multipart("file", "a.3gp", ("x"):rep(1572864)))))
   end)
end)
