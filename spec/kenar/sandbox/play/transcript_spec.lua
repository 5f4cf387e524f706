local transcripts = require "kenar.sandbox.play.transcript"

describe("the sandbox's transcript", function()
   local written, transcript
   local chat = { type = "BOT" }
   local conversation = { type = "POST" }

   before_each(function()
      written = {}
      transcript = transcripts.new(function(text)
         written[#written + 1] = text
      end)
   end)

   local function button(caption)
      return { caption = caption }
   end

   it("says who said what", function()
      transcript:message(chat, { type = "TEXT", text = "سلام", sender = { type = "HUMAN" } })
      transcript:message(conversation, { type = "TEXT", text = "بله", sender = { type = "HUMAN", side = "SELLER" } })
      assert.same({ "customer        سلام\n", "seller          بله\n" }, written)
   end)

   it("shows each exchange on one line", function()
      transcript:exchange {
         direction = "to_bot", method = "POST", path = "/kenar/events", response = { status = 200 }, seconds = 0.00182,
      }
      assert.same({ "Divar -> bot    POST /kenar/events  200  1.8 ms\n" }, written)
   end)

   it("says so when there was no answer, and what was wrong", function()
      transcript:exchange {
         direction = "to_bot", method = "POST", path = "/kenar/events", problem = "the bot did not answer: refused",
      }
      assert.same({
         "Divar -> bot    POST /kenar/events  no answer  0.0 ms\n",
         "                error: the bot did not answer: refused\n",
      }, written)
   end)

   it("shows which fault struck", function()
      transcript:exchange {
         direction = "to_divar", method = "POST", path = "/v1", response = { status = 429 }, seconds = 0.001,
         fault = { name = "429", retry_after = 2, headers = { ["retry-after"] = "2" } },
      }
      assert.equal("                fault: 429, Retry-After 2\n", written[2])
   end)

   it("shows findings under the request they concern", function()
      transcript:exchange {
         direction = "to_divar", method = "POST", path = "/v1", response = { status = 400 }, seconds = 0.001,
         findings = { { path = "buttons.rows[4]", message = "at most 3 rows", severity = "error" } },
      }
      assert.equal("                error: buttons.rows[4]: at most 3 rows\n", written[2])
   end)

   it("shows the bot's message behind the request that brought it, its buttons as numbered rows", function()
      transcript:message(chat, {
         type = "TEXT", text = "؟", sender = { type = "BOT" },
         buttons = { USER = { { button "بله", button "خیر" }, { button "شاید" } } },
      })
      assert.same({}, written)
      transcript:exchange {
         direction = "to_divar", method = "POST", path = "/v1", response = { status = 200 }, seconds = 0.001,
      }
      assert.same({
         "bot -> Divar    POST /v1  200  1.0 ms\n",
         "bot             ؟\n",
         "                [1 بله] [2 خیر]\n",
         "                [3 شاید]\n",
      }, written)
   end)

   it("shows each side's buttons of a post's chat", function()
      transcript:message(conversation, {
         type = "TEXT", text = "؟", sender = { type = "BOT", side = "SELLER" },
         buttons = { SELLER = { { button "قبول" } }, BUYER = { { button "پیشنهاد" } } },
      })
      transcript:exchange { direction = "to_divar", method = "POST", path = "/v2", response = { status = 200 } }
      assert.same({
         "                seller sees:\n", "                [1 قبول]\n",
         "                buyer sees:\n", "                [1 پیشنهاد]\n",
      }, { written[3], written[4], written[5], written[6] })
   end)

   it("shows what is no text in a few words", function()
      transcript:message(chat, { type = "IMAGE", content = { link = "https://example.com/a.jpg" },
         sender = { type = "HUMAN" } })
      transcript:message(chat, { type = "LOCATION", content = { latitude = 29.5, longitude = 52.5 },
         sender = { type = "HUMAN" } })
      assert.same({
         "customer        <image https://example.com/a.jpg>\n", "customer        <location 29.5, 52.5>\n",
      }, written)
   end)

   it("shows what a person sees after a press", function()
      transcript:seen { what = "press", seen = { text = "ثبت شد", url = "https://example.com" } }
      transcript:seen { what = "press", seen = { page = "post_manage", post_token = "gZd7omnS" } }
      transcript:seen { what = "press", seen = {} }
      transcript:seen { what = "message", seen = {} }
      assert.same({
         "                sees: ثبت شد\n", "                opens: https://example.com\n",
         "                opens: the owner's page of gZd7omnS\n", "                sees nothing\n",
      }, written)
   end)

   it("lets no control character reach the terminal", function()
      transcript:message(chat, { type = "TEXT", text = "a\27[2Jb\nc\rd\194\155", sender = { type = "HUMAN" } })
      assert.same({ "customer        a?[2Jb\n                c?d?\n" }, written)
   end)
end)
