local client = require "kenar.client"
local gates = require "kenar.client.limits.gate"
local each_store = require "spec.support.each_store"
local edges = require "spec.support.oauth_edge"
local virtual = require "kenar.host.virtual"

local ok = { status = 200, headers = {}, body = "{}" }

describe("calls under a quota", function()
   each_store(function(open)
      local host, store, left, answer

      before_each(function()
         left = {}
         function answer() return ok end
         local function serve(req)
            left[#left + 1] = { at = host.clock(), url = req.url, body = req.body }
            return answer(req)
         end
         host = virtual.new {
            serves = { ["https://open-api.divar.ir"] = serve, ["https://chat.divar.ir"] = serve },
         }
         store = open(host)
      end)

      after_each(function()
         assert.equal(0, gates.of(host, "key-1"):waiting())
         assert.equal(0, host:count())
      end)

      local function client_with(quota, options)
         local values = { host = host, api_key = "key-1", access_token = "t", store = store, quota = quota }
         for name, value in pairs(options or {}) do
            values[name] = value
         end
         return client.new(values)
      end

      local function begin(c, id, options)
         return host.spawn(c.send_bot_message, c, id, id, options)
      end

      local function texts()
         local list = {}
         for index, request in ipairs(left) do
            list[index] = ("%.0f %s"):format(request.at, request.body:match 'message":"(.-)"')
         end
         return list
      end

      it("of a minute are sent evenly, in the order they were made", function()
         local c = client_with { minute = 6 }
         for number = 1, 4 do
            begin(c, "c" .. number, { deadline = 60 })
         end
         host:run()
         assert.same({ "0 c1", "10 c2", "20 c3", "30 c4" }, texts())
      end)

      it("let replies go before bulk sends that wait, each in their order", function()
         local c = client_with { minute = 6 }
         begin(c, "first")
         for number = 1, 3 do
            begin(c, "bulk " .. number, { priority = "bulk" })
         end
         host:advance(5)
         begin(c, "reply 1", { deadline = 60 })
         begin(c, "reply 2", { deadline = 60, priority = "reply" })
         host:run()
         assert.same({ "0 first", "10 reply 1", "20 reply 2", "30 bulk 1", "40 bulk 2", "50 bulk 3" }, texts())
      end)

      it("let a reply pass at once although a bulk send waits, because a part is kept for replies", function()
         local c = client_with { minute = 24 }
         for number = 1, 4 do
            begin(c, "bulk " .. number, { priority = "bulk" })
         end
         host:advance(1)
         begin(c, "reply")
         host:run()
         assert.same({ "0 bulk 1", "0 bulk 2", "0 bulk 3", "1 reply", "6 bulk 4" }, texts())
      end)

      it("are one count for all clients, users and endpoints of an app", function()
         local c = client_with { minute = 6 }
         host.spawn(c.get_user, c)
         host.spawn(c.send_message, c:as { access_token = "t2" }, "c", "as another", { deadline = 60 })
         begin(client_with { minute = 6 }, "another client", { deadline = 60 })
         host:run()
         assert.same({ 0, 10, 20 }, {
            math.floor(left[1].at), math.floor(left[2].at + 0.1), math.floor(left[3].at + 0.1),
         })
      end)

      it("of another app are counted apart", function()
         begin(client_with { minute = 6 }, "mine")
         begin(client_with({ minute = 6 }, { api_key = "key-2" }), "theirs")
         host:run()
         assert.same({ "0 mine", "0 theirs" }, texts())
      end)

      it("count each attempt", function()
         local c = client_with { minute = 6 }
         function answer()
            return #left == 1 and { status = 429, headers = {}, body = "{}" } or ok
         end
         begin(c, "first", { deadline = 60 })
         host:run()
         assert.same({ "0 first", "10 first" }, texts())
      end)

      it("count the call for an upload's token, and not the upload itself", function()
         local c = client_with { day = 2 }
         function answer(req)
            local body = req.url:find "/upload$" and '{"token":"u"}' or '{"id":"m"}'
            return { status = 200, headers = {}, body = body }
         end
         assert(c:send_bot_message("c", { image = { bytes = "\137PNG\r\n\26\n", name = "a.png" } }))
         assert.equal(3, #left)
         assert.equal("DAY_QUOTA", select(2, c:get_user()).code_name)
      end)

      describe("that cannot leave by the deadline end unsent,", function()
         local function refusal_of(c, options)
            local result, err = c:send_bot_message("c", "t", options)
            assert.is_nil(result)
            assert.same({ 0, "no", "send_bot_message", "POST" }, { err.attempts, err.sent, err.endpoint, err.method })
            return err
         end

         it("at once if that is known", function()
            local c = client_with { minute = 6 }
            assert(c:send_bot_message("c", "t"))
            local err = refusal_of(c, { deadline = 9 })
            assert.same({ "quota", "MINUTE_QUOTA", true }, { err.kind, err.code_name, err.retryable })
            assert.is_near(10, err.retry_after, 0.01)
            assert.equal(0, host.clock())
            assert.equal(1, #left)
         end)

         it("at the deadline if other calls wait before them", function()
            local c = client_with { minute = 6 }
            for number = 1, 3 do
               begin(c, "c" .. number, { deadline = 60 })
            end
            host:advance(1)
            local hasty = begin(c, "hasty", { deadline = 15 })
            begin(c, "patient", { deadline = 60 })
            host:run()
            local _, _, err = hasty:wait()
            assert.equal("MINUTE_QUOTA", err.code_name)
            assert.same({ "0 c1", "10 c2", "20 c3", "30 patient" }, texts())
         end)

         it("after the deadline of the settings if the call gives none, and a bulk send waits as long as it takes",
            function()
               local c = client_with({ minute = 1 }, { deadline = 20 })
               assert(c:send_bot_message("c", "t"))
               assert.equal("MINUTE_QUOTA", refusal_of(c).code_name)
               begin(c, "bulk", { priority = "bulk" })
               host:run()
               assert.same({ "0 t", "60 bulk" }, texts())
            end)

         it("and cost nothing of the day", function()
            local c = client_with { minute = 6, day = 2 }
            assert(c:send_bot_message("c", "t"))
            for _ = 1, 5 do
               refusal_of(c, { deadline = 5 })
            end
            assert(c:send_bot_message("c", "t", { deadline = 15 }))
            assert.equal("DAY_QUOTA", refusal_of(c).code_name)
         end)
      end)

      it("of a day that is spent are told so before they wait", function()
         local c = client_with { minute = 6, day = 2 }
         begin(c, "1")
         begin(c, "2", { deadline = 60 })
         host:advance(1)
         local third = begin(c, "3", { deadline = 60 })
         host:advance(0)
         local _, _, err = third:wait(0)
         assert.same({ "quota", "DAY_QUOTA", "no", false, 0 },
            { err.kind, err.code_name, err.sent, err.retryable, err.attempts })
         assert.equal(20.5 * 3600 - 1, err.retry_after)
         host:run()
      end)

      it("that waited past midnight are of the new day", function()
         host = virtual.new { serves = host.serves, now = 1735689600 + 20.5 * 3600 - 5 }
         store = open(host)
         local c = client_with { minute = 6, day = 2 }
         begin(c, "1", { deadline = 90 })
         begin(c, "2", { deadline = 90 })
         host:run()
         assert.same({ "0 1", "10 2" }, texts())
         begin(c, "3", { deadline = 90 })
         host:run()
         assert.equal("DAY_QUOTA", select(2, c:send_bot_message("c", "4")).code_name)
      end)

      it("warn the program at 80 % of the day", function()
         local info
         local c = client_with { day = 5, on_warning = function(given) info = given end }
         for _ = 1, 3 do
            assert(c:send_bot_message("c", "t"))
         end
         host:advance(0)
         assert.is_nil(info)
         assert(c:send_bot_message("c", "t"))
         host:advance(0)
         assert.same({ used = 4, day = 5, left = 1, ends_in = 20.5 * 3600 }, info)
      end)

      it("end unsent if the store fails", function()
         store = edges.breakable(store)
         for _, quota in ipairs { { minute = 6 }, { day = 6 } } do
            host = virtual.new { serves = host.serves }
            local c = client_with(quota)
            store.broken.get = true
            local result, err = c:send_bot_message("c", "t")
            assert.is_nil(result)
            assert.same({ "store", "no", false, 0 }, { err.kind, err.sent, err.retryable, err.attempts })
            store.broken.get = nil
            assert(c:send_bot_message("c", "t"))
         end
      end)

      it("that wait end with the store's failure, and later ones are sent", function()
         store = edges.breakable(store)
         local c = client_with { minute = 6 }
         assert(c:send_bot_message("c", "t"))
         local second, third = begin(c, "second"), begin(c, "third")
         host:advance(5)
         store.broken.cas = true
         host:advance(6)
         store.broken.cas = nil
         host:run()
         assert.equal("store", select(3, second:wait()).kind)
         assert.equal("store", select(3, third:wait()).kind)
         begin(c, "fourth")
         host:run()
         assert.equal(2, #left)
      end)

      it("end with an error if the store raises", function()
         store = edges.breakable(store)
         function store.get() error "the driver is broken" end
         local _, err = client_with({ minute = 6 }):send_bot_message("c", "t")
         assert.equal("store", err.kind)
         assert.matches("the driver is broken", err.message)
      end)

      it("that wait end as closed when the host stops", function()
         local c = client_with { minute = 6 }
         assert(c:send_bot_message("c", "t"))
         local second, third = begin(c, "second"), begin(c, "third", { priority = "bulk" })
         host:advance(5)
         host:stop()
         host:run()
         for _, task in ipairs { second, third } do
            local _, _, err = task:wait()
            assert.same({ "closed", "no" }, { err.kind, err.sent })
         end
      end)

      it("show no API key in the store", function()
         store = edges.breakable(store)
         assert(client_with({ minute = 6, day = 6, on_warning = print }):send_bot_message("c", "t"))
         local keys = table.concat(store.calls, "\n")
         assert.matches("kenar:quota:[%w_-]+:minute", keys)
         assert.matches("kenar:quota:[%w_-]+:day:%d+", keys)
         assert.is_nil(keys:find("key-1", 1, true))
      end)

      it("work in a plain script, which blocks", function()
         local c = client_with { minute = 6 }
         assert(c:send_bot_message("c", "1"))
         assert(c:send_bot_message("c", "2"))
         assert.same({ "0 1", "10 2" }, texts())
      end)
   end)
end)
