--- `kenar replay`: have dead letters handled again.

local failure = require "kenar.cli.failure"
local inbox_url = require "kenar.cli.inbox_url"

local function to_number(text)
   local number = tonumber(text)
   if number and number >= 1 and number % 1 == 0 and number < 2 ^ 53 then
      return number
   end
   return nil, ("expected the number of a dead letter, as `kenar inbox` shows it, got %q"):format(text)
end

local function replay(visitor, numbers)
   local missing, count = {}, 0
   for _, number in ipairs(numbers) do
      local found, err = visitor:replay(number)
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

return {
   summary = "Have dead letters of an inbox handled again; a running bot does so within a second.",
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
         return nil, failure.new("usage", "which dead letters?", "kenar replay <number>..., or kenar replay --all")
      end
      local visitor, why = inbox_url.visit(given)
      if not visitor then
         return nil, why
      end
      local count, err
      if given.all then
         count, err = visitor:replay()
         why = err and inbox_url.failure(err)
      else
         count, why = replay(visitor, given.number)
      end
      visitor:close()
      if not count then
         return nil, why
      end
      print(("%d to be handled again"):format(count))
      return true
   end,
}
