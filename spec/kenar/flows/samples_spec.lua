-- Every sample of Divar's traffic, old and new: what comes in is read, what goes out is produced by a public call, what
-- a handler returns is answered, what Divar answers becomes a result or an error.
local edge = require "spec.support.edge"
local event = require "kenar.event"
local fixture = require "spec.support.fixture"
local json = require "kenar.json"
local kenar = require "kenar"
local urls = require "kenar.base.url"

local rows = {
   out = require "spec.support.samples.calls",
   reply = require "spec.support.samples.replies",
   resp = require "spec.support.samples.answers",
}

local index = fixture.value "INDEX"

local function name_of(entry)
   return (entry.file:gsub("%.json$", ""))
end

local function exists(path)
   local file = io.open(path)
   return file ~= nil and file:close()
end

local function lower_headers(entry)
   local headers = {}
   for name, value in pairs(entry.headers or {}) do
      headers[name:lower()] = value
   end
   return headers
end

-- A bot that hears everything, and what it heard.
local function listening_bot(options)
   options = options or {}
   options.identification_key, options.api_key = "<identification_key>", "<api key>"
   options.app_slug, options.oauth_secret = "my-app-slug", "<client secret>"
   options.public_url = "https://bot.example.ir"
   local bot, heard = kenar.bot(options), {}
   local host, requests = edge.host { { status = 200, body = fixture.bytes "resp.oauth_token.no_refresh" } }
   bot:attach(host)
   local function hear()
      bot:on("*", { from = "any" }, function(ctx) heard[#heard + 1] = ctx.event end)
   end
   return bot, heard, hear, requests
end

local function post(bot, name, headers)
   headers = headers or { authorization = "<identification_key>" }
   return bot:handle { method = "POST", path = "/kenar", headers = headers, body = fixture.bytes(name) }
end

-- The golden event has all but the bytes.
local function assert_event(name, got, bytes)
   assert.equal(bytes, got.raw)
   local rest = {}
   for key, value in pairs(got) do
      rest[key] = value
   end
   rest.raw = nil
   assert.same(fixture.value("golden/" .. name), rest)
end

-- An order in which the fields could come in a query.
local function query_of(values)
   local fields = {}
   for name, value in pairs(values) do
      fields[#fields + 1] = { name, value }
   end
   return urls.encode_query(fields)
end

local function get(bot, path, text, cookie)
   return bot:handle { method = "GET", path = path, query = text, headers = { cookie = cookie } }
end

-- A consent that began in the bot's chat comes back with the sample's fields and the state that was issued for it.
local function check_oauth_return(name)
   local bot, heard, hear = listening_bot()
   local url
   bot:start("*", function(ctx) url = ctx:authorize "USER_PHONE" end)
   hear()
   post(bot, "in.new_chatbot_message.start_my_divar")
   local path, text, state = url:match "^https://bot%.example%.ir([^?]*)%?(state=(.*))$"
   local started = get(bot, path, text)
   assert.equal(303, started.status)
   local cookie = started.headers["set-cookie"]:match "^[^;]*"

   local values = fixture.value(name)
   local printed = values.state
   assert.equal(400, get(bot, "/kenar/oauth/return", query_of(values), cookie).status)
   values.state = state
   text = query_of(values)
   assert.equal(303, get(bot, "/kenar/oauth/return", text, cookie).status)
   assert.equal(1, #heard)
   local got = heard[1]
   assert.equal(state, got.payload.state)
   got.payload.state = printed
   assert_event(name, got, text)
end

local function check_direct_link(name)
   local bot, heard, hear = listening_bot()
   hear()
   local text = query_of(fixture.value(name))
   assert.equal(303, get(bot, "/kenar/fallback", text).status)
   assert_event(name, heard[1], text)
end

-- Some fields of a table, for a comparison that shows what differs.
local function part_of(whole, wanted)
   local part = {}
   for key in pairs(wanted) do
      part[key] = whole[key]
   end
   return part
end

local function oauth_with(host, options)
   local values = { client_id = "my-app-slug", client_secret = "<client secret>", api_key = "<api key>", host = host }
   for key, value in pairs(type(options) == "table" and options or {}) do
      values[key] = value
   end
   return kenar.oauth(values)
end

local function client_with(host, options)
   local values = { api_key = "<api key>", access_token = "<access token>", host = host }
   for key, value in pairs(options or {}) do
      values[key] = value
   end
   values.access_token = values.access_token or nil
   return kenar.client(values)
end

local secret_headers = { "x-api-key", "x-access-token", "authorization" }

local check = {}

check["in"] = function(name, entry)
   if name:find "^in%.oauth_redirect" then
      return check_oauth_return(name)
   elseif entry.method == "GET" then
      return check_direct_link(name)
   end
   local bytes, headers = fixture.bytes(name), lower_headers(entry)
   assert_event(name, assert(event.parse(bytes, headers)), bytes)
   local bot, heard, hear = listening_bot()
   hear()
   assert.equal(200, post(bot, name, headers).status)
   assert_event(name, heard[1], bytes)
end

check["out"] = function(name, entry, row)
   local host, requests = edge.host { { status = 200, body = '{"access_token":"a","token":"t"}' } }
   local subject = row.oauth and oauth_with(host, row.oauth) or client_with(host, row.client)
   assert(row.call(subject))
   assert.equal(1, #requests)
   local request, headers = requests[1], lower_headers(entry)
   assert.equal(entry.method, request.method)
   assert.equal(entry.url, request.url)
   assert.same(headers, part_of(request.headers, headers))
   -- No credential goes where it is not asked for.
   for _, header in ipairs(secret_headers) do
      assert.equal(headers[header], request.headers[header])
   end
   local is_form = headers["content-type"] == "application/x-www-form-urlencoded"
   local body = assert((is_form and urls.decode_query or json.decode)(request.body))
   assert.same(fixture.value(name), body)
end

check["reply"] = function(name, _, row)
   local bot = listening_bot()
   bot:on(row.kind, row.handler)
   local response = post(bot, row.posted)
   assert.equal(200, response.status)
   assert.equal("application/json", response.headers["content-type"])
   assert.same(fixture.value(name), assert(json.decode(response.body)))
end

check["resp"] = function(name, _, row)
   local answers = {}
   for _, before in ipairs(row.before or {}) do
      answers[#answers + 1] = { status = 200, body = fixture.bytes(before) }
   end
   answers[#answers + 1] = { status = row.status or 200, body = fixture.bytes(name) }
   local host, requests = edge.host(answers)
   local subject = row.oauth and oauth_with(host, row.oauth) or client_with(host)
   local result, err = row.call(subject)
   -- The last answer is given again to a call that is repeated.
   assert.equal(#answers - 1 + (err and err.attempts or 1), #requests)
   if row.error then
      assert.is_nil(result)
      assert.is_true(kenar.error.is(err))
      assert.same(row.error, part_of(err, row.error))
   else
      assert.is_nil(err)
      assert.same(row.result, result)
   end
end

describe("the sample", function()
   for _, entry in ipairs(index) do
      local name = name_of(entry)
      local family = name:match "^%a+"
      it(name, function()
         local row
         if family == "in" then
            assert(exists("spec/fixtures/golden/" .. name .. ".json"), "no golden event")
         else
            row = assert(rows[family][name], "no row for this sample")
         end
         check[family](name, entry, row)
      end)
   end
end)

describe("the index of the samples", function()
   local known = {}
   for _, entry in ipairs(index) do
      known[name_of(entry)] = true
   end

   it("names 109 samples, each of which is there", function()
      assert.equal(109, #index)
      for _, entry in ipairs(index) do
         assert.is_true(exists("spec/fixtures/" .. entry.file), entry.file)
      end
   end)

   it("names every file of the folder, and every row", function()
      local listing = assert(io.popen "ls spec/fixtures spec/fixtures/golden")
      for line in listing:lines() do
         local name = line:match "^(.*)%.json$"
         assert.is_true(not name or name == "INDEX" or known[name] == true, line)
      end
      listing:close()
      for _, family in pairs(rows) do
         for name in pairs(family) do
            assert.is_true(known[name], name)
         end
      end
   end)
end)
