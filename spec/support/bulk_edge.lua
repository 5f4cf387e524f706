--- A bot on a virtual host, and a Divar there that takes as long for a message as the spec says.
local json = require "kenar.json"
local kenar = require "kenar"
local virtual = require "kenar.host.virtual"

local bulk_edge = {}

---@class BulkEdge
---@field host table
---@field bot kenar.Bot
---@field sent { at: number, to: string, text: string }[] what has come, in its order
---@field most integer      how many calls were under way at the same time
---@field answer fun(text: string, to: string): table?, number? a response and how long it takes; default 200, at once
local Edge = {}
Edge.__index = Edge

local API = "https://open-api.divar.ir"

local function serve(self, request)
   local to = request.url:match "/conversations/([^/]+)/messages$" or request.url
   local body = json.decode(request.body)
   local text = body.message or body.text_message
   self.sent[#self.sent + 1] = { at = self.host.clock(), to = to, text = text }
   self.flying = self.flying + 1
   self.most = math.max(self.most, self.flying)
   local response, seconds
   if self.answer then
      response, seconds = self.answer(text, to)
   end
   if seconds then
      self.host.sleep(seconds)
   end
   self.flying = self.flying - 1
   return response or { status = 200, headers = {}, body = '{"status":"ok"}' }
end

--- The texts that have come, in their order.
---@return string[]
function Edge:texts()
   local list = {}
   for index, entry in ipairs(self.sent) do
      list[index] = entry.text
   end
   return list
end

--- Another bot on the same host, as a later run has it.
---@param options? table
function Edge:new_bot(options)
   local values = { api_key = "key-1", access_token = "t", base_url = API, identification_key = "k" }
   for name, value in pairs(options or {}) do
      values[name] = value
   end
   self.bot = kenar.bot(values):attach(self.host)
   return self.bot
end

--- Divar's answer with a status.
---@return table response
function bulk_edge.refusal(status, code)
   return { status = status, headers = {}, body = ('{"code":%d,"message":"no"}'):format(code or 9) }
end

---@param options? table of the bot
---@param now? number the wall clock at the start
---@return BulkEdge
function bulk_edge.new(options, now)
   local self = setmetatable({ sent = {}, most = 0, flying = 0 }, Edge)
   self.host = virtual.new { serves = { [API] = function(request) return serve(self, request) end }, now = now }
   self:new_bot(options)
   return self
end

return bulk_edge
