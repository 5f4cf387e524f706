local sandboxed = require "spec.support.sandboxed"
local scratch = require "spec.support.scratch"
local state_file = require "kenar.sandbox.judge.state_file"

describe("the sandbox's state file", function()
   local site, folder, path

   before_each(function()
      site = sandboxed.open { seed = "0000aaaa" }
      folder = scratch.new()
      path = folder:file "state.json"
   end)

   after_each(function()
      site:close()
      folder:remove()
   end)

   it("is for its owner's eyes only: there are tokens in it", function()
      assert.is_true(state_file.save(site.judge, path))
      local stat = io.popen("stat -c %a " .. path)
      assert.equal("600", stat:read "*l")
      stat:close()
      assert.is_true(state_file.load(site.judge, path))
   end)

   it("is written over no file that a link beside it leads to", function()
      folder:write("victim", "mine")
      os.execute(("ln -s victim %s.new"):format(path))
      assert.is_true(state_file.save(site.judge, path))
      assert.equal("mine", folder:read "victim")
      assert.is_true(state_file.load(site.judge, path))
   end)

   it("is whole after a save that broke off", function()
      folder:write("state.json.new", "half")
      assert.is_true(state_file.save(site.judge, path))
      assert.is_true(state_file.load(site.judge, path))
      assert.is_nil((io.open(path .. ".new")))
   end)

   it("says why it cannot be written", function()
      local missing = folder:file "missing/state.json"
      local saved, problem = state_file.save(site.judge, missing)
      assert.is_nil(saved)
      assert.equal(missing .. ".new: No such file or directory", problem)
   end)
end)
