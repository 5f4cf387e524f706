--- What breaks a rule: for each the path, in the caller's terms, and the wording.

local core = require "kenar.core"
local json = require "kenar.json"

local encode_message = core.message_encoder(json.conventions)

local function link(caption)
   return { caption or "a", direct_link = "u" }
end

local function named(data)
   return { "a", server_link = "visit", data = data }
end

local function wire(action)
   return { caption = "a", action = action }
end

local function refused(kind, message, options)
   local bytes, problem, path = encode_message(kind, message, options)
   assert.is_nil(bytes)
   return path, problem
end

-- Rows: what it is, then the arguments' differing part, the path and the problem.
local function refuses(cases, call)
   for _, case in ipairs(cases) do
      local what, given, path, problem, options = case[1], case[2], case[3], case[4], case[5]
      it("refuses " .. what, function()
         local seen_path, seen_problem = call(given, options)
         assert.equal(path, seen_path)
         assert.equal(problem, seen_problem)
      end)
   end
end

describe("core.message_encoder: the call", function()
   refuses({
      { "an unknown kind", "letter", "", 'unknown kind of message letter: it is "conversation" or "bot"' },
      { "a kind that is no string", 5, "", 'unknown kind of message number: it is "conversation" or "bot"' },
   }, function(kind)
      return refused(kind, { text = "x" })
   end)

   refuses({
      { "a message that is a string", "x", "", "a message must be a table, got string" },
      { "a message that is JSON's null", json.null, "", "a message must be a table, got null" },
      { "no message", nil, "", "a message must be a table, got nil" },
   }, function(message)
      return refused("bot", message)
   end)
end)

describe("core.message_encoder: the message", function()
   refuses({
      { "an empty message", {}, "", "a message needs a text or a media_token" },
      { "text and media together", { text = "x", media_token = "m" }, "", "text or media_token, not both" },
      { "a text that is a number", { text = 5 }, "text", "text must be a string, got number" },
      { "a text that is JSON's null", { text = json.null }, "text", "text must be a string, got null" },
      { "a media_token that is a table", { media_token = {} }, "media_token",
         "media_token must be a string, got table" },
      { "a text that is not UTF-8", { text = "سلام\255" }, "text", "not valid UTF-8 at byte 9" },
      { "a text that is cut in a letter", { text = ("سلام"):sub(1, 7) }, "text", "not valid UTF-8 at byte 7" },
      { "a text with a surrogate", { text = "x\237\160\128" }, "text", "not valid UTF-8 at byte 2" },
      { "a media_token that is not UTF-8", { media_token = "\128" }, "media_token", "not valid UTF-8 at byte 1" },
      { "a misspelt key, naming the right one", { txt = "x" }, "txt",
         "unknown key in a message: did you mean text?" },
      { "a key in the wrong case", { Text = "x" }, "Text", "unknown key in a message: did you mean text?" },
      { "an unknown key like no other", { text = "x", colour = "red" }, "colour", "unknown key in a message" },
      { "a positional value", { "x" }, "[1]", "unexpected item in a message" },
      { "a key that is no name", { text = "x", [true] = 1 }, "", "a boolean as a key in a message" },
      { "Divar's name for the text", { message = "x" }, "message", "the text goes in `text`" },
      { "Divar's name for a bot's text", { text_message = "x" }, "text_message", "the text goes in `text`" },
      { "Divar's type", { text = "x", type = "TEXT" }, "type", "the SDK writes the type: leave it out" },
      { "the receiver", { text = "x", conversation_id = "c" }, "conversation_id",
         "the recipient is not part of the message: leave it out" },
      { "an image", { image = { path = "a.png" } }, "image",
         "upload the image first and give its media_token, or reply through a bot, which uploads it" },
      { "the seller's buttons", { text = "x", seller_buttons = {} }, "seller_buttons",
         "only a bot knows which side is the seller: reply through it, or give sender_buttons or receiver_buttons" },
      { "the buyer's buttons", { text = "x", buyer_buttons = {} }, "buyer_buttons",
         "only a bot knows which side is the buyer: reply through it, or give sender_buttons or receiver_buttons" },
      { "buttons for both sides beside those for one", { text = "x", buttons = {}, receiver_buttons = {} },
         "receiver_buttons", "buttons is for both sides: give buttons or this grid, not both" },
   }, function(message)
      return refused("conversation", message)
   end)

   refuses({
      { "a side's buttons in a bot's chat", { text = "x", sender_buttons = {} }, "sender_buttons",
         "a bot chat has one reader and one grid: give buttons" },
   }, function(message)
      return refused("bot", message)
   end)
end)

