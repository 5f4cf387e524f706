local core = require "kenar.core"
local json = require "kenar.json"

local encode_message = core.message_encoder(json.conventions)

local function written(kind, message, options)
   local bytes, problem, path = encode_message(kind, message, options)
   if not bytes then
      error(path .. ": " .. problem, 2)
   end
   return assert(json.decode(bytes))
end

-- The rows of a bot's message with this grid, as Divar gets them.
local function rows_of(grid, options)
   return written("bot", { text = "x", buttons = grid }, options).buttons.rows
end

-- The one button of a bot's message, as Divar gets it.
local function button_of(button, options)
   return rows_of({ button }, options)[1].buttons[1]
end

local function link(caption)
   return { caption, direct_link = "https://example.com" }
end

local function wire_link(caption)
   return { caption = caption, action = { open_direct_link = "https://example.com" } }
end

describe("core.message_encoder: the message", function()
   it("writes the members in one order", function()
      assert.equal(
         '{"type":"TEXT","message":"سلام",'
            .. '"sender_buttons":{"rows":[{"buttons":['
            .. '{"action":{"open_direct_link":"u"},"icon":"ADD","caption":"a"}]}]},'
            .. '"receiver_buttons":{"rows":[{"buttons":['
            .. '{"action":{"open_post_page":{"post_token":"t"}},"caption":"b"}]}]}}',
         encode_message("conversation", {
            text = "سلام",
            sender_buttons = { { "a", direct_link = "u", icon = "ADD" } },
            receiver_buttons = { { "b", post_page = "t" } },
         }))
   end)

   it("calls the text of a post's chat message, and that of a bot's chat text_message", function()
      assert.equal('{"type":"TEXT","message":"x"}', encode_message("conversation", { text = "x" }))
      assert.equal('{"type":"TEXT","text_message":"x"}', encode_message("bot", { text = "x" }))
   end)

   it("escapes a text as JSON wants it and leaves the rest as it is", function()
      assert.equal([[{"type":"TEXT","text_message":"\"\\\n\u0001 سلام 👋"}]],
         encode_message("bot", { text = '"\\\n\1 سلام 👋' }))
   end)

   it("takes an empty text, for Divar documents no lower limit", function()
      assert.equal('{"type":"TEXT","text_message":""}', encode_message("bot", { text = "" }))
   end)

   it("takes a text of 1 MiB, for Divar documents no upper limit", function()
      local text = ("سلام، "):rep(math.ceil(2 ^ 20 / #"سلام، "))
      assert.equal(text, written("bot", { text = text }).text_message)
   end)

   it("leaves the type out on demand", function()
      assert.equal('{"text_message":"x"}', encode_message("bot", { text = "x" }, { send_type = false }))
   end)

   it("writes a medium without type and text", function()
      assert.equal('{"media_token":"m"}', encode_message("bot", { media_token = "m" }))
   end)

   it("writes an empty text beside a medium on demand", function()
      assert.equal('{"message":"","media_token":"m"}',
         encode_message("conversation", { media_token = "m" }, { text_with_media = "empty" }))
   end)

   it("repeats the ids in a bot's message on demand", function()
      assert.equal('{"type":"TEXT","text_message":"x","conversation_id":"c","user_id":"u="}',
         encode_message("bot", { text = "x" }, { conversation_id = "c", user_id = "u=" }))
   end)

   it("shows one grid to both sides of a post's chat", function()
      local message = written("conversation", { text = "x", buttons = { link "a" } })
      assert.same({ rows = { { buttons = { wire_link "a" } } } }, message.sender_buttons)
      assert.same(message.sender_buttons, message.receiver_buttons)
      assert.is_nil(message.buttons)
   end)

   it("leaves out an empty grid", function()
      assert.equal('{"type":"TEXT","message":"x"}',
         encode_message("conversation", { text = "x", sender_buttons = {}, receiver_buttons = { rows = {} } }))
      assert.equal('{"type":"TEXT","message":"x"}', encode_message("conversation", { text = "x", buttons = {} }))
      assert.equal('{"type":"TEXT","text_message":"x"}', encode_message("bot", { text = "x", buttons = {} }))
   end)

   it("leaves out a list that was decoded from an empty one", function()
      local message = json.decode '{"text":"x","buttons":[]}'
      assert.equal('{"type":"TEXT","text_message":"x"}', encode_message("bot", message))
   end)
end)

describe("core.message_encoder: the grid", function()
   local a, b, c, d = "a", "b", "c", "d"
   local two_rows = {
      { buttons = { wire_link(a), wire_link(b) } },
      { buttons = { wire_link(c) } },
   }

   it("is a list of rows", function()
      assert.same(two_rows, rows_of { { link(a), link(b) }, { link(c) } })
   end)

   it("is a list of Divar's rows", function()
      assert.same(two_rows, rows_of { { buttons = { link(a), link(b) } }, { link(c) } })
   end)

   it("is Divar's own form", function()
      assert.same(two_rows, rows_of { rows = { { buttons = { wire_link(a), link(b) } }, { link(c) } } })
   end)

   it("is a flat list, which wraps after three", function()
      assert.same({
         { buttons = { wire_link(a), wire_link(b), wire_link(c) } },
         { buttons = { wire_link(d) } },
      }, rows_of { link(a), link(b), wire_link(c), link(d) })
   end)

   it("is a flat list of nine at most", function()
      local flat = {}
      for i = 1, 9 do
         flat[i] = link(tostring(i))
      end
      local rows = rows_of(flat)
      assert.equal(3, #rows)
      assert.equal("9", rows[3].buttons[3].caption)
   end)

   it("is a flat list also when its first button has its caption by name", function()
      assert.same({ { buttons = { wire_link(a) } } }, rows_of { { caption = a, direct_link = "https://example.com" } })
   end)

   it("may hold one table several times", function()
      local again = link(a)
      local row = { again, again, again }
      assert.equal(3, #rows_of { row, row, row })
   end)

   it("does not matter in which order a list was filled", function()
      local row = {}
      for i = 3, 1, -1 do
         row[i] = link(tostring(i))
      end
      local buttons = rows_of({ row })[1].buttons
      assert.same({ wire_link "1", wire_link "2", wire_link "3" }, buttons)
   end)
end)

describe("core.message_encoder: the button", function()
   it("opens a link", function()
      assert.same({ open_direct_link = "u" }, button_of({ "a", direct_link = "u" }).action)
   end)

   it("opens the pages of a post", function()
      assert.same({ open_post_page = { post_token = "t" } }, button_of({ "a", post_page = "t" }).action)
      assert.same({ open_post_manage_page = { post_token = "t" } },
         button_of({ "a", post_manage_page = "t" }).action)
   end)

   it("names the handler of a server link in the data", function()
      assert.same({ open_server_link = { data = { kenar_action = "visit" } } },
         button_of({ "a", server_link = "visit" }).action)
   end)

   it("names the handler of a dynamic action beside the user's own data", function()
      assert.same({ get_dynamic_action = { data = { kenar_action = "vote", answer = "yes" } } },
         button_of({ "a", dynamic_action = "vote", data = { answer = "yes" } }).action)
   end)

   it("says in our data through what the message went", function()
      assert.same({ kenar_action = "vote", kenar_via = "bot", answer = "yes" },
         button_of({ "a", dynamic_action = "vote", data = { answer = "yes" } }, { via = "bot" })
            .action.get_dynamic_action.data)
   end)

   it("carries the answer to a dialogue, whatever plain type it has", function()
      for _, value in ipairs { "yes", 7, true, false } do
         assert.same({ kenar_action = "kenar_answer", kenar_value = value },
            button_of({ "a", answer = value }).action.get_dynamic_action.data)
      end
   end)

   it("carries the dialogue's state and grant with an answer", function()
      assert.same({ kenar_action = "kenar_answer", kenar_value = "yes", kenar_state = "size", kenar_via = "g1" },
         button_of({ "a", answer = "yes" }, { state = "size", via = "g1" }).action.get_dynamic_action.data)
   end)

   it("takes every kind of Divar's own actions", function()
      for _, action in ipairs {
         { open_direct_link = "u" },
         { open_server_link = { data = { a = "1" } } },
         { get_dynamic_action = { data = { a = "1" } } },
         { open_post_page = { post_token = "t" } },
         { open_post_manage_page = { post_token = "t" } },
      } do
         assert.same(action, button_of({ caption = "a", action = action }).action)
      end
   end)

   it("does not touch the data of Divar's own actions", function()
      local action = { open_server_link = { data = { kenar_action = "visit", kenar_via = "other" } } }
      assert.same(action, button_of({ "a", action = action }, { via = "bot" }).action)
   end)

   it("writes data that is absent or empty as an empty object", function()
      assert.same('{"type":"TEXT","text_message":"x","buttons":{"rows":[{"buttons":['
         .. '{"action":{"open_server_link":{"data":{}}},"caption":"a"},'
         .. '{"action":{"open_server_link":{"data":{}}},"caption":"b"}]}]}}',
         encode_message("bot", { text = "x", buttons = {
            { "a", action = { open_server_link = {} } },
            { "b", action = { open_server_link = { data = {} } } },
         } }))
   end)

   it("takes any data that JSON has", function()
      local data = json.decode '{"n":1729429926141234,"d":0.1,"b":false,"z":null,"list":[],"deep":{"a":[1,[2]]}}'
      local action = { open_server_link = { data = data } }
      assert.same(action, button_of({ "a", action = action }).action)
   end)

   it("keeps its caption as it is, also when it is empty", function()
      assert.equal("", button_of(link "").caption)
      assert.equal("➖", button_of(link "➖").caption)
   end)
end)

describe("core.message_encoder: the icon", function()
   local function icon_members(button, options)
      button[1], button.direct_link = "a", "u"
      local wire = button_of(button, options)
      return { icon = wire.icon, icon_name = wire.icon_name }
   end

   it("may be absent", function()
      assert.same({}, icon_members {})
   end)

   it("is passed on, known or not", function()
      assert.same({ icon = "ADD" }, icon_members { icon = "ADD" })
      assert.same({ icon = "REAL_STATE" }, icon_members { icon = "REAL_STATE" })
   end)

   it("may be given under its older name", function()
      assert.same({ icon = "ADD" }, icon_members { icon_name = "ADD" })
      assert.same({ icon = "ADD" }, icon_members { icon = "ADD", icon_name = "ADD" })
   end)

   it("is written under its older name, both or the given one on demand", function()
      assert.same({ icon_name = "ADD" }, icon_members({ icon = "ADD" }, { icon_key = "icon_name" }))
      assert.same({ icon = "ADD", icon_name = "ADD" }, icon_members({ icon = "ADD" }, { icon_key = "both" }))
      assert.same({ icon = "ADD" }, icon_members({ icon = "ADD" }, { icon_key = "as_given" }))
      assert.same({ icon_name = "ADD" }, icon_members({ icon_name = "ADD" }, { icon_key = "as_given" }))
   end)

   it("is taken by strict_icons when Divar's list has it", function()
      assert.same({ icon = "REAL_ESTATE" }, icon_members({ icon = "REAL_ESTATE" }, { strict_icons = true }))
   end)
end)

describe("core.message_encoder: the call", function()
   it("reads tables raw: no metamethod runs", function()
      local trap = setmetatable({ "a", direct_link = "u" }, {
         __index = function() error "__index" end,
         __pairs = function() error "__pairs" end,
         __len = function() error "__len" end,
      })
      assert.same({ caption = "a", action = { open_direct_link = "u" } }, button_of(trap))
   end)

   it("writes the right bytes after a message that was refused", function()
      local good = { text = "x", buttons = { link "a" } }
      local bytes = encode_message("bot", good)
      assert.is_nil((encode_message("bot", { text = ("y"):rep(5000), buttons = { link "a", { "b" } } })))
      assert.equal(bytes, encode_message("bot", good))
   end)

   it("writes the right bytes after a message that was very large", function()
      local bytes = encode_message("bot", { text = "x" })
      encode_message("bot", { text = ("y"):rep(2 ^ 20) })
      assert.equal(bytes, encode_message("bot", { text = "x" }))
   end)

   it("raises for an option that it does not know", function()
      local ok, problem = pcall(encode_message, "bot", { text = "x" }, { strict_icon = true })
      assert.is_false(ok)
      assert.matches("unknown option 'strict_icon'", problem, 1, true)
   end)

   it("raises for an option of the wrong type", function()
      for option, wrong in pairs {
         via = 1, state = true, strict_icons = "yes", send_type = 0, icon_key = "Icon",
         text_with_media = "", conversation_id = {}, user_id = 5,
      } do
         local ok, problem = pcall(encode_message, "bot", { text = "x" }, { [option] = wrong })
         assert.is_false(ok)
         assert.matches("option '" .. option .. "' must be ", problem, 1, true)
      end
   end)

   it("raises for an option that is not UTF-8", function()
      local ok, problem = pcall(encode_message, "bot", { text = "x" }, { via = "\255" })
      assert.is_false(ok)
      assert.matches("option 'via' must be valid UTF-8", problem, 1, true)
   end)

   it("raises for ids in the body of a message to a post's chat", function()
      local ok, problem = pcall(encode_message, "conversation", { text = "x" }, { conversation_id = "c" })
      assert.is_false(ok)
      assert.matches('option \'conversation_id\' is for kind "bot" only', problem, 1, true)
   end)
end)
