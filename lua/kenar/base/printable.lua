--- Text of others for a terminal or a log, which it must not command or reorder.
--
-- Meant are control characters, those of U+0080 to U+009F too, and the controls of bidirectional text. Bytes that are
-- not UTF-8, which a terminal may read as control characters, become U+FFFD.

local repaired = require "kenar.base.utf8"

local printable = {}

local CONTROLS = { "[%z\1-\31\127]", "\194[\128-\159]" }
-- U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
local BIDI_CONTROLS = { "\216\156", "\226\128[\142\143\170-\174]", "\226\129[\166-\169]" }

local function substitute(text, patterns, replacement)
   for _, pattern in ipairs(patterns) do
      text = text:gsub(pattern, replacement)
   end
   return text
end

local function code_of(character)
   local first, second, third = character:byte(1, 3)
   if third then
      return first % 16 * 4096 + second % 64 * 64 + third % 64
   end
   return second and first % 32 * 64 + second % 64 or first
end

--- A control character as JSON and logfmt escape it: `\u009b`.
---@param character string
---@return string
function printable.escape(character)
   return ("\\u%04x"):format(code_of(character))
end

--- The text with each of these characters replaced.
---@param text string
---@param replacement fun(character: string): string
---@return string
function printable.replace(text, replacement)
   if not text:find "[%z\1-\31\127-\255]" then
      return text
   end
   return substitute(substitute(repaired(text), CONTROLS, replacement), BIDI_CONTROLS, replacement)
end

local function question_mark(character)
   return (character == "\n" or character == "\t") and character or "?"
end

--- For a terminal: line feeds and tabs stay, other control characters become question marks, and the controls of
--- bidirectional text, which are invisible and frequent in Persian, are left out.
---@param value any shown with tostring
---@return string
function printable.text(value)
   local text = tostring(value)
   if not text:find "[%z\1-\31\127-\255]" then
      return text
   end
   return substitute(substitute(repaired(text), CONTROLS, question_mark), BIDI_CONTROLS, "")
end

--- The same on one line: line feeds and tabs are question marks as well.
---@param value any
---@return string
function printable.line(value)
   return (printable.text(value):gsub("[\n\t]", "?"))
end

return printable
