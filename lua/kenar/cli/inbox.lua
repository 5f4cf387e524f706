--- `kenar inbox`: counts an inbox's waiting events and lists its dead letters.

local inbox_url = require "kenar.cli.inbox_url"
local printable = require "kenar.base.printable"

local PAGE = 100

local function span(seconds)
   for _, row in ipairs { { 86400, "d" }, { 3600, "h" }, { 60, "min" } } do
      if seconds >= row[1] then
         return ("%d %s"):format(math.floor(seconds / row[1]), row[2])
      end
   end
   return ("%d s"):format(math.floor(seconds))
end

local function print_counts(counts)
   local oldest = counts.oldest and (", the oldest for " .. span(counts.oldest)) or ""
   print(("%d waiting%s; %d to be tried again later; %d dead"):format(counts.pending, oldest, counts.delayed,
      counts.dead))
end

local function print_letter(letter, with_body)
   local facts = {}
   for _, name in ipairs { "kind", "id", "order_key" } do
      if letter[name] then
         facts[#facts + 1] = ("%s=%s"):format(name, printable.line(letter[name]))
      end
   end
   facts[#facts + 1] = ("attempts=%d"):format(letter.attempts)
   print(("%d  %s  %s"):format(letter.number, os.date("%Y-%m-%d %H:%M:%S", math.floor(letter.died_at or 0)),
      table.concat(facts, " ")))
   if letter.reason then
      print("    " .. printable.line(letter.reason))
   end
   if with_body and letter.body then
      print("    " .. printable.line(letter.body))
   end
end

local function print_letters(visitor, with_body)
   local after = 0
   repeat
      local letters, err = visitor:dead(after, PAGE)
      if not letters then
         return nil, inbox_url.failure(err)
      end
      for _, letter in ipairs(letters) do
         print_letter(letter, with_body)
         after = letter.number
      end
   until #letters < PAGE
   return true
end

return {
   summary = "List the dead letters of an inbox; the bot may be running.",
   arguments = {},
   options = {
      inbox_url.options[1], inbox_url.options[2],
      { name = "--body", args = 0, description = "Print what the events say as well: messages of customers." },
   },

   ---@param given { inbox: string?, bot: string?, body: boolean? }
   ---@return true? ok, kenar.cli.Failure? why
   run = function(given)
      local visitor, why = inbox_url.visit(given)
      if not visitor then
         return nil, why
      end
      local counts, err = visitor:stats()
      local ok
      if counts then
         print_counts(counts)
         ok, why = print_letters(visitor, given.body)
      else
         why = inbox_url.failure(err)
      end
      visitor:close()
      return ok, why
   end,
}
