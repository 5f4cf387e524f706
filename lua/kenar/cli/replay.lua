--- `kenar replay` and `kenar discard`: handle an inbox's dead letters again, or delete them.

local failure = require "kenar.cli.failure"
local inbox_url = require "kenar.cli.inbox_url"

local function to_number(text)
   local number = tonumber(text)
   if number and number >= 1 and number % 1 == 0 and number < 2 ^ 53 then
      return number
   end
   return nil, ("expected the number of a dead letter, as `kenar inbox` shows it, got %q"):format(text)
end

local function judge(visitor, verdict, numbers)
   local missing, count = {}, 0
   for _, number in ipairs(numbers) do
      local found, err = visitor[verdict](visitor, number)
      if not found then
         return nil, inbox_url.failure(err)
      elseif found == 0 then
         missing[#missing + 1] = ("%d"):format(number)
      end
      count = count + found
   end
   if missing[1] then
      return nil, failure.new("no_input", "no dead letter " .. table.concat(missing, ", "),
         "`kenar inbox` lists those that are there")
   end
   return count
end

local function judge_all(visitor, verdict)
   local count, err = visitor[verdict](visitor)
   return count, err and inbox_url.failure(err)
end

---@param verdict "replay"|"discard"
---@param summary string
---@param outcome string the format of the result, with the count
local function command(verdict, summary, outcome)
   return {
      summary = summary,
      arguments = {
         {
            name = "number", args = "*", convert = to_number,
            description = "Dead letters, as `kenar inbox` numbers them.",
         },
      },
      options = {
         inbox_url.options[1], inbox_url.options[2],
         { name = "--all", args = 0, description = "All of them." },
      },

      ---@param given { number: integer[], inbox: string?, bot: string?, all: boolean? }
      ---@return true? ok, kenar.cli.Failure? why
      run = function(given)
         if (#given.number > 0) == (given.all or false) then
            return nil, failure.new("usage", "which dead letters?",
               ("kenar %s <number>..., or kenar %s --all"):format(verdict, verdict))
         end
         local visitor, why = inbox_url.visit(given)
         if not visitor then
            return nil, why
         end
         local count
         if given.all then
            count, why = judge_all(visitor, verdict)
         else
            count, why = judge(visitor, verdict, given.number)
         end
         visitor:close()
         if not count then
            return nil, why
         end
         print(outcome:format(count))
         return true
      end,
   }
end

return {
   replay = command("replay", "Have dead letters of an inbox handled again; a running bot does so within a second.",
      "%d to be handled again"),
   discard = command("discard", "Delete dead letters of an inbox, and what customers wrote in them.", "%d deleted"),
}
