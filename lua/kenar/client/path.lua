--- The path of a call with an id in it, in the style of the setting path_style.

local core = require "kenar.core"
local errors = require "kenar.error"

local call_path = {}

-- "." and ".." would leave the path, in any encoding.
local function is_id(id)
   return type(id) == "string" and id ~= "" and id ~= "." and id ~= ".."
end

call_path.is_id = is_id

local function split(path)
   local before, after = path:match "^(.-){id}(.*)$"
   return { before = before, after = after }
end

local function styles_of(forms)
   local names = { '"current"' }
   for style in pairs(forms) do
      if style ~= "current" then
         names[#names + 1] = ("%q"):format(style)
      end
   end
   table.sort(names)
   return table.concat(names, " or ")
end

--- Make the function that makes the paths of an endpoint with an id.
---@param endpoint kenar.Endpoint
---@return fun(id: any, style: string): string?, kenar.Error? path
function call_path.maker(endpoint)
   local current, forms = split(endpoint.path), {}
   for style, path in pairs(endpoint.older_paths or {}) do
      forms[style] = split(path)
   end
   return function(id, style)
      if not is_id(id) then
         local got = type(id) == "string" and ("%q"):format(id) or type(id)
         return nil, errors.new {
            kind = "invalid", path = endpoint.id, message = "expected the id as Divar gave it, got " .. got,
         }
      end
      local form = current
      if style ~= "current" and endpoint.older_paths then
         form = forms[style]
         if not form then
            return nil, errors.new {
               kind = "invalid", code_name = "NO_PATH",
               message = ("path_style %q has no path for %s: set %s"):format(style, endpoint.name, styles_of(forms)),
            }
         end
      end
      return form.before .. core.percent_encode(id) .. form.after
   end
end

return call_path
