--- Bodies in parts: strings and files, streamed with a length that is known before.

local curl = require "kenar.curl"
local fault_server = require "spec.support.fault_server"
local transfers = require "spec.support.transfers"
local wire = require "spec_wire"

local function write_file(path, bytes)
   local file = assert(io.open(path, "wb"))
   assert(file:write(bytes))
   file:close()
end

local pieces = {}
for i = 1, 300000 do
   pieces[i] = ("%08d"):format(i)
end
local LARGE = table.concat(pieces)

describe("a body in parts", function()
   local server, pool, path

   before_each(function()
      server = fault_server.start()
      pool = curl.pool()
      path = os.tmpname()
   end)

   after_each(function()
      pool:close()
      server:stop()
      os.remove(path)
   end)

   local function upload(body, where)
      return { method = "POST", url = server.url .. (where or "/answer"), body = body }
   end

   it("arrives as one, with its length", function()
      write_file(path, LARGE)
      local ended = transfers.run(pool, upload { "before ", { path = path }, "", " after" })
      assert.equal(200, ended.status, ended.message)
      local got = server:requests()[1]
      assert.equal(tostring(#LARGE + 13), got.headers["content-length"])
      assert.is_nil(got.headers["transfer-encoding"])
      assert.is_true(got.body == "before " .. LARGE .. " after")
   end)

   it("may be empty", function()
      write_file(path, "")
      for _, body in ipairs { {}, { "" }, { { path = path } } } do
         assert.equal(200, transfers.run(pool, upload(body)).status)
      end
      for _, got in ipairs(server:requests()) do
         assert.equal("0", got.headers["content-length"])
      end
   end)

   it("keeps its strings and paths while it waits, whatever becomes of the list", function()
      write_file(path, "file")
      local body = { ("string"):rep(10), { path = path .. "" } }
      assert(pool:add(upload(body)))
      body[1], body[2].path, body[2] = nil, nil, nil
      collectgarbage()
      assert.equal(200, transfers.next(pool).status)
      assert.equal(("string"):rep(10) .. "file", server:requests()[1].body)
   end)

   it("tells how far it is", function()
      write_file(path, LARGE)
      local id = assert(pool:add(upload({ { path = path } }, "/echo")))
      local sent, total = pool:progress(id)
      assert.equal(0, sent)
      assert.equal(#LARGE, total)
      local most = 0
      repeat
         pool:step(1)
         sent = pool:progress(id)
         assert.is_true(sent == nil or sent >= most and sent <= #LARGE)
         most = sent or most
      until not sent
      assert.is_true(most > 0)
      assert.equal(id, transfers.next(pool).id)
      assert.is_nil(pool:progress(id))
   end)

   it("is refused when a file is not there, with its path", function()
      local _, kind, message = pool:add(upload { { path = "/no/such/file" } })
      assert.equal("invalid", kind)
      assert.equal("/no/such/file: No such file or directory", message)
   end)

   it("is refused when a file is a directory", function()
      local _, kind, message = pool:add(upload { { path = "/tmp" } })
      assert.equal("invalid", kind)
      assert.equal("/tmp: not a regular file", message)
   end)

   it("is refused when a file has not the size that was promised", function()
      write_file(path, "four")
      local _, kind = pool:add(upload { { path = path, size = 5 } })
      assert.equal("invalid", kind)
      assert.is_truthy(pool:add(upload { { path = path, size = 4 } }))
   end)

   -- Sends a large file to a server that reads its head only; `change` then changes the file, and the server reads on.
   local function upload_changed(change)
      server:stop()
      server = fault_server.start {
         without_body = true,
         ["/gate"] = function(connection)
            connection:pause(0.2)
            connection:wait_for_close()
         end,
      }
      write_file(path, LARGE:rep(4))
      local id = assert(pool:add(upload({ { path = path } }, "/gate")))
      repeat
         pool:step(0.01)
      until (pool:progress(id) or 0) > 0
      change()
      return transfers.next(pool)
   end

   it("is invalid when its file shrinks while it is sent", function()
      local ended = upload_changed(function()
         write_file(path, "short")
      end)
      assert.equal("invalid", ended.kind)
      assert.equal("a file changed while it was sent", ended.message)
      assert.equal("maybe", ended.sent)
   end)

   it("is invalid when its file grows while it is sent", function()
      local ended = upload_changed(function()
         write_file(path, LARGE:rep(5))
      end)
      assert.equal("invalid", ended.kind)
   end)

   it("is invalid, and was not sent, when its file has gone before its turn", function()
      local narrow = curl.pool { max_transfers = 1 }
      write_file(path, "file")
      assert(narrow:add { url = server.url .. "/answer" })
      assert(narrow:add(upload { { path = path } }))
      os.remove(path)
      assert.equal(200, transfers.next(narrow).status)
      local ended = transfers.next(narrow)
      assert.equal("invalid", ended.kind)
      assert.equal("no", ended.sent)
      narrow:close()
   end)

   it("leaves no file open", function()
      write_file(path, LARGE)
      local before = wire.count_fds()
      local other = curl.pool()
      local ended = transfers.run(other, upload({ { path = path } }, "/close"))
      assert.is_truthy(ended.status or ended.kind)
      assert(other:add(upload({ { path = path } }, "/silent")))
      other:step(0)
      other:close()
      while other:completed() do -- luacheck: ignore 542
      end
      assert.equal(before, wire.count_fds())
   end)
end)
