--- What a user who means harm may type: texts of any length, one row a kind.

-- What each kind repeats.
local pieces = {
   spaces = " ", newlines = "\r\n", brackets = "[", equal_signs = "=", cookies = "a=b;\t",
   parameters = "a=%25&", non_joiners = "\226\128\140", marks = "\217\142",
   overrides = "\226\128\174", zeros = "\0", invalid = "\192\255\237\160\128", digits = "9", quotes = '"\\',
   letters = "x",
}

local kinds = {}
for kind, piece in pairs(pieces) do
   kinds[#kinds + 1] = { name = kind, piece = piece }
end
table.sort(kinds, function(a, b) return a.name < b.name end)

local hostile_texts = { kinds = kinds }

--- A text of a kind, of about that many bytes, as a whole number of its pieces.
---@param kind { piece: string }
---@param bytes integer
---@return string
function hostile_texts.make(kind, bytes)
   return kind.piece:rep(math.floor(bytes / #kind.piece))
end

return hostile_texts
