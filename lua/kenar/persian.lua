--- Persian text as people type it.
--
-- Keyboards write the Arabic letters ye (U+064A, U+0649) and kaf (U+0643) for the Persian ones (U+06CC, U+06A9), and
-- chat programs sprinkle invisible direction marks: two texts that look the same differ in bytes.

local persian = {}

local replacements = {
   ["\217\138"] = "\219\140", -- Arabic ye
   ["\217\137"] = "\219\140", -- alef maksura
   ["\217\131"] = "\218\169", -- Arabic kaf
   ["\217\128"] = "",         -- tatweel
   ["\226\128\142"] = "",     -- left-to-right mark
   ["\226\128\143"] = "",     -- right-to-left mark
   ["\239\187\191"] = "",     -- byte order mark
}
for last = 0xAA, 0xAE do
   replacements["\226\128" .. string.char(last)] = "" -- embeddings and overrides
end
for last = 0xA6, 0xA9 do
   replacements["\226\129" .. string.char(last)] = "" -- isolates
end

-- The Arabic-Indic (U+0660) and Persian (U+06F0) digits.
local latin_digits = {}
for digit = 0, 9 do
   latin_digits["\217" .. string.char(0xA0 + digit)] = tostring(digit)
   latin_digits["\219" .. string.char(0xB0 + digit)] = tostring(digit)
end

--- One form for what looks the same: Persian ye and kaf, no direction marks and no tatweel, white space trimmed
--- and folded to single spaces. Zero-width non-joiners stay: they are spelling.
---@param text string UTF-8
---@return string
function persian.normalise(text)
   text = text:gsub("[\217\226\239][\128-\191]+", replacements)
   return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

--- Persian and Arabic digits to 0-9.
---@param text string UTF-8
---@return string
function persian.digits_to_latin(text)
   return (text:gsub("[\217\219][\160-\185]", latin_digits))
end

return persian