describe("core.message_encoder: the grid", function()
   local a = link()
   local cyclic = {}
   cyclic[1] = cyclic
   local nine_and_one = {}
   for i = 1, 10 do
      nine_and_one[i] = a
   end

   refuses({
      { "a string", "x", "buttons", "a grid must be a table, got string" },
      { "JSON's null", json.null, "buttons", "a grid must be a table, got null" },
      { "4 rows", { { a }, { a }, { a }, { a } }, "buttons[4]", "at most 3 rows" },
      { "4 of Divar's rows", { rows = { { a }, { a }, { a }, { a } } }, "buttons.rows[4]", "at most 3 rows" },
      { "a row of 4", { { a }, { a, a, a, a } }, "buttons[2][4]", "at most 3 buttons" },
      { "one of Divar's rows of 4", { rows = { { buttons = { a, a, a, a } } } }, "buttons.rows[1].buttons[4]",
         "at most 3 buttons" },
      { "a flat list of 10", nine_and_one, "buttons[10]", "at most 9 buttons" },
      { "an empty row", { { a }, {} }, "buttons[2]", "an empty row: leave it out" },
      { "an empty row alone", { {} }, "buttons[1]", "an empty row: leave it out" },
      { "one of Divar's rows, empty", { rows = { { buttons = {} } } }, "buttons.rows[1]",
         "an empty row: leave it out" },
      { "a gap between buttons", { { a, nil, a } }, "buttons[1][2]", "a gap: nothing here, but items after it" },
      { "a gap before the first button", { { nil, a } }, "buttons[1][1]",
         "a gap: nothing here, but items after it" },
      { "a gap between rows", { { a }, nil, { a } }, "buttons[2]", "a gap: nothing here, but items after it" },
      { "a gap in a flat list", { a, nil, a }, "buttons[2]", "a gap: nothing here, but items after it" },
      { "a place far away", { [1] = { a }, [2 ^ 40] = { a } }, "buttons[2]",
         "a gap: nothing here, but items after it" },
      { "a place that is no whole number", { { a, [1.5] = a } }, "buttons[1]", "a number as a key in a row" },
      { "a misspelt row", { { a }, { button = { a } } }, "buttons[2].button",
         "unknown key in a row: did you mean buttons?" },
      { "misspelt rows", { row = { { a } } }, "buttons.row", "unknown key in a grid: did you mean rows?" },
      { "rows beside a list", { { a }, rows = { { a } } }, "buttons",
         "a grid is a list or { rows = ... }, not both" },
      { "anything else beside rows", { rows = { { a } }, title = "x" }, "buttons.title",
         "unknown key in a grid" },
      { "anything else beside a row's buttons", { { buttons = { a }, title = "x" } }, "buttons[1].title",
         "unknown key in a row" },
      { "rows that are no table", { rows = 5 }, "buttons.rows", "rows must be a table, got number" },
      { "a button instead of a grid", a, "buttons", "a button where a grid should be: put it in a list" },
      { "a button among rows", { { a }, a }, "buttons[2]", "a button where a row should be: put it in a list" },
      { "a button among Divar's rows", { rows = { a } }, "buttons.rows[1]",
         "a button where a row should be: put it in a list" },
      { "a row among buttons", { a, { a } }, "buttons[2]", "a row among buttons: give rows only, or buttons only" },
      { "a string among rows", { { a }, "x" }, "buttons[2]", "a row must be a table, got string" },
      { "a string among buttons", { { a, "x" } }, "buttons[1][2]", "a button must be a table, got string" },
      { "a table that holds itself", cyclic, "buttons[1][1][1]", "caption must be a string, got table" },
   }, function(grid)
      return refused("bot", { text = "x", buttons = grid })
   end)

   it("names the side whose grid it is", function()
      local path = refused("conversation", { text = "x", sender_buttons = { rows = { { a }, { a }, { a }, { a } } } })
      assert.equal("sender_buttons.rows[4]", path)
      path = refused("conversation", { text = "x", receiver_buttons = { { a, a, a, a } } })
      assert.equal("receiver_buttons[1][4]", path)
   end)
end)

