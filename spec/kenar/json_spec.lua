local core = require "kenar.core"
local errors = require "kenar.error"
local json = require "kenar.json"

describe("kenar.json", function()
   it("writes and reads", function()
      local bytes = '{"list":[1,"سلام",null,[]]}'
      assert.same({ list = { 1, "سلام", json.null, {} } }, json.decode(bytes))
      assert.equal(bytes, json.encode(json.decode(bytes)))
      assert.is_false(json.decode "false")
   end)

   it("has cjson's null", function()
      assert.equal(require("cjson").null, json.null)
      assert.equal(core.null, json.null)
   end)

   it("marks arrays with json.array_mt, the installed cjson's if it has one", function()
      assert.equal("[]", json.encode(setmetatable({}, json.array_mt)))
      assert.equal(json.array_mt, getmetatable(json.decode "[]"))
      local cjson = require "cjson"
      for _, name in ipairs { "array_mt", "empty_array_mt", "empty_array" } do
         if cjson[name] ~= nil then
            assert.equal(cjson[name], json[name])
            assert.equal(cjson[name], json.conventions[name])
         end
      end
   end)

   it("returns an error with the problem and its place", function()
      local bytes, err = json.encode { user = { name = "\255" } }
      assert.is_nil(bytes)
      assert.is_true(errors.is(err))
      assert.equal("invalid", err.kind)
      assert.equal("user.name", err.path)
      assert.equal("invalid: user.name: the text is not valid UTF-8 at byte 1", tostring(err))

      local value
      value, err = json.decode '{"a":01}'
      assert.is_nil(value)
      assert.is_true(errors.is(err))
      assert.equal("invalid", err.kind)
      assert.equal(6, err.offset)
      assert.equal("invalid: not JSON: a number with a leading zero at byte 6", tostring(err))
   end)

   it("reads within the limits given", function()
      assert.equal(5, select(2, json.decode("[[1]]", { max_bytes = 4 })).offset)
      assert.equal(2, select(2, json.decode("[[1]]", { max_depth = 1 })).offset)
      assert.is_table(json.decode("[[1]]", { max_bytes = 5, max_depth = 2 }))
   end)

   it("raises for a document that is no string", function()
      assert.error_matches(function() json.decode(nil) end, "string expected")
   end)
end)
