--- The failure of a `kenar` command: a message, a hint with the remedy, and an exit status.

local failure = {}

--- The exit statuses, with the numbers of sysexits.h if it has them.
failure.statuses = {
   usage = 64, -- the command line is wrong
   data = 65, -- a file has a mistake in it
   no_input = 66, -- a file is not there
   unavailable = 69, -- the port is taken
   software = 70, -- a mistake of kenar's own
   storage = 74, -- a file or its disk fails
   partial = 75, -- not everything was sent
   configuration = 78, -- a key is missing
}

local Failure = { __name = "kenar.cli.failure" }

---@class kenar.cli.Failure
---@field status integer
---@field message string
---@field hint? string

--- Make a failure.
---@param status "usage"|"data"|"no_input"|"unavailable"|"software"|"storage"|"partial"|"configuration"
---@param message string
---@param hint? string
---@return kenar.cli.Failure
function failure.new(status, message, hint)
   return setmetatable({ status = assert(failure.statuses[status], status), message = message, hint = hint }, Failure)
end

--- Whether a value is a failure.
---@param value any
---@return boolean
function failure.is(value)
   return getmetatable(value) == Failure
end

return failure
