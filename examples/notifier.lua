--- Notices to the owners of ads, from a CSV file with the columns key, bot_conversation_id, name, ad, price and note.
---
---    KENAR_API_KEY=... lua5.4 examples/notifier.lua ads.csv
---
--- Interrupted at any moment, the same command goes on where it ended, and nobody gets a notice twice:
--- `ads.csv.journal` has what was sent, by each row's key.

local kenar = require "kenar"

local bot = kenar.bot {
   name = "notifier",
   -- The numbers of the app's page in Divar's panel. Customers who wait for an answer go first.
   quota = { minute = 60, day = 5000 },
}

local notice = kenar.template {
   text = "سلام {name|truncate:30}\nبرای آگهی شما قیمت {price|toman} پیشنهاد شده است.\nیادداشت: {note?}",
   buttons = {
      { "دیدن آگهی", post_page = "{ad}", icon = "ADVERT" },
      { "پیشنهادها", direct_link = "https://notify.example.ir/ads/{ad}", icon = "TOMAN_SIGN" },
   },
}

--- Send the notices of a file.
---@param path string
---@param options? kenar.SendManyOptions
---@return kenar.SendManyReport? report, kenar.Error? err
function bot.notify(path, options)
   local settings = { journal = path .. ".journal", template = notice }
   for name, value in pairs(options or {}) do
      settings[name] = value
   end
   return bot:send_many(kenar.rows.csv(path), settings)
end

-- Run by itself, and not required by another file: then the arguments are its own.
if arg and (arg[0] or ""):find "notifier%.lua$" then
   if not arg[1] then
      io.stderr:write("which rows? lua5.4 examples/notifier.lua ads.csv\n")
      os.exit(64, true)
   end
   local report = assert(bot.notify(arg[1], {
      progress = true,
      on_result = function(row, _, err)
         if err then
            print(("%s: %s"):format(row.key, err))
         end
      end,
   }))
   print(("%d sent, %d failed, %d in doubt"):format(report.sent, report.failed, report.in_doubt_count))
   for _, key in ipairs(report.in_doubt) do
      print("in doubt: " .. key)
   end
   if report.stopped then
      print("stopped: " .. tostring(report.err or report.stopped))
   end
   os.exit(not report.stopped and report.failed + report.in_doubt_count == 0, true)
end

return bot