describe("core.message_encoder: the button", function()
   local kinds = "direct_link, server_link, dynamic_action, post_page, post_manage_page, answer or action"

   refuses({
      { "a caption that is a number", { 5, direct_link = "u" }, "[1]", "caption must be a string, got number" },
      { "a caption by name that is a boolean", { caption = true, direct_link = "u" }, ".caption",
         "caption must be a string, got boolean" },
      { "two captions", { "a", caption = "a", direct_link = "u" }, "", "the caption is given twice" },
      { "a caption that is not UTF-8", { "a\255", direct_link = "u" }, "[1]", "not valid UTF-8 at byte 2" },
      { "a caption by name that is not UTF-8", { caption = "\255", direct_link = "u" }, ".caption",
         "not valid UTF-8 at byte 1" },
      { "a second positional value", { "a", "b", direct_link = "u" }, "[2]", "unexpected item in a button" },
      { "a misspelt key", { "a", direct_lnk = "u" }, ".direct_lnk",
         "unknown key in a button: did you mean direct_link?" },
      { "an unknown key", { "a", direct_link = "u", colour = "red" }, ".colour", "unknown key in a button" },
      { "a key with spaces", { "a", direct_link = "u", ["my colour"] = "red" }, '["my colour"]',
         "unknown key in a button" },
      { "no action", { "a" }, "", "exactly one action: give " .. kinds },
      { "two actions", { "a", direct_link = "u", server_link = "visit" }, "",
         "exactly one action, got direct_link and server_link" },
      { "three actions", { "a", post_page = "t", answer = 1, action = { open_direct_link = "u" } }, "",
         "exactly one action, got post_page, answer and action" },
      { "a link that is no string", { "a", direct_link = {} }, ".direct_link",
         "direct_link must be a string, got table" },
      { "a link that is not UTF-8", { "a", direct_link = "\255" }, ".direct_link", "not valid UTF-8 at byte 1" },
      { "a post token that is a number", { "a", post_page = 7 }, ".post_page",
         "post_page must be a string, got number" },
      { "a handler without a name", { "a", server_link = "" }, ".server_link",
         'give the name of the bot\'s handler, not ""' },
      { "a handler's name that is not UTF-8", { "a", dynamic_action = "\255" }, ".dynamic_action",
         "not valid UTF-8 at byte 1" },
      { "an answer that is a table", { "a", answer = {} }, ".answer",
         "answer must be a string, number or boolean, got table" },
      { "data beside a link", { "a", direct_link = "u", data = {} }, ".data",
         "data goes with server_link or dynamic_action, not with direct_link" },
      { "data beside an answer", { "a", answer = 1, data = {} }, ".data",
         "data goes with server_link or dynamic_action, not with answer" },
      { "an icon that is no string", { "a", direct_link = "u", icon = 1 }, ".icon",
         "icon must be a string, got number" },
      { "an icon that is not UTF-8", { "a", direct_link = "u", icon = "\255" }, ".icon", "not valid UTF-8 at byte 1" },
      { "two icons", { "a", direct_link = "u", icon = "ADD", icon_name = "SEND" }, "",
         "icon and icon_name differ: give one of them" },
   }, function(button)
      local path, problem = refused("bot", { text = "x", buttons = { { link(), button } } })
      assert.equal("buttons[1][2]", path:sub(1, 13))
      return path:sub(14), problem
   end)

   refuses({
      { "a misspelt icon, naming the right one", { icon = "REAL_STATE" }, "buttons[1].icon",
         "unknown icon: did you mean REAL_ESTATE?" },
      { "a misspelt icon under its older name", { icon_name = "real-estate" }, "buttons[1].icon_name",
         "unknown icon: did you mean REAL_ESTATE?" },
      { "an icon like no other", { icon = "INTERGALACTIC_ROCKET" }, "buttons[1].icon", "unknown icon" },
   }, function(button)
      button[1], button.direct_link = "a", "u"
      return refused("bot", { text = "x", buttons = { button } }, { strict_icons = true })
   end)
end)

