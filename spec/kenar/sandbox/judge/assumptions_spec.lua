local assumption_line = require "kenar.sandbox.judge.assumption_line"
local assumptions = require "kenar.sandbox.judge.assumptions"

describe("the sandbox's assumptions", function()
   local function mistake(line)
      local changes, problem = assumption_line.read { line }
      assert.is_nil(changes)
      return problem
   end

   it("are read from lines, each value of its type", function()
      assert.same({
         deliveries = { session = "legacy", timeout = 2.5, user_side = { SELLER = "Supply" } },
         events = { own_messages = false }, refusals = { blocked = { status = 400 } },
      }, assumption_line.read {
         "deliveries.session=current", "deliveries.session=legacy", "deliveries.timeout=2.5",
         "deliveries.user_side.SELLER=Supply", "events.own_messages=false", "refusals.blocked.status=400",
      })
   end)

   it("change by a part of a row, the rest stays", function()
      local assumed = assumptions.with { refusals = { blocked = { status = 400 } }, deliveries = { user_side = {} } }
      assert.same({ status = 400, code = 9, message = "message delivery failed due to recipient's restriction" },
         assumed.refusals.blocked)
      assert.equal("SUPPLY", assumed.deliveries.user_side.SELLER)
      assert.equal(412, assumptions.refusals.blocked.status)
   end)

   it("say what a value must be", function()
      for line, problem in pairs {
         ["deliveries.session=old"] = 'deliveries.session: expected current or legacy, got "old"',
         ["bodies.empty_text=maybe"] = 'bodies.empty_text: expected refuse or accept, got "maybe"',
         ["legacy.refresh_token=ever"] = 'legacy.refresh_token: expected offline_access or always, got "ever"',
         ["legacy.old_bot_paths=gone"] = 'legacy.old_bot_paths: expected true or false, got "gone"',
         ["media.megabyte=1024"] = "media.megabyte: expected 1000000 or 1048576, got 1024",
         ["oauth.grace=soon"] = 'oauth.grace: expected a number of at least 0, got "soon"',
         ["events.repeats=1.5"] = "events.repeats: expected a whole number of at least 0, got 1.5",
         ["refusals.blocked.status=42"] = "refusals.blocked.status: expected a whole number from 200 to 599, got 42",
         ["legacy.own_messages=no"] = 'legacy.own_messages: expected true or false, got "no"',
         ["deliveries.return_url=there"] = 'deliveries.return_url: expected a URL, got "there"',
         ["deliveries.session"] = "expected name=value",
      } do
         assert.equal(line .. ": " .. problem, mistake(line))
      end
   end)

   it("have a list of values where a text is not free", function()
      local values = require "kenar.sandbox.judge.assumption_values"
      local names, defaults = assumptions.list()
      for _, name in ipairs(names) do
         local is_free = name:find "_url$" or name:find "^refusals%." or name:find "^oauth_refusals%."
         if type(defaults[name]) == "string" and not is_free then
            assert.truthy(values.choices(name), name)
            assert.is_nil(values.problem(name, defaults[name], defaults[name]))
         end
      end
   end)

   it("say what a misspelt name may have meant", function()
      for line, meant in pairs {
         ["deliveries.sesion=legacy"] = "deliveries.session", ["session=legacy"] = "deliveries.session",
         ["oauth.denail=bare"] = "oauth.denial", ["refusals.blocked.stauts=400"] = "refusals.blocked.status",
      } do
         local name = line:match "^[^=]+"
         assert.equal(("%s: unknown assumption %s; did you mean %s?"):format(line, name, meant), mistake(line))
      end
      assert.equal("weather=fine: unknown assumption weather", mistake "weather=fine")
   end)

   it("are checked the same where a spec changes them", function()
      assert.has_error(function() assumptions.with { deliveries = { session = "old" } } end,
         'deliveries.session: expected current or legacy, got "old"')
      assert.has_error(function() assumptions.with { deliveries = { sesion = "legacy" } } end,
         "unknown assumption deliveries.sesion; did you mean deliveries.session?")
      assert.has_error(function() assumptions.with { oauth = 7 } end, "oauth: expected a table, got number")
   end)

   it("are listed with their defaults, each of which is a line that is read", function()
      local names = assumptions.list()
      local lines = {}
      for line in assumption_line.all():gmatch "[^\n]+" do
         lines[#lines + 1] = (line:gsub("%s+%(or [^)]+%)$", ""))
      end
      assert.equal(#names, #lines)
      assert.same(assumptions.with {}, assumptions.with(assert(assumption_line.read(lines))))
      assert.truthy(assumption_line.all():find("\ndeliveries%.session=current +%(or legacy%)\n"))
      assert.truthy(assumption_line.all():find("\nevents%.own_messages=true +%(or false%)\n"))
   end)
end)
