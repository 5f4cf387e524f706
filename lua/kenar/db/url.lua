--- URLs that say where something is kept: `sqlite:bot.db`. What stands before the colon chooses a row of a table.

local url_scheme = {}

local function known(schemes)
   local names = {}
   for name in pairs(schemes) do
      names[#names + 1] = name .. ":"
   end
   table.sort(names)
   return table.concat(names, ", ")
end

--- The row that a URL chooses. The URL is not shown: it may hold a password.
---@param url string
---@param schemes table<string, any>
---@param what string what is kept there: "store"
---@param example string "sqlite:bot.db"
---@return any row, string rest what stands behind the colon; or nil and a message
function url_scheme.find(url, schemes, what, example)
   local scheme, rest = url:match "^(%a[%w+.-]*):(.*)$"
   if not scheme then
      return nil, ('expected a URL such as "%s"; known are %s'):format(example, known(schemes))
   elseif not schemes[scheme] then
      return nil, ("unknown kind of %s %q; known are %s"):format(what, scheme, known(schemes))
   end
   return schemes[scheme], rest
end

return url_scheme
