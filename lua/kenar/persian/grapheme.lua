--- Characters as people see them: a letter with its marks, a family of emoji, a flag is one.
--
-- The extended grapheme clusters of Unicode's Standard Annex #29, version 15.0 (rules GB3 to GB13; GB9c, for the
-- conjuncts of Indian scripts, came later). Bytes that are not UTF-8 count as a character each.

local unicode = require "kenar.persian.unicode"

local byte, find = string.byte, string.find

local grapheme = {}

local ZERO_WIDTH_JOINER = 0x200D
local REPLACEMENT = 0xFFFD

local function sequence_length(lead)
   if lead < 0x80 then
      return 1
   elseif lead >= 0xC2 and lead < 0xE0 then
      return 2
   elseif lead >= 0xE0 and lead < 0xF0 then
      return 3
   elseif lead >= 0xF0 and lead < 0xF5 then
      return 4
   end
   return 0
end

-- What follows the first byte of a sequence of each length.
local rests = { "", "^[\128-\191]", "^[\128-\191][\128-\191]", "^[\128-\191][\128-\191][\128-\191]" }

-- The code point at a position, and the position after it.
local function decode(text, position)
   local lead = byte(text, position)
   local length = sequence_length(lead)
   if length == 1 then
      return lead, position + 1
   elseif length == 0 or not find(text, rests[length], position + 1) then
      return REPLACEMENT, position + 1
   end
   local code_point = lead % 2 ^ (7 - length)
   for offset = 1, length - 1 do
      code_point = code_point * 64 + byte(text, position + offset) % 64
   end
   return code_point, position + length
end

-- Hangul: which kinds may follow a leading consonant, a vowel, a final consonant.
local hangul_follows = {
   leading = { leading = true, vowel = true, syllable = true, closed_syllable = true },
   vowel = { vowel = true, final = true },
   syllable = { vowel = true, final = true },
   final = { final = true },
   closed_syllable = { final = true },
}

local function hangul(code_point)
   if code_point >= 0xAC00 and code_point <= 0xD7A3 then
      return (code_point - 0xAC00) % 28 == 0 and "syllable" or "closed_syllable"
   elseif code_point >= 0x1100 and code_point <= 0x115F or code_point >= 0xA960 and code_point <= 0xA97C then
      return "leading"
   elseif code_point >= 0x1160 and code_point <= 0x11A7 or code_point >= 0xD7B0 and code_point <= 0xD7C6 then
      return "vowel"
   elseif code_point >= 0x11A8 and code_point <= 0x11FF or code_point >= 0xD7CB and code_point <= 0xD7FB then
      return "final"
   end
end

-- What a code point is to the rules below; nil when it is none of their concern.
local function kind_of(code_point)
   if code_point < 0x300 and code_point > 0x1F and (code_point < 0x7F or code_point > 0xAE) then
      return nil
   elseif code_point == ZERO_WIDTH_JOINER then
      return "joiner"
   elseif code_point >= 0x1F1E6 and code_point <= 0x1F1FF then
      return "flag_letter"
   elseif unicode.is(code_point, "extend") then
      return "extend"
   elseif unicode.is(code_point, "control") or code_point == 10 or code_point == 13 then
      return "control"
   elseif unicode.is(code_point, "pictographic") then
      return "pictographic"
   elseif unicode.is(code_point, "spacing_mark") then
      return "spacing_mark"
   elseif unicode.is(code_point, "prepend") then
      return "prepend"
   end
   return hangul(code_point)
end

local continues = { extend = true, joiner = true, spacing_mark = true }

--- The character at a position.
---@param text string UTF-8
---@param position integer of its first byte
---@return integer next the position after it
---@return integer code_point its first
function grapheme.next(text, position)
   local first, following = decode(text, position)
   local previous = kind_of(first)
   if previous == "control" then
      -- Carriage return and line feed are one.
      return first == 13 and byte(text, following) == 10 and following + 1 or following, first
   end
   -- Whether what came so far is a pictograph with its marks, and then a joiner; and how many letters of a flag.
   local is_pictograph, is_joined = previous == "pictographic", false
   local flag_letters = previous == "flag_letter" and 1 or 0
   while following <= #text do
      local code_point, after = decode(text, following)
      local kind = kind_of(code_point)
      local belongs = continues[kind]
         or previous == "prepend" and kind ~= "control"
         or hangul_follows[previous] and hangul_follows[previous][kind]
         or is_joined and kind == "pictographic"
         or flag_letters == 1 and previous == "flag_letter" and kind == "flag_letter"
      if not belongs then
         break
      end
      is_joined = is_pictograph and kind == "joiner"
      is_pictograph = kind == "pictographic" or is_pictograph and kind == "extend"
      flag_letters = flag_letters + (kind == "flag_letter" and 1 or 0)
      previous, following = kind, after
   end
   return following, first
end

--- How many characters people see. Direction marks and other invisible controls are none.
---@param text string UTF-8
---@return integer
function grapheme.count(text)
   local count, position = 0, 1
   while position <= #text do
      local following, first = grapheme.next(text, position)
      if grapheme.is_visible(first) then
         count = count + 1
      end
      position = following
   end
   return count
end

--- Whether a character that begins with this code point takes a place: direction marks, the byte order mark and other
--- controls of format do not; spaces and line ends do.
---@param code_point integer
---@return boolean
function grapheme.is_visible(code_point)
   return code_point < 0xAD or not unicode.is(code_point, "control")
end

return grapheme
