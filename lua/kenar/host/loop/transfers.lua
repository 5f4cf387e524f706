--- Requests of tasks on a pool of `kenar.curl`: the task that waits for each transfer.

local curl = require "kenar.curl"
local errors = require "kenar.error"

local transfers = {}

local NO_HEADERS = {}

local Transfers = {}
Transfers.__index = Transfers

-- The pool is made at the first request, so that it belongs to the process that uses it, not to its parent.
local function open_pool(self)
   self.pool = curl.pool(self.options)
   return self.pool
end

-- A table of headers is compiled once and recognised by identity.
local function compile(self, headers)
   local list, message = curl.headers(headers)
   self.header_lists[headers] = list
   return list, message
end

local function refusal(req, kind, message)
   return errors.new { kind = kind, message = message, sent = "no", method = req.method }
end

--- Send a request and wait for its response.
---@param req kenar.HostRequest
---@return table|nil res, kenar.Error|nil err with `kind`, `message`, `sent` and `method`
function Transfers:request(req)
   local headers = req.headers or NO_HEADERS
   local list = self.header_lists[headers]
   if not list then
      local why
      list, why = compile(self, headers)
      if not list then
         return nil, refusal(req, "invalid", why)
      end
   end
   local id, kind, message = (self.pool or open_pool(self)):add(req, list)
   if not id then
      return nil, refusal(req, kind, message)
   end
   -- All fields at once, because a growing table costs more than all other lines here.
   local waiting = { is_external = true, woken = false, task = false, response = false, err = false, req = req }
   self.waiting[id] = waiting
   self.count = self.count + 1
   if req.on_progress then
      self.progress_count = self.progress_count + 1
   end
   self.scheduler:wait(waiting)
   local response = waiting.response
   if response then
      return response
   end
   return nil, waiting.err
end

-- Headers are parsed at the first access, because most callers never read them.
local Response = {}

function Response:__index(name)
   if name == "headers" then
      local headers = curl.read_headers(self.header_lines)
      self.headers = headers
      return headers
   end
   return nil
end

local function report_progress(self, waiting, sent, total)
   if not sent or sent == waiting.progress then
      return
   end
   waiting.progress = sent
   local ok, err = pcall(waiting.req.on_progress, sent, total)
   if not ok then
      self.scheduler:report(err, tostring(err))
   end
end

-- Hand the outcome of the transfer that finished first to the task that waits for it.
local function conclude(self, pool)
   -- After a failure these are nil, kind, message; has_sent, answered and stale are nil after a success.
   local id, status, headers, body, has_sent, answered, stale = pool:completed()
   local waiting = self.waiting[id]
   self.waiting[id] = nil
   self.count = self.count - 1
   if waiting.req.on_progress then
      self.progress_count = self.progress_count - 1
   end
   if status then
      waiting.response = setmetatable({ status = status, header_lines = headers, body = body }, Response)
   else
      waiting.err = errors.new {
         kind = headers, message = body, sent = errors.sent(has_sent, answered), stale = stale or nil,
         method = waiting.req.method,
      }
   end
   self.scheduler:wake(waiting)
end

--- Let the pool send and receive, and wake the tasks whose transfers have ended.
---@param seconds number|nil the longest wait; nil: without end
---@param ... integer further descriptors that end the wait
function Transfers:step(seconds, ...)
   local pool = self.pool or open_pool(self)
   local ended = pool:step(seconds, ...)
   if self.progress_count > 0 then
      for id, waiting in pairs(self.waiting) do
         if waiting.req.on_progress then
            report_progress(self, waiting, pool:progress(id))
         end
      end
   end
   for _ = 1, ended do
      conclude(self, pool)
   end
end

---@return kenar.HostStats
function Transfers:stats()
   if not self.pool then
      return { active = 0, queued = 0 }
   end
   local active, queued = self.pool:count()
   return { active = active, queued = queued }
end

--- End the transfers under way with the error "closed", and close the connections.
function Transfers:close()
   if self.pool then
      self.pool:close()
      self:step(0)
   end
end

---@param scheduler table whose tasks wait
---@param options table of the pool
function transfers.new(scheduler, options)
   return setmetatable({
      scheduler = scheduler, options = options, header_lists = setmetatable({}, { __mode = "k" }),
      waiting = {}, count = 0, progress_count = 0,
   }, Transfers)
end

return transfers
