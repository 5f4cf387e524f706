--- Latin and numbers inside text that runs from right to left.
--
-- Without help, "تلفن +98 912" shows its plus on the wrong side and the parts of a phone number in reverse: neutral
-- characters take the direction of what surrounds them, and numbers behind a Persian letter are numbers of that
-- text (Unicode Standard Annex #9, rules W2, N1 and N2). An isolate, U+2066 to U+2069, sets a piece apart: inside it
-- runs from left to right, outside it counts as one neutral character.

local grapheme = require "kenar.persian.grapheme"
local unicode = require "kenar.persian.unicode"

local bidi = {}

local ISOLATE, POP_ISOLATE, POP_EMBEDDING = "\226\129\166", "\226\129\169", "\226\128\172"

-- What ends each of the characters that open a piece with a direction of its own.
local closers = {
   [ISOLATE] = POP_ISOLATE, ["\226\129\167"] = POP_ISOLATE, ["\226\129\168"] = POP_ISOLATE,
   ["\226\128\170"] = POP_EMBEDDING, ["\226\128\171"] = POP_EMBEDDING,
   ["\226\128\173"] = POP_EMBEDDING, ["\226\128\174"] = POP_EMBEDDING,
}

local function set(characters)
   local members = {}
   for character in characters:gmatch "[%z\1-\127\194-\244][\128-\191]*" do
      members[character] = true
   end
   return members
end

-- Neutral characters that belong to the run that they touch: signs, currencies, @name, C#; the second set only where
-- the word begins with them: .ir, -5, ~/bin.
local signs_before, word_begins = set "+−±#@$€£", set ".-/~_"
local signs_after = set "+#%°$€£"
local opening_of = { [")"] = "(", ["]"] = "[", ["}"] = "{" }
local spaces = set " \194\160\226\128\175"

-- Many programs take the mark behind an address for a part of it, so that the link breaks (Android's Linkify does).
local function is_link(word)
   local host = word:match "^([^/]*)/"
   return word:find("://", 1, true) or word:find "^www%." or host and host:find "%w%.%a%a+$"
end

-- What no run may touch: one true for each byte of the words that are links.
local function link_bytes(text)
   local bytes = {}
   for from, word, to in text:gmatch "()(%S+)()" do
      if is_link(word) then
         for position = from, to - 1 do
            bytes[position] = true
         end
      end
   end
   return bytes
end

-- "letter", "digit" (0-9), "persian_digit", "space", "neutral", or "boundary": what no run may cross.
local function kind_of(piece, code_point)
   if code_point >= 0x30 and code_point <= 0x39 then
      return "digit"
   elseif code_point >= 0x6F0 and code_point <= 0x6F9 or code_point >= 0x660 and code_point <= 0x669 then
      return "persian_digit"
   elseif spaces[piece] then
      return "space"
   elseif code_point < 0x20 or code_point == 0x60C or unicode.is(code_point, "right_to_left")
      or unicode.is(code_point, "control") then
      return "boundary"
   end
   return unicode.is(code_point, "left_to_right") and "letter" or "neutral"
end

local function read(text)
   local characters, position = {}, 1
   local open, in_link = 0, link_bytes(text)
   while position <= #text do
      local following, code_point = grapheme.next(text, position)
      local piece = text:sub(position, following - 1)
      if closers[piece] then
         open = open + 1
      elseif piece == POP_ISOLATE or piece == POP_EMBEDDING then
         open = math.max(0, open - 1)
      elseif code_point == 10 or code_point == 13 or code_point == 0x2029 then
         open = 0 -- the end of a paragraph ends them all
      end
      local is_kept = open > 0 or in_link[position]
      characters[#characters + 1] = { piece = piece, kind = is_kept and "boundary" or kind_of(piece, code_point) }
      position = following
   end
   return characters
end

local is_core = { letter = true, digit = true, persian_digit = true }

-- Whether what stands between two runs leaves them one. Within a word they are. Over a space they are when both are
-- in 0-9 and Latin letters, or both in Persian digits: "iPhone 13 ۱۲ میلیون" is a name and a price. Over punctuation
-- with a space they are when both have letters.
local function are_one(characters, left, right)
   local has_space, has_neutral = false, false
   for index = left.last + 1, right.first - 1 do
      local kind = characters[index].kind
      if kind == "boundary" then
         return false
      end
      has_space = has_space or kind == "space"
      has_neutral = has_neutral or kind == "neutral"
   end
   if not has_space then
      return true
   elseif has_neutral then
      return left.has_letter and right.has_letter
   end
   return left.ends_persian == right.begins_persian
end

local function join(characters, runs)
   local joined = {}
   for _, run in ipairs(runs) do
      local left = joined[#joined]
      if left and are_one(characters, left, run) then
         left.last, left.ends_persian = run.last, run.ends_persian
         left.has_letter = left.has_letter or run.has_letter
      else
         joined[#joined + 1] = run
      end
   end
   return joined
end

local function find_runs(characters)
   local runs = {}
   for index, character in ipairs(characters) do
      if is_core[character.kind] then
         local is_persian = character.kind == "persian_digit"
         runs[#runs + 1] = {
            first = index, last = index, has_letter = character.kind == "letter",
            begins_persian = is_persian, ends_persian = is_persian,
         }
      end
   end
   -- Twice: over punctuation, whether a run has a letter is known only once its words are together.
   return join(characters, join(characters, runs))
end

-- Take in the partners of brackets that stand inside, where they touch the run.
local function take_brackets(characters, run)
   -- How many are opened and not closed; negative when more are closed.
   local balance = { ["("] = 0, ["["] = 0, ["{"] = 0 }
   for index = run.first, run.last do
      local piece = characters[index].piece
      if balance[piece] then
         balance[piece] = balance[piece] + 1
      elseif opening_of[piece] then
         balance[opening_of[piece]] = balance[opening_of[piece]] - 1
      end
   end
   local before, after = characters[run.first - 1], characters[run.last + 1]
   while after and opening_of[after.piece] and balance[opening_of[after.piece]] > 0 do
      balance[opening_of[after.piece]] = balance[opening_of[after.piece]] - 1
      run.last = run.last + 1
      after = characters[run.last + 1]
   end
   while before and (balance[before.piece] or 0) < 0 do
      balance[before.piece] = balance[before.piece] + 1
      run.first = run.first - 1
      before = characters[run.first - 1]
   end
end

local function take_signs(characters, run)
   local function piece(index)
      return characters[index] and characters[index].piece
   end
   while signs_before[piece(run.first - 1)] do
      run.first = run.first - 1
   end
   local before = characters[run.first - 2]
   if word_begins[piece(run.first - 1)] and (not before or before.kind == "space" or before.piece == "\n") then
      run.first = run.first - 1
   end
   -- A percent sign behind Persian digits stands on their left, as they read.
   while signs_after[piece(run.last + 1)] and not (piece(run.last + 1) == "%" and run.ends_persian) do
      run.last = run.last + 1
   end
   take_brackets(characters, run)
end

--- Put isolates around the Latin words and the numbers of a text. What is isolated or embedded already stays as it
--- is, so that doing it twice changes nothing; links stay bare, because programs that look for links would take the
--- mark for a part of them.
---@param text string UTF-8
---@return string
function bidi.isolate(text)
   local characters = read(text)
   local pieces, done = {}, 0
   for _, run in ipairs(find_runs(characters)) do
      take_signs(characters, run)
      for index = done + 1, run.last do
         pieces[#pieces + 1] = (index == run.first and ISOLATE or "") .. characters[index].piece
      end
      pieces[#pieces + 1] = POP_ISOLATE
      done = run.last
   end
   for index = done + 1, #characters do
      pieces[#pieces + 1] = characters[index].piece
   end
   return table.concat(pieces)
end

--- The characters that close what a cut text has left open.
---@param text string UTF-8
---@return string
function bidi.closing(text)
   local open = {}
   for piece in text:gmatch "[\n\226][\128-\191]*" do
      if piece == "\n" then
         open = {}
      elseif closers[piece] then
         open[#open + 1] = closers[piece]
      elseif piece == open[#open] then
         open[#open] = nil
      end
   end
   local closing = {}
   for index = #open, 1, -1 do
      closing[#closing + 1] = open[index]
   end
   return table.concat(closing)
end

return bidi
