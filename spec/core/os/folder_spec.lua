local core = require "kenar.core"
local scratch = require "spec.support.scratch"
local wire = require "spec_wire"

describe("folders", function()
   local folder, descriptors

   before_each(function()
      descriptors = wire.count_fds()
      folder = scratch.new()
   end)

   after_each(function()
      folder:remove()
      assert.equal(descriptors, wire.count_fds())
   end)

   it("are made, and told apart from what is there already", function()
      assert.is_true(core.make_folder(folder:file "new"))
      assert.is_false(core.make_folder(folder:file "new"))
      folder:write("a file", "")
      assert.is_false(core.make_folder(folder:file "a file"))
   end)

   it("are not made where their parent is missing", function()
      local made, message = core.make_folder(folder:file "no/such")
      assert.is_nil(made)
      assert.equal(folder:file "no/such: No such file or directory", message)
   end)

   it("list their names, the hidden ones too", function()
      assert.same({}, core.list_folder(folder.path))
      folder:write(".hidden", "")
      folder:write("کتاب", "")
      core.make_folder(folder:file "inner")
      local names = core.list_folder(folder.path)
      table.sort(names)
      assert.same({ ".hidden", "inner", "کتاب" }, names)
   end)

   it("cannot be listed where there is none", function()
      local file = folder:write("file", "")
      local names, message = core.list_folder(file)
      assert.is_nil(names)
      assert.equal(file .. ": Not a directory", message)
   end)

   it("have no zero bytes in their names", function()
      assert.error_matches(function() core.make_folder "a\0b" end, "zero bytes")
      assert.error_matches(function() core.list_folder "a\0b" end, "zero bytes")
   end)
end)