describe("core.message_encoder: Divar's own action", function()
   refuses({
      { "what is no table", "u", "", "action must be a table, got string" },
      { "an empty action", {}, "", "exactly one action: give open_direct_link, open_server_link, get_dynamic_action, "
         .. "open_post_page or open_post_manage_page" },
      { "two actions", { open_direct_link = "u", open_server_link = { data = {} } }, "",
         "exactly one action, got open_direct_link and open_server_link" },
      { "an unknown action", { open_link = "u" }, ".open_link", "unknown key in an action" },
      { "a misspelt action", { open_sever_link = {} }, ".open_sever_link",
         "unknown key in an action: did you mean open_server_link?" },
      { "a link that is no string", { open_direct_link = 5 }, ".open_direct_link",
         "open_direct_link must be a string, got number" },
      { "a post page without a table", { open_post_page = "t" }, ".open_post_page",
         "open_post_page must be a table { post_token = ... }, got string" },
      { "a post page without a token", { open_post_page = {} }, ".open_post_page.post_token",
         "post_token must be a string, got nil" },
      { "a misspelt token", { open_post_page = { token = "t" } }, ".open_post_page.token",
         "unknown key in open_post_page" },
      { "a server link without a table", { open_server_link = "visit" }, ".open_server_link",
         "open_server_link must be a table { data = ... }, got string" },
      { "anything beside data", { open_server_link = { data = {}, url = "u" } }, ".open_server_link.url",
         "unknown key in open_server_link" },
      { "data that is a string", { get_dynamic_action = { data = "x" } }, ".get_dynamic_action.data",
         "data must be an object (a table with names as keys), got string" },
      { "data that is an empty list", { get_dynamic_action = { data = json.decode "[]" } }, ".get_dynamic_action.data",
         "data must be an object (a table with names as keys), got a list" },
   }, function(action)
      local path, problem = refused("bot", { text = "x", buttons = { rows = { { buttons = { wire(action) } } } } })
      local before = "buttons.rows[1].buttons[1].action"
      assert.equal(before, path:sub(1, #before))
      return path:sub(#before + 1), problem
   end)

   it("refuses it where Divar's documents would have it", function()
      local row = { buttons = { wire { open_direct_link = "u", open_server_link = { data = {} } } } }
      assert.equal("receiver_buttons.rows[2].buttons[1].action",
         (refused("conversation", { text = "x", receiver_buttons = { rows = { { link() }, row } } })))
   end)
end)

describe("core.message_encoder: data", function()
   local cyclic = { a = {} }
   cyclic.a.again = cyclic

   refuses({
      { "a list", { "x" }, "", "data must be an object (a table with names as keys), got a list" },
      { "an empty list", json.decode "[]", "", "data must be an object (a table with names as keys), got a list" },
      { "a key that is no name", { [true] = "x" }, "",
         "data must be an object (a table with names as keys), got other keys" },
      { "JSON's null", json.null, "", "data must be an object (a table with names as keys), got null" },
      { "a name that the SDK reserves", { kenar_action = "x" }, ".kenar_action",
         "keys that begin with kenar_ are the SDK's own: rename the key" },
      { "a value that is not UTF-8", { a = "\255" }, ".a", "not valid UTF-8 at byte 1" },
   }, function(data)
      local path, problem = refused("bot", { text = "x", buttons = { named(data) } })
      assert.equal("buttons[1].data", path:sub(1, 15))
      return path:sub(16), problem
   end)

   -- What the JSON codec says of a value is its own.
   for what, case in pairs {
      ["not a number"] = { { a = 0 / 0 }, ".a" },
      ["infinity"] = { { a = { b = math.huge } }, ".a.b" },
      ["a function"] = { { a = { 1, 2, print } }, ".a[3]" },
      ["userdata"] = { { a = io.stdout }, ".a" },
      ["a coroutine"] = { { a = coroutine.create(print) }, ".a" },
      ["a list with a gap"] = { { a = { 1, nil, 3 } }, ".a" },
      ["a list with a name"] = { { a = { 1, b = 2 } }, ".a" },
   } do
      it("refuses " .. what, function()
         local path = refused("bot", { text = "x", buttons = { named(case[1]) } })
         assert.equal("buttons[1].data" .. case[2], path)
      end)
   end

   it("refuses a table that holds itself", function()
      local path, problem = refused("bot", { text = "x", buttons = { named(cyclic) } })
      assert.equal("buttons[1].data.a.again", path:sub(1, 23))
      assert.is_string(problem)
   end)

   it("refuses a key that is not UTF-8, shown as far as it can be", function()
      local path, problem = refused("bot", { text = "x", buttons = { named { ["\255"] = "x" } } })
      assert.equal("buttons[1].data", path:sub(1, 15))
      assert.equal("not valid UTF-8 at byte 1", problem)
      assert.is_true((core.utf8_valid(path)))
   end)

   it("refuses an answer that is no JSON number", function()
      assert.equal("buttons[1].answer", (refused("bot", { text = "x", buttons = { { "a", answer = 1 / 0 } } })))
   end)
end)
