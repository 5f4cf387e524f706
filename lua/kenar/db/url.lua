--- URLs that name a place to keep things in, such as `sqlite:bot.db`. The scheme, before the colon, chooses a row of a
--- table.

local urls = {}

--- Give each row its scheme as `scheme`, and each row with a `driver` the function `lacks` of that module.
---@generic T: table
---@param rows table<string, T> by scheme
---@return table<string, T> rows
function urls.named(rows)
   for scheme, row in pairs(rows) do
      row.scheme = scheme
      row.lacks = row.driver and function()
         return require(row.driver).lacks()
      end
   end
   return rows
end

local function known(rows)
   local names = {}
   for scheme in pairs(rows) do
      names[#names + 1] = scheme .. ":"
   end
   table.sort(names)
   return table.concat(names, ", ")
end

--- The row of a URL. No message shows the URL, because it may hold a password.
---@param url string
---@param rows table<string, table> by scheme
---@param what string what is kept there: "store"
---@param example string "sqlite:bot.db"
---@return table? row, string rest the URL after the colon; or a message, if there is no row
function urls.find(url, rows, what, example)
   local scheme, rest = url:match "^(%a[%w+.-]*):(.*)$"
   if not scheme then
      return nil, ('expected a URL such as "%s"; known are %s'):format(example, known(rows))
   elseif not rows[scheme] then
      return nil, ("unknown kind of %s %q; known are %s"):format(what, scheme, known(rows))
   end
   return rows[scheme], rest
end

return urls
