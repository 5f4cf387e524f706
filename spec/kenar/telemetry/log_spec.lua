local json = require "kenar.json"
local log = require "kenar.telemetry.log"

describe("log", function()
   local lines, logger

   local function open(options)
      lines = {}
      options.write = function(line)
         lines[#lines + 1] = line
      end
      options.now = function()
         return 1787044500.25
      end
      logger = log.new(options)
   end

   before_each(function()
      open { secrets = { "panel-key", "panel-key-2" } }
   end)

   it("writes time, level, message and the fields by name", function()
      logger:info("message answered", { ms = 3, conversation = "1fad7e32", late = false })
      assert.same({
         'time=2026-08-18T09:15:00.250Z level=info msg="message answered" conversation=1fad7e32 late=false ms=3',
      }, lines)
   end)

   it("writes a whole number without a fraction or an exponent, and three decimals of another", function()
      logger:info("sent", { at = 1729429926140000, ms = 3.01275, share = 0.5, endless = 1 / 0 })
      assert.truthy(lines[1]:find("at=1729429926140000 endless=inf ms=3.013 share=0.5", 1, true))
   end)

   it("has the fields that it was made with on every line", function()
      open { fields = { bot = "shop" } }
      logger:info("x", { at = 1 })
      assert.truthy(lines[1]:find "msg=x at=1 bot=shop$")
   end)

   it("quotes what has a blank, a quote or an equals sign in it, and Persian text only then", function()
      logger:info("x", { a = "", b = 'say "hi"', c = "a=b", d = "قیمت", e = "back\\slash" })
      assert.truthy(lines[1]:find([[a="" b="say \"hi\"" c="a=b" d=قیمت e="back\\slash"]], 1, true))
   end)

   it("keeps a value with line breaks on one line", function()
      logger:info("x", { text = "a\nlevel=error msg=forged\r\1" })
      assert.truthy(lines[1]:find([[text="a\nlevel=error msg=forged\r\u0001"]], 1, true))
      assert.falsy(lines[1]:find "[\r\n]")
   end)

   it("makes one word of a field's name", function()
      logger:info("x", { ["a b=c"] = 1 })
      assert.truthy(lines[1]:find("a_b_c=1", 1, true))
   end)

   it("masks the secrets it was given, the longer one first", function()
      logger:error("refused panel-key-2", { header = "x-api-key: panel-key" })
      assert.truthy(lines[1]:find([[msg="refused ***" header="x-api-key: ***"]], 1, true))
   end)

   it("takes the characters of a secret as they are", function()
      open { secrets = { "a.%d+" } }
      logger:info("a.%d+ axx1")
      assert.truthy(lines[1]:find([[msg="*** axx1"]], 1, true))
   end)

   it("masks a bearer token and the fields that are a secret by name", function()
      logger:info("x", { Authorization = "a", ["X-API-Key"] = "k", note = "Bearer ey.J0 sent", post_token = "p" })
      assert.truthy(lines[1]:find([[Authorization=*** X-API-Key=*** note="Bearer *** sent" post_token=p]], 1, true))
   end)

   it("masks inside the text of an error table", function()
      local err = setmetatable({}, {
         __tostring = function()
            return "network: panel-key leaked"
         end,
      })
      logger:error("failed", { err = err })
      assert.truthy(lines[1]:find([[err="network: *** leaked"]], 1, true))
   end)

   it("adds the fields of `with` to every line, without changing the log it came from", function()
      local request = logger:with { conversation = "c1" }:with { ms = 1 }
      request:info("a", { ms = 2 })
      logger:info "b"
      assert.truthy(lines[1]:find("msg=a conversation=c1 ms=2", 1, true))
      assert.truthy(lines[2]:find "msg=b$")
   end)

   it("leaves out what is below its level, and says so to who asks first", function()
      open { level = "warn" }
      assert.is_false(logger:enabled "info")
      assert.is_true(logger:enabled "warn")
      logger:debug "a"
      logger:info "b"
      logger:warn "c"
      logger:error "d"
      assert.equal(2, #lines)
   end)

   it("gives a field whose name is taken an underscore", function()
      logger:info("x", { level = "low", ["a b"] = 1, ["a=b"] = 2, ["x-api-key"] = "k", ["x api key"] = "k" })
      assert.truthy(lines[1]:find("msg=x a_b=1 a_b_=2 level_=low x_api_key=*** x-api-key=***", 1, true))
   end)

   it("does not end the handler whose line cannot be written, and tells of each such line", function()
      local lost = 0
      local outcomes = {
         function() error "no disk" end,
         function() return nil, "Broken pipe" end,
         function() return false, "full" end,
      }
      for _, write in ipairs(outcomes) do
         logger = log.new { write = write, on_lost = function() lost = lost + 1 end }
         logger:info "a"
         logger:with({ b = 1 }):info "b"
      end
      assert.equal(6, lost)
      for _, write in ipairs { function() end, function() return true end, function() return nil end } do
         log.new({ write = write, on_lost = function() lost = lost + 1 end }):info "c"
      end
      assert.equal(6, lost)
   end)

   describe("as JSON", function()
      before_each(function()
         open { format = "json", secrets = { "panel-key", 'quo"ted' } }
      end)

      it("has the fields of the other form, in their order, numbers and booleans as such", function()
         logger:info("message answered", { ms = 3, share = 0.51289, late = false, conversation = "1fad7e32", n = "7" })
         assert.same({
            '{"time":"2026-08-18T09:15:00.250Z","level":"info","msg":"message answered","conversation":"1fad7e32",'
               .. '"late":false,"ms":3,"n":"7","share":0.513}',
         }, lines)
      end)

      it("is one line that reads back to what was said", function()
         local text = 'a\nb"c\\d\r\t\1 قیمت'
         logger:warn(text, { ["a b"] = text, endless = 1 / 0, none = 0 / 0 })
         assert.falsy(lines[1]:find "%c")
         local read = assert(json.decode(lines[1]))
         assert.same({
            time = "2026-08-18T09:15:00.250Z", level = "warn", msg = text, a_b = text, endless = "inf",
            none = tostring(0 / 0),
         }, read)
      end)

      it("masks secrets before it escapes them, and the fields that are one by name", function()
         logger:error('key panel-key and quo"ted', { note = "Bearer ey.J0", token = 5, ["x-api-key"] = "k" })
         assert.same({
            time = "2026-08-18T09:15:00.250Z", level = "error", msg = "key *** and ***", note = "Bearer ***",
            token = "***", ["x-api-key"] = "***",
         }, assert(json.decode(lines[1])))
      end)

      it("is valid where the bytes are not UTF-8", function()
         logger:info("\255", { text = "قیم\216" })
         local read = assert(json.decode(lines[1]))
         assert.equal("\239\191\189", read.msg)
         assert.equal("قیم\239\191\189", read.text)
      end)

      it("has no name twice", function()
         logger:info("x", { time = 1, msg = 2, ["a b"] = 3, a_b = 4 })
         local read = assert(json.decode(lines[1]))
         assert.same({ 1, 2, 3, 4, "x" }, { read.time_, read.msg_, read.a_b, read.a_b_, read.msg })
      end)

      it("is also what `with` writes", function()
         logger:with({ conversation = "c1" }):info "x"
         assert.equal("c1", assert(json.decode(lines[1])).conversation)
      end)
   end)

   it("shows no secret when it is printed", function()
      assert.equal("kenar.log", tostring(logger))
   end)

   it("raises where its options are wrong", function()
      assert.has_error(function()
         log.new { write = "stderr" }
      end, "write: expected a function that takes a line, got string")
      assert.has_error(function()
         log.new { write = print, level = "loud" }
      end, "level: expected debug, info, warn or error, got loud")
      assert.has_error(function()
         log.new { write = print, format = "xml" }
      end, "format: expected logfmt or json, got xml")
   end)
end)
