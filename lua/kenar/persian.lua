--- Persian text as people type it, and as they like to read it.
--
-- Keyboards write the Arabic letters ye (U+064A, U+0649) and kaf (U+0643) for the Persian ones (U+06CC, U+06A9) that
-- ISIRI 6219 prescribes, and chat programs sprinkle invisible direction marks: two texts that look the same differ in
-- bytes. Numbers are in kenar.persian.numeral, dates in kenar.persian.jalali, directions in kenar.persian.bidi,
-- characters in kenar.persian.grapheme.

local bidi = require "kenar.persian.bidi"
local core = require "kenar.core"
local grapheme = require "kenar.persian.grapheme"
local jalali = require "kenar.persian.jalali"
local numeral = require "kenar.persian.numeral"
local timestamp = require "kenar.base.timestamp"

local persian = {
   digits = numeral.digits,
   digits_to_latin = numeral.digits_to_latin,
   isolate = bidi.isolate,
   number = numeral.number,
   rial = numeral.rial,
   to_number = numeral.to_number,
   toman = numeral.toman,
}

local NON_JOINER = "\226\128\140"
local ELLIPSIS = "\226\128\166"

local replacements = {
   ["\217\138"] = "\219\140", -- Arabic ye
   ["\217\137"] = "\219\140", -- alef maksura
   ["\217\131"] = "\218\169", -- Arabic kaf
   ["\217\128"] = "",         -- tatweel
   ["\216\156"] = "",         -- Arabic letter mark
   ["\226\128\142"] = "",     -- left-to-right mark
   ["\226\128\143"] = "",     -- right-to-left mark
   ["\239\187\191"] = "",     -- byte order mark
   ["\194\160"] = " ",        -- no-break space
   ["\226\128\175"] = " ",    -- narrow no-break space
}
for last = 0xAA, 0xAE do
   replacements["\226\128" .. string.char(last)] = "" -- embeddings and overrides
end
for last = 0xA6, 0xA9 do
   replacements["\226\129" .. string.char(last)] = "" -- isolates
end

-- Letters that never join the next one (Joining_Type R and U in the Unicode Character Database): a non-joiner behind
-- one of them changes nothing.
local never_joins = {}
for letter in ("آ أ ؤ إ ا ة د ذ ر ز و ء ژ ۀ ٱ"):gmatch "%S+" do
   never_joins[letter] = true
end

local function tidy_non_joiners(text)
   local count
   repeat
      text, count = text:gsub(NON_JOINER .. NON_JOINER, NON_JOINER)
   until count == 0
   text = text:gsub("([\216-\219][\128-\191])" .. NON_JOINER, function(letter)
      return never_joins[letter] and letter or nil
   end)
   text = text:gsub("(%s)" .. NON_JOINER, "%1"):gsub(NON_JOINER .. "(%s)", "%1")
   return (text:gsub("^" .. NON_JOINER, ""):gsub(NON_JOINER .. "$", ""))
end

--- One form for what looks the same: Persian ye and kaf, no direction marks and no tatweel, white space trimmed
--- and folded to single spaces. Zero-width non-joiners (U+200C) are spelling and stay, but for those that show
--- nothing: doubled, beside a space, behind a letter that never joins the next.
---@param text string UTF-8
---@return string
function persian.normalise(text)
   text = tidy_non_joiners((text:gsub("[\194\216\217\226\239][\128-\191]+", replacements)))
   return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

-- What people put between the digits of a phone number, beside ASCII: dashes U+2010 to U+2015, a minus sign.
local phone_separators = { ["\226\136\146"] = "" }
for last = 0x90, 0x95 do
   phone_separators["\226\128" .. string.char(last)] = ""
end

--- An Iranian mobile number in the form of ITU-T E.164, as Divar's contact messages carry it: `+989123456789`. Taken
--- are +98, 0098, 98, 0 or nothing before the ten digits that begin with 9, digits of any of the three kinds, and
--- spaces, dashes, dots and brackets anywhere.
---@param text string
---@return string? phone nil when the text is anything else
function persian.phone(text)
   text = numeral.digits_to_latin(persian.normalise(text)):gsub(NON_JOINER, "")
   text = text:gsub("\226[\128-\191]+", phone_separators):gsub("[%s().-]", "")
   local subscriber = text:gsub("^%+", "00"):gsub("^00980?", "0"):gsub("^98", "0"):match "^0?(9%d+)$"
   if subscriber and #subscriber == 10 then
      return "+98" .. subscriber
   end
end

--- Cut a text to a number of characters as people see them: a letter with its marks, a family of emoji, a flag is
--- one (see kenar.persian.grapheme), invisible direction marks are none. What the
--- cut leaves open of isolates is closed.
---@param text string UTF-8
---@param limit integer at least 1; the ellipsis counts
---@param ellipsis? string default "…" (U+2026); left out where it alone would fill the limit
---@return string
function persian.truncate(text, limit, ellipsis)
   if type(limit) ~= "number" or limit < 1 or limit % 1 ~= 0 then
      error("expected a number of characters, at least 1, got " .. tostring(limit), 2)
   end
   ellipsis = ellipsis or ELLIPSIS
   local ellipsis_size = grapheme.count(ellipsis)
   if ellipsis_size >= limit then
      ellipsis, ellipsis_size = "", 0
   end
   local count, position, cut = 0, 1, 0
   while position <= #text do
      local following, first = grapheme.next(text, position)
      if grapheme.is_visible(first) then
         count = count + 1
         if count > limit then
            local kept = core.trim_end((text:sub(1, cut):gsub(NON_JOINER .. "$", "")))
            return kept .. bidi.closing(kept) .. ellipsis
         end
         if count <= limit - ellipsis_size then
            cut = following - 1
         end
      end
      position = following
   end
   return text
end

--- A point in time on Iran's calendar and clock (see kenar.persian.jalali): in "full", "یکشنبه ۲۹ مهر ۱۴۰۳ ساعت ۱۶:۴۲".
---@param sent_at integer|string microseconds, as in `ctx.sent_at`; milliseconds, seconds and RFC 3339 are taken too
---@param style? kenar.JalaliStyle default "date"
---@return string
function persian.jalali(sent_at, style)
   local microseconds = timestamp.microseconds(sent_at)
   if not microseconds then
      error("expected a time (microseconds, milliseconds, seconds or RFC 3339), got " .. tostring(sent_at), 2)
   end
   local text = jalali.format(jalali.date(microseconds / 1000000), style or "date")
   if not text then
      error("unknown style " .. tostring(style) .. ": expected date, numeric, time or full", 2)
   end
   return numeral.digits(text)
end

return persian
