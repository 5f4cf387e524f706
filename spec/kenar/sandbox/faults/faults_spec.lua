local faults = require "kenar.sandbox.faults"

describe("the sandbox's faults", function()
   local list

   before_each(function()
      list = faults.new({
         send_message = "call", send_bot_message = "call", NEW_MESSAGE = "event", dynamic_action = "asked",
      }, 7)
   end)

   it("strike once where nothing else is said", function()
      list:add { at = "send_message", status = 500 }
      assert.equal(500, list:take("send_message", "c").status)
      assert.is_nil(list:take("send_message", "c"))
   end)

   it("strike as often as they were told, after as many as were let pass", function()
      list:add { at = "send_message", status = 500, times = 2, skip = 1 }
      assert.is_nil(list:take "send_message")
      assert.equal(500, list:take("send_message").status)
      assert.equal(500, list:take("send_message").status)
      assert.is_nil(list:take "send_message")
   end)

   it("strike at one endpoint, or at all", function()
      list:add { at = "send_message", status = 500 }
      assert.is_nil(list:take "send_bot_message")
      list:add { at = "*", status = 503 }
      assert.equal(503, list:take("send_bot_message").status)
   end)

   it("strike in one conversation alone", function()
      list:add { at = "*", status = 500, conversation_id = "c" }
      assert.is_nil(list:take("send_message", "other"))
      assert.equal(500, list:take("send_message", "c").status)
   end)

   it("of calls and those of events leave each other alone", function()
      list:add { at = "*", kind = "drop", times = 10 }
      assert.is_nil(list:take "NEW_MESSAGE")
      assert.is_nil(list:take "dynamic_action")
      list:add { at = "webhook", kind = "duplicate", times = 10 }
      assert.equal("drop", list:take("send_message").kind)
      assert.equal("duplicate", list:take("NEW_MESSAGE").kind)
      assert.is_nil(list:take "dynamic_action")
      list:add { at = "dynamic_action", kind = "drop" }
      assert.equal("drop", list:take("dynamic_action").kind)
   end)

   it("go on until cleared, if told so", function()
      for _, forever in ipairs { math.huge, "forever" } do
         list:add { at = "*", status = 500, times = forever }
         for _ = 1, 100 do
            assert.equal(500, list:take("send_message").status)
         end
         list:clear()
         assert.is_nil(list:take "send_message")
      end
   end)

   it("can be cleared one by one", function()
      local first = list:add { at = "*", status = 500 }
      list:add { at = "*", status = 503 }
      assert.is_true(list:clear(first.id))
      assert.is_false(list:clear(first.id))
      assert.equal(503, list:take("send_message").status)
   end)

   describe("with a rate", function()
      local function struck(seed, fault)
         local one = faults.new({ send_message = "call" }, seed)
         assert(one:add(fault))
         local names = {}
         for i = 1, 1000 do
            local strike = one:take "send_message"
            names[i] = strike and strike.name or "-"
         end
         return names, one.struck
      end

      it("strike about that often, until cleared", function()
         local _, counts = struck(1, { at = "*", status = 429, rate = 0.05 })
         assert.is_true(counts["429"] > 25 and counts["429"] < 80, counts["429"])
      end)

      it("strike the same requests with the same seed, and others with another", function()
         local fault = { at = "*", status = 429, rate = 0.05 }
         local names = struck(1, fault)
         assert.same(names, (struck(1, fault)))
         assert.not_same(names, (struck(2, fault)))
      end)

      it("and a seed of their own strike the same whenever they are added", function()
         local fault = { at = "*", status = 429, rate = 0.05, seed = 3 }
         local function struck_by_new_rule()
            list:clear()
            list:add(fault)
            local seen = {}
            for i = 1, 100 do
               seen[i] = list:take "send_message" ~= nil
            end
            return seen
         end
         assert.same(struck_by_new_rule(), struck_by_new_rule())
      end)

      it("are drawn for each request that matches, and for no other", function()
         local fault = { at = "send_message", status = 429, rate = 0.5 }
         local one, other = faults.new({ send_message = "call", get_user = "call" }, 1), faults.new({
            send_message = "call" }, 1)
         one:add(fault)
         other:add(fault)
         for _ = 1, 100 do
            one:take "get_user"
            assert.equal(one:take "send_message" ~= nil, other:take "send_message" ~= nil)
         end
      end)

      it("and several kinds draw one at a time", function()
         local _, counts = struck(1, {
            at = "*", rate = 0.3, kinds = { "drop", 429, "503", { status = 412 }, { kind = "half", cut = 3 } },
         })
         local total = 0
         for _, name in ipairs { "drop", "429", "503", "412", "half" } do
            assert.is_true(counts[name] > 30 and counts[name] < 90, name)
            total = total + counts[name]
         end
         assert.is_true(total > 250 and total < 350, total)
      end)
   end)

   it("give to each of several kinds what fits it", function()
      list:add { at = "*", times = 60, kinds = { "429", "412", "delay" }, retry_after = 2, delay = 0.5 }
      local seen = {}
      for _ = 1, 60 do
         local strike = list:take "send_message"
         seen[strike.name] = { strike.headers and strike.headers["retry-after"], strike.delay }
      end
      assert.same({ ["429"] = { "2" }, ["412"] = {}, delay = { nil, 0.5 } }, seen)
   end)

   it("write Retry-After in seconds, or as they were given it", function()
      list:add { at = "*", status = 429, retry_after = 2 }
      list:add { at = "*", status = 503, retry_after = "Fri, 31 Dec 2027 23:59:59 GMT", headers = { via = "proxy" } }
      assert.same({ ["retry-after"] = "2" }, list:take("send_message").headers)
      assert.same({ ["retry-after"] = "Fri, 31 Dec 2027 23:59:59 GMT", via = "proxy" },
         list:take("send_message").headers)
   end)

   it("put the clock forward or back while they are on", function()
      local ahead = list:add { at = "clock", skew = 300 }
      list:add { at = "clock", skew = -60 }
      assert.equal(240, list.skew)
      assert.is_nil(list:take "send_message")
      list:clear(ahead.id)
      assert.equal(-60, list.skew)
      list:clear()
      assert.equal(0, list.skew)
   end)

   it("are listed as they were written, with what is left of them and how often they struck", function()
      list:add { at = "*", status = 500, times = 3 }
      list:add { at = "webhook", kinds = { "drop", "delay" }, rate = 1 }
      list:take "send_message"
      list:take "NEW_MESSAGE"
      assert.same({
         { id = 1, at = "*", status = 500, times = 2, struck = 1 },
         { id = 2, at = "webhook", kinds = { "drop", "delay" }, rate = 1, times = "forever", struck = 1 },
      }, list:list())
   end)

   it("are refused with what is wrong", function()
      local function message_of(fault)
         local rule, message = list:add(fault)
         assert.is_nil(rule)
         return message
      end
      local wrong = {
         ['at is "*", "webhook", "clock" or one of NEW_MESSAGE, dynamic_action, send_bot_message, send_message, got '
            .. "send"] = { at = "send", status = 500 },
         ['unknown field "stauts" of a fault'] = { at = "*", stauts = 500 },
         ["status is a number, got a string"] = { at = "*", status = "500" },
         ["status is whole, from 200 to 599, got 700"] = { at = "*", status = 700 },
         ["rate is more than 0, at most 1, got 1.5"] = { at = "*", status = 500, rate = 1.5 },
         ["times is whole, at least 1, got 0"] = { at = "*", status = 500, times = 0 },
         ["delay is from 0 to 86400, got -1"] = { at = "*", delay = -1 },
         ["retry_after is a number of seconds or an HTTP date, got a table"] =
            { at = "*", status = 429, retry_after = {} },
         ["kind is one of delay, drop, duplicate, expired_token, half, network, reorder, reset_after, reset_before, "
            .. "timeout, tls, got lost"] = { at = "*", kind = "lost" },
         ["a fault has a status or a kind, not both"] = { at = "*", kind = "tls", status = 500 },
         ["a fault needs a status, a kind or a delay"] = { at = "*" },
         ["sent is no or maybe, got yes"] = { at = "*", kind = "network", sent = "yes" },
         ["half does not happen at webhook"] = { at = "webhook", kind = "half" },
         ["429 does not happen at NEW_MESSAGE"] = { at = "NEW_MESSAGE", status = 429 },
         ["duplicate does not happen at send_message"] = { at = "send_message", kind = "duplicate" },
         ["reorder does not happen at dynamic_action"] = { at = "dynamic_action", kind = "reorder" },
         ["skew, in seconds, is for the clock, and the clock takes nothing else"] = { at = "*", skew = 3 },
         ["kinds is a list of at least one"] = { at = "*", kinds = {} },
         ["kinds[2]: status is whole, from 200 to 599, got 42"] = { at = "*", kinds = { "drop", 42 } },
         ["kinds[1]: duplicate does not happen at *"] = { at = "*", kinds = { "duplicate" } },
         ["kinds[1]: rate is for the whole fault, not for one of its kinds"] =
            { at = "*", kinds = { { kind = "drop", rate = 1 } } },
         ["a fault has kinds, a kind or a status"] = { at = "*", kinds = { "drop" }, status = 500 },
      }
      for message, fault in pairs(wrong) do
         assert.equal(message, message_of(fault))
      end
   end)
end)
