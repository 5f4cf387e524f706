--- The class of all errors that the program does not cause.
--
-- A mistake in the program raises a plain Lua error. A failure of the network, Divar, a store or a handler is returned
-- as `nil, err` with a table of this class. Inside a handler the methods of `ctx` raise the same table.

local errors = {}

---@alias kenar.error_kind
---| "invalid"       the message or argument breaks Divar's rules; `path` tells where
---| "network"       no connection, or it broke
---| "timeout"
---| "tls"           the certificate or the handshake was refused
---| "http"          an answer that Divar did not write: a proxy's page, or a body that is not JSON
---| "api"           Divar refused: `status`, `code`, `code_name`
---| "rate_limited"  429
---| "auth"          no grant, or a token that is not valid any more
---| "too_large"
---| "quota"         the quota of the client is spent; nothing was sent
---| "store"         a store or an inbox failed
---| "handler"       a handler of the bot raised
---| "closed"        the host is shutting down

---@class kenar.Error
---@field kind kenar.error_kind
---@field message string
---@field path? string          the place of the problem in the argument: `sender_buttons.rows[4]`
---@field status? integer       the HTTP status
---@field code? integer         the gRPC code in Divar's body; never derived from `status`
---@field code_name? string
---@field details? table
---@field retry_after? number   seconds
---@field sent? "no"|"yes"|"maybe" whether Divar may have acted
---@field stale? boolean       of a host's request: an idle connection had died, and no byte was sent on it
---@field retryable? boolean
---@field attempts? integer
---@field method? string
---@field endpoint? string      the name of the client's method
---@field body? string          the unchanged answer, cut to 4 KiB
local Error = {}
Error.__index = Error
Error.__name = "kenar.error"

local kinds = {}
for kind in (
   "invalid network timeout tls http api rate_limited auth too_large quota store handler closed"
):gmatch "%S+" do
   kinds[kind] = true
end

function Error:__tostring()
   local parts = { self.kind }
   if self.endpoint then
      parts[#parts + 1] = self.endpoint
   end
   local what = self.message
   if self.path and self.path ~= "" then
      what = self.path .. ": " .. what
   end
   local facts = {}
   if self.status then
      facts[#facts + 1] = "status " .. self.status
   end
   if self.code then
      facts[#facts + 1] = "code " .. self.code .. (self.code_name and " " .. self.code_name or "")
   end
   if self.sent then
      facts[#facts + 1] = "sent: " .. self.sent
   end
   local text = table.concat(parts, " ") .. ": " .. what
   if #facts > 0 then
      text = text .. " (" .. table.concat(facts, ", ") .. ")"
   end
   return text
end

--- Make an error.
---@param fields table `kind` and `message` are required; the others as in kenar.Error
---@return kenar.Error
function errors.new(fields)
   if not kinds[fields.kind] then
      error("unknown kind of error: " .. tostring(fields.kind), 2)
   end
   return setmetatable(fields, Error)
end

--- The field `sent` of a request that failed. Every host and the client derive it here.
---@param has_left boolean whether a byte of the request may have been sent
---@param status? integer  of the answer, if its status line came
---@return "no"|"yes"|"maybe"
function errors.sent(has_left, status)
   if not has_left then
      return "no"
   elseif not status then
      return "maybe"
   elseif status >= 200 and status < 300 then
      return "yes"
   end
   -- A refusal is no act.
   return status >= 400 and status < 500 and "no" or "maybe"
end

--- Whether a value is a kenar.Error.
---@param value any
---@return boolean
function errors.is(value)
   return getmetatable(value) == Error
end

return errors
