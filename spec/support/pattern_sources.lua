--- The patterns that Lua source hands to match, gmatch, find and gsub.

local pattern_sources = {}

local FUNCTIONS = { find = true, gmatch = true, gsub = true, match = true }

local function read_long(source, at)
   local equals = source:match("^%[(=*)%[", at)
   if equals then
      local _, stop = source:find("]" .. equals .. "]", at, true)
      return stop
   end
end

local function read_quoted(source, at)
   local quote, stop = source:sub(at, at), at + 1
   while source:sub(stop, stop) ~= quote do
      stop = stop + (source:sub(stop, stop) == "\\" and 2 or 1)
   end
   return stop
end

-- The end of the token at `at`, and its kind; no kind for white space and comments.
local function read_token(source, at)
   local _, space = source:find("^%s+", at)
   if space then
      return space
   elseif source:find("^%-%-", at) then
      return read_long(source, at + 2) or (source:find("\n", at, true) or #source)
   elseif source:find("^[\"']", at) then
      return read_quoted(source, at), "string"
   end
   local long = read_long(source, at)
   if long then
      return long, "string"
   end
   local _, name = source:find("^[%a_][%w_]*", at)
   if name then
      return name, "name"
   end
   local _, dots = source:find("^%.%.+", at)
   return dots or at, "mark"
end

---@param source string
---@return { kind: "string"|"name"|"mark", text: string, value: string?, line: integer }[]
function pattern_sources.tokens(source)
   local tokens, at, line = {}, 1, 1
   while at <= #source do
      local stop, kind = read_token(source, at)
      local text = source:sub(at, stop)
      if kind then
         local value = kind == "string" and assert(load("return " .. text))() or nil
         tokens[#tokens + 1] = { kind = kind, text = text, line = line, value = value }
      end
      line = line + select(2, text:gsub("\n", ""))
      at = stop + 1
   end
   return tokens
end

-- `local NAME = "..."`, with what stands behind it where that is one more string.
local function constants_of(tokens)
   local constants = {}
   for i = 2, #tokens - 2 do
      if tokens[i - 1].text == "local" and tokens[i + 1].text == "=" and tokens[i + 2].kind == "string" then
         constants[tokens[i].text] = tokens[i + 2].value
      end
   end
   return constants
end

-- What the file itself calls find, say, is not Lua's.
local function own_functions(tokens)
   local own = {}
   for i = 2, #tokens do
      if tokens[i - 1].text == "function" then
         own[tokens[i].text] = true
      end
   end
   return own
end

local opens = { ["("] = true, ["{"] = true, ["["] = true }
local closes = { [")"] = true, ["}"] = true, ["]"] = true }

-- The arguments behind the bracket at `first`, each a list of tokens.
local function arguments_from(tokens, first)
   local arguments, argument, depth, i = {}, {}, 0, first + 1
   while depth > 0 or not closes[tokens[i].text] or tokens[i].kind == "string" do
      local is_mark = tokens[i].kind == "mark"
      if is_mark and depth == 0 and tokens[i].text == "," then
         arguments[#arguments + 1], argument = argument, {}
      else
         depth = depth + (is_mark and (opens[tokens[i].text] and 1 or closes[tokens[i].text] and -1) or 0)
         argument[#argument + 1] = tokens[i]
      end
      i = i + 1
   end
   arguments[#arguments + 1] = argument
   return arguments
end

-- The pattern that an argument makes: strings and constants joined, "x" for all else; nil where nothing of it is known.
local function value_of(argument, constants)
   local parts, is_known = {}, false
   for _, token in ipairs(argument) do
      local value = token.value or token.kind == "name" and constants[token.text]
      if value then
         is_known, token.is_read = true, true
         parts[#parts + 1] = value
      elseif token.kind == "name" then
         parts[#parts + 1] = "x"
      end
   end
   return is_known and table.concat(parts) or nil
end

local function text_of(argument)
   local texts = {}
   for i, token in ipairs(argument) do
      texts[i] = token.text
   end
   return table.concat(texts)
end

local function is_plain(arguments)
   local last = arguments[#arguments]
   return #arguments >= 3 and #last == 1 and last[1].text == "true"
end

-- The arguments of the call at `i` and which of them is the pattern; nil where it is no call of string's.
local function pattern_call(tokens, i, own)
   local before, behind = tokens[i - 1] or {}, tokens[i + 1] or {}
   if not FUNCTIONS[tokens[i].text] or tokens[i].kind ~= "name" or (tokens[i - 3] or {}).text == "function" then
      return nil
   elseif before.text == ":" and behind.kind == "string" then
      return { { behind } }, 1
   elseif behind.text ~= "(" then
      return nil
   elseif before.text == ":" then
      return arguments_from(tokens, i + 1), 1
   elseif before.text == "." and tokens[i - 2].text == "string" or before.text ~= "." and not own[tokens[i].text] then
      return arguments_from(tokens, i + 1), 2
   end
end

--- The patterns of a source.
---@param source string
---@return { pattern: string?, written: string, line: integer }[] found `pattern` is nil where it is made elsewhere
function pattern_sources.read(source)
   local tokens = pattern_sources.tokens(source)
   local constants, own, found = constants_of(tokens), own_functions(tokens), {}
   for i, token in ipairs(tokens) do
      local arguments, which = pattern_call(tokens, i, own)
      if arguments and not is_plain(arguments) then
         local argument = arguments[which] or {}
         found[#found + 1] = {
            pattern = value_of(argument, constants), written = text_of(argument), line = token.line,
         }
      elseif token.value and token.value:find "^^." and not token.is_read then
         -- A pattern that is kept in a table.
         found[#found + 1] = { pattern = token.value, written = token.text, line = token.line }
      end
   end
   return found
end

return pattern_sources
