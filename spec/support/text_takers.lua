--- The functions that take text from outside, one row each: `fn(text)` hands it on the way that a stranger's text goes.
--
-- Loaded anew by each caller, so that the modules are those of the moment.

return function()
   local edge = require "spec.support.edge"
   local json = require "kenar.json"
   local judged = require "spec.support.judged"
   local kenar = require "kenar"
   local repaired = require "kenar.base.utf8"

   local function nothing() end

   -- A bot with handlers of every kind that looks at text.
   local function listening_bot()
      local bot = kenar.bot {
         identification_key = "k", api_key = "key-1", app_slug = "app", oauth_secret = "s", dedup_ttl = false,
         public_url = "https://bot.example.ir", allow_addresses = { "192.0.2.1" }, trusted_proxies = { "192.0.2.0/24" },
      }
      bot:command("a", nothing)
      bot:command("b", nothing)
      for i = 1, 5 do
         bot:hears({ "phrase " .. i, "قیمت" .. i }, nothing)
      end
      bot:start("*", nothing)
      bot:on("*", nothing)
      bot:attach((edge.host { { status = 200, body = "{}" } }))
      return bot
   end

   local bot, divar = listening_bot(), judged.new()
   local sandbox = {
      judge = divar.judge, hear = nothing,
      watch = setmetatable({}, { __index = function() return nothing end }),
   }

   local function post(body, headers)
      headers = headers or {}
      headers.authorization = headers.authorization or "k"
      return bot:handle { method = "POST", path = "/kenar", headers = headers, body = body, remote_addr = "192.0.2.1" }
   end

   local function open(path, query, cookie)
      return bot:handle { method = "GET", path = "/kenar" .. path, query = query, headers = { cookie = cookie } }
   end

   local function control(method, path, query, body)
      return require("kenar.sandbox.server.control").answer(sandbox, {
         method = method, path = path, query = query, headers = {}, body = body,
      })
   end

   local function said(text)
      return post(assert(json.encode {
         type = "NEW_CHATBOT_MESSAGE",
         new_chatbot_message = {
            id = "m", conversation = { id = "c", type = "BOT" }, sender = { type = "HUMAN" }, type = "TEXT",
            text = repaired(text), sent_at = "2024",
         },
      }))
   end

   local function all_rows(iterator)
      local count = 0
      for _ in iterator do
         count = count + 1
      end
      return count
   end

   local STATE = ("a"):rep(43)
   local persian, numeral = kenar.persian, require "kenar.persian.numeral"
   local multipart = require "kenar.sandbox.judge.multipart_reader"
   local log = require("kenar.telemetry.log").new { secrets = { "secret" }, write = nothing }
   local json_log = require("kenar.telemetry.log").new { format = "json", write = nothing }
   local line = require "kenar.send.journal_file"
   local timestamp = require "kenar.base.timestamp"

   return {
      ["hearing: a message"] = said,
      ["hearing: a command"] = function(text) return said("/a x" .. text .. "b") end,
      ["hearing: /start"] = function(text) return said("/start A" .. text .. "b") end,
      ["webhook: a body"] = post,
      ["webhook: an unfinished message"] = function(text)
         return post('{"type":"NEW_MESSAGE","new_message":{"text":"' .. text)
      end,
      ["webhook: the key"] = function(text) return post("{}", { authorization = text }) end,
      ["webhook: Api-Version"] = function(text) return post("{}", { ["api-version"] = "x" .. text .. "y" }) end,
      ["access: X-Forwarded-For"] = function(text)
         return post("{}", { ["x-forwarded-for"] = "x" .. text .. "y" }), post("{}", { ["x-forwarded-for"] = text })
      end,
      ["event: a button's data"] = function(text)
         return post(assert(json.encode { touchpoint = "CHAT", extra_data = { kenar_action = repaired(text) } }))
      end,
      ["landing: the fallback's query"] = function(text) return open("/fallback", text) end,
      ["landing: a return's query"] = function(text) return open("/oauth/return", "state=" .. text) end,
      ["landing: a cookie"] = function(text)
         return open("/oauth/return", "state=" .. STATE, text), open("/oauth/start", "state=" .. STATE, "a=" .. text)
      end,
      ["query"] = require("kenar.base.url").decode_query,
      ["scopes"] = function(text) return kenar.scope.list(text), kenar.scope.parse(text) end,
      ["timestamp"] = function(text)
         return timestamp.microseconds(text), timestamp.http_date(text), timestamp.retry_after(text, 0),
            timestamp.microseconds("2024-01-01T00:00:00." .. text)
      end,
      ["persian.normalise"] = persian.normalise,
      ["persian.phone"] = persian.phone,
      ["persian.digits"] = function(text) return persian.digits(text), persian.digits_to_latin(text) end,
      ["persian.isolate"] = persian.isolate,
      ["persian.truncate"] = function(text) return persian.truncate("a" .. text .. "b", 40000) end,
      ["numbers"] = function(text)
         local number = numeral.to_number("1" .. text)
         return numeral.number(number or 1), numeral.to_number(text)
      end,
      ["templates: the source"] = function(text) return kenar.template { text = text } end,
      ["templates: a placeholder"] = function(text) return kenar.template { text = "{a|x" .. text .. "y}" } end,
      ["templates: values"] = function(text)
         return kenar.template { text = "{a} {a|truncate:20} {a|normalise}" }:render { a = text }
      end,
      ["rows: CSV"] = function(text) return all_rows(kenar.rows.csv { text = "a,b\n" .. text }) end,
      ["rows: the first line of CSV"] = function(text)
         return all_rows(kenar.rows.csv { text = "a" .. text .. "b" })
      end,
      ["rows: a quoted cell"] = function(text) return all_rows(kenar.rows.csv { text = 'a,b\n"' .. text .. '",x' }) end,
      ["rows: JSON lines"] = function(text) return all_rows(kenar.rows.jsonl { text = text }) end,
      ["lines"] = function(text)
         local source = require("kenar.base.lines").of(text, 1048576)
         return all_rows(function() return source:next() end)
      end,
      ["log"] = function(text)
         log:info("message", { text = "x" .. text .. "y" })
         json_log:info(text)
      end,
      ["journal lines"] = function(text)
         local written = line.escape(text)
         return line.unescape(written), line.parse("sent\t" .. text), line.format("failed", written, text)
      end,
      ["utf8_repair"] = repaired,
      ["json.decode"] = json.decode,
      ["sandbox: a form"] = require("kenar.sandbox.judge.form").read,
      ["sandbox: multipart"] = function(text)
         multipart.parts("multipart/form-data; boundary=x", "--x\r\n" .. text .. "\r\n\r\ny\r\n--x--")
         multipart.parts("multipart/form-data; boundary=x", '--x\r\nContent-Disposition: x' .. text
            .. "y\r\n\r\ny\r\n--x--")
         multipart.parts("multipart/form-data;" .. text, "")
         return multipart.parts("multipart/form-data; boundary=x", text)
      end,
      ["sandbox: the consent page"] = function(text)
         divar:call { "GET", "/oauth2/auth", query = text }
         divar:call { "GET", "/oauth2/auth", query = "client_id=my-app&response_type=code&state=" .. text
            .. "&scope=USER_ID&redirect_uri=https%3A%2F%2Fbot.example.ir%2Fkenar%2Foauth%2Freturn" }
         return divar:call { "POST", "/oauth2/auth", body = text }
      end,
      ["sandbox: tokens"] = function(text)
         return divar:call {
            "POST", "/oauth2/token", body = text, headers = { ["content-type"] = "application/x-www-form-urlencoded" },
         }
      end,
      ["sandbox: reading"] = function(text)
         return divar:call { "GET", "/v1/open-platform/users", headers = { authorization = "Bearer " .. text } },
            divar:call { "GET", "/v1/open-platform/chat/conversations/" .. text }
      end,
      ["sandbox: a message"] = function(text)
         return divar:call {
            "POST", "/v1/open-platform/chat/bot/conversations/c/messages", body = text,
         }
      end,
      ["sandbox: its own API"] = function(text)
         control("POST", "/sandbox/acts", nil, text)
         control("GET", "/sandbox/log", text)
         control("GET", "/sandbox/conversations", "id=" .. text)
         return control("GET", text)
      end,
      ["sandbox: the page's calls"] = function(text)
         return control("GET", "/sandbox/exchange", "number=" .. text),
            control("POST", "/sandbox/hearing", nil, '{"post_token":"' .. text)
      end,
      ["sandbox: who comes"] = function(text)
         return require("kenar.sandbox.server.visitors").check_host { host = text },
            require("kenar.sandbox.server.visitors").check_site { host = "h", origin = text }
      end,
      ["sandbox: the page's files"] = function(text)
         return require("kenar.sandbox.server.pages").answer("/sandbox/page/" .. text)
      end,
      ["sandbox: a fault in one line"] = function(text)
         return require("kenar.sandbox.faults.line").read("at=x" .. text .. "y")
      end,
      ["sandbox: a transcript"] = function(text)
         return require("kenar.sandbox.play.transcript").new(nothing):act("USER", text)
      end,
   }
end
