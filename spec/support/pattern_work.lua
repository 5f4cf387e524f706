--- How much work Lua's pattern machine does: a matcher that counts its steps.
--
-- The machine is the one of Lua's lstrlib.c, which runs in C: neither a debug hook nor a result tells of its work. Here
-- each attempt of an item and each byte that a repetition takes or gives back is one step.

local pattern_work = {}

local byte, find, sub = string.byte, string.find, string.sub

local QUANTIFIERS = { ["*"] = true, ["+"] = true, ["-"] = true, ["?"] = true }

-- The end of the class that begins at `at`: `a`, `.`, `%a`, `[...]`.
local function class_end(pattern, at)
   local first = sub(pattern, at, at)
   if first == "%" then
      return at + 1
   elseif first ~= "[" then
      return at
   end
   at = at + 1
   if sub(pattern, at, at) == "^" then
      at = at + 1
   end
   repeat -- a bracket that stands first is itself
      at = sub(pattern, at, at) == "%" and at + 2 or at + 1
   until sub(pattern, at, at) == "]" or at > #pattern
   return at
end

local function read_item(pattern, at)
   local first, two = sub(pattern, at, at), sub(pattern, at, at + 1)
   if first == "(" or first == ")" then
      return nil, at + 1
   elseif first == "$" and at == #pattern then
      return { kind = "end" }, at + 1
   elseif two == "%f" then
      local last = class_end(pattern, at + 2)
      return { kind = "frontier", class = sub(pattern, at, last) }, last + 1
   elseif two == "%b" or find(two, "^%%%d") then
      error("pattern_work: not counted: " .. two)
   end
   local last = class_end(pattern, at)
   local quantifier = sub(pattern, last + 1, last + 1)
   local is_repeated = QUANTIFIERS[quantifier] or false
   local class = sub(pattern, at, last)
   if class == "^" or class == "$" then
      class = "%" .. class
   end
   return { kind = "single", class = class, quantifier = is_repeated and quantifier or "" },
      last + (is_repeated and 2 or 1)
end

local parsed = {}

--- The items of a pattern.
---@param pattern string
---@return { is_anchored: boolean, [integer]: { kind: string, class: string?, quantifier: string? } }
function pattern_work.parse(pattern)
   local items = parsed[pattern]
   if not items then
      items = { is_anchored = byte(pattern) == 94 }
      local at = items.is_anchored and 2 or 1
      while at <= #pattern do
         items[#items + 1], at = read_item(pattern, at)
      end
      parsed[pattern] = items
   end
   return items
end

local function spend(work, steps)
   work.steps = work.steps + steps
   if work.steps > work.limit then
      error(work.over, 0)
   end
end

local match

-- As many as there are, then one less each time.
local function longest_first(work, index, at)
   local _, last = find(work.text, "^" .. work.items[index].class .. "*", at)
   spend(work, last - at + 1)
   for stop = last + 1, at, -1 do
      local found = match(work, index + 1, stop)
      if found then
         return found
      end
   end
end

local function shortest_first(work, index, at)
   local class = "^" .. work.items[index].class
   while true do
      local found = match(work, index + 1, at)
      if found or not find(work.text, class, at) then
         return found
      end
      spend(work, 1)
      at = at + 1
   end
end

-- The position behind the match of the items from `index` on; nil when there is none.
function match(work, index, at)
   while true do
      local item = work.items[index]
      spend(work, 1)
      if not item then
         return at
      elseif item.kind == "end" then
         return at == #work.text + 1 and at or nil
      end
      local quantifier, is_there = item.quantifier, find(work.text, "^" .. item.class, at) ~= nil
      if quantifier == "*" or quantifier == "+" and is_there then
         return longest_first(work, index, at + (quantifier == "+" and 1 or 0))
      elseif quantifier == "-" then
         return shortest_first(work, index, at)
      elseif quantifier == "?" and is_there then
         local found = match(work, index + 1, at + 1)
         if found then
            return found
         end
      elseif quantifier ~= "?" and not is_there then
         return nil
      end
      index = index + 1
      at = item.kind == "single" and quantifier ~= "?" and at + 1 or at
   end
end

-- The first match from `at` on: where it begins and the position behind it.
local function search(work, at)
   local first = work.items[1]
   local needed = first and (first.quantifier == "" or first.quantifier == "+") and first.class
   for start = at, work.items.is_anchored and at or #work.text + 1 do
      if start >= at then
         -- One step for each beginning that the first item rules out.
         local possible = not needed and start or work.items.is_anchored and start or find(work.text, needed, start)
         spend(work, (possible or #work.text) - start + 1)
         if not possible then
            return nil
         end
         local stop = match(work, 1, possible)
         if stop then
            return possible, stop
         end
         at = possible + 1
      end
   end
end

-- One for all calls, as a count has to leave little behind.
local the_work = {}

local function begin(text, pattern, limit, over)
   the_work.text, the_work.items, the_work.steps = text, pattern_work.parse(pattern), 0
   the_work.limit, the_work.over = limit or math.huge, over or "too many steps"
   return the_work
end

--- The steps of string.find and string.match.
---@param text string
---@param pattern string
---@param init? integer
---@param limit? integer more steps than these raise `over`
---@param over? any
---@return integer steps
function pattern_work.first(text, pattern, init, limit, over)
   init = init or 1
   init = math.max(1, init < 0 and #text + init + 1 or init)
   local work = begin(text, pattern, limit, over)
   if init <= #text + 1 then
      search(work, init)
   end
   return work.steps
end

--- The steps of string.gsub and of a whole loop over string.gmatch.
---@param text string
---@param pattern string
---@param limit? integer
---@param over? any
---@return integer steps
function pattern_work.all(text, pattern, limit, over)
   local work = begin(text, pattern, limit, over)
   local at = 1
   while at <= #text + 1 do
      local start, stop = search(work, at)
      if not start or work.items.is_anchored then
         break
      end
      at = math.max(stop, start + (stop > start and 0 or 1))
   end
   return work.steps
end

return pattern_work
