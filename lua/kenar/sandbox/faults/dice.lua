--- Seeded draws: the same seed gives the same draws, on every VM and machine. Not for secrets.
--
-- L'Ecuyer's combined generator of 1988: two multiplicative ones whose products stay below 2^47, so that a double holds
-- them and both VMs compute the same.

local dice = {}

local Dice = {}
Dice.__index = Dice

local A1, M1 = 40014, 2147483563
local A2, M2 = 40692, 2147483399
-- Neighbouring seeds give neighbouring draws at first, so the first draws are discarded.
local WARM_UP = 16

local function step(self)
   self.first, self.second = A1 * self.first % M1, A2 * self.second % M2
   local difference = self.first - self.second
   return difference < 1 and difference + M1 - 1 or difference
end

--- A number of at least 0 and less than 1.
---@return number
function Dice:draw()
   return (step(self) - 1) / (M1 - 1)
end

--- A whole number from 1 to `n`.
---@param n integer
---@return integer
function Dice:pick(n)
   return math.floor(self:draw() * n) + 1
end

--- Make a generator.
---@param seed number whole, at least 0
---@param stream integer the draws of different streams are independent
function dice.new(seed, stream)
   local self = setmetatable({ first = seed % (M1 - 1) + 1, second = stream % (M2 - 1) + 1 }, Dice)
   for _ = 1, WARM_UP do
      step(self)
   end
   return self
end

return dice
