--- The states of consents under way: random, valid for one return, in the browser in which the consent began.

local core = require "kenar.core"
local errors = require "kenar.error"
local json = require "kenar.json"

local states = {}

---@class kenar.OAuthStates
local States = {}
States.__index = States
States.__name = "kenar.oauth.states"

function States.__tostring()
   return States.__name
end

local DEFAULT_TTL = 600
local RANDOM_BYTES = 32

--- A random text that fits into a URL, a cookie and a key.
---@param bytes integer how many random bytes it encodes
---@return string
function states.random(bytes)
   return (core.base64_encode(assert(core.random_bytes(bytes)), true):gsub("=", ""))
end

local function refuse(why)
   return nil, errors.new {
      kind = "auth", code_name = "BAD_STATE", sent = "no", retryable = false,
      message = "the state of this consent " .. why,
   }
end

-- A state from outside becomes part of a store's key, so it must have the form of `issue`.
local function is_random(text)
   return type(text) == "string" and #text == 43 and not text:find "[^%w_-]"
end

local function key_of(state)
   return "oauth:state:" .. state
end

local function browser_key_of(state)
   return "oauth:browser:" .. state
end

--- Make a state.
---@param data table data that JSON can hold
---@param ttl? number seconds (600)
---@return string? state, kenar.Error? err kind `store`
function States:issue(data, ttl)
   ttl = ttl or DEFAULT_TTL
   local bytes, problem = json.encode { data = data, ttl = ttl }
   if not bytes then
      error("data: " .. tostring(problem), 3)
   end
   local state = states.random(RANDOM_BYTES)
   local ok, err = self._store:set(key_of(state), bytes, ttl)
   if not ok then
      return nil, err
   end
   return state
end

local function read(self, state)
   if not is_random(state) then
      return refuse "was not issued here"
   end
   local bytes, err = self._store:get(key_of(state))
   if err then
      return nil, err
   elseif not bytes then
      return refuse "was not issued here, was used before, or has expired"
   end
   return assert(json.decode(bytes)), bytes
end

--- The data of a state, which stays valid.
---@param state any from the request, unchecked
---@return table? data, kenar.Error? err kind `auth` with code_name BAD_STATE, or `store`
function States:peek(state)
   local record, err = read(self, state)
   if not record then
      return nil, err
   end
   return record.data
end

--- The data of a state, which becomes invalid.
---@param state any from the request, unchecked
---@return table? data, kenar.Error? err kind `auth` with code_name BAD_STATE, or `store`
function States:take(state)
   local record, bytes = read(self, state)
   if not record then
      return nil, bytes
   end
   local taken, err = self._store:cas(key_of(state), bytes, nil)
   if taken == nil then
      return nil, err
   elseif not taken then
      return refuse "was used before"
   end
   -- If this fails, the key expires.
   self._store:del(browser_key_of(state))
   return record.data
end

--- Bind a state to a browser. A state that is bound stays bound to its browser.
---@param state any from the request, unchecked
---@param browser? string the browser's cookie
---@return string? browser the cookie to set; nil if the state is bound to another browser
---@return number|kenar.Error ttl the longest life of the state in seconds, or the error
function States:bind(state, browser)
   local record, err = read(self, state)
   if not record then
      return nil, err
   end
   local made = states.random(RANDOM_BYTES)
   local added
   added, err = self._store:add(browser_key_of(state), made, record.ttl)
   if added == nil then
      return nil, err
   elseif added then
      return made, record.ttl
   end
   local ok
   ok, err = self:check_browser(state, browser)
   if not ok then
      return nil, err
   end
   return browser, record.ttl
end

--- Check that a state is bound to the browser that returns.
---@param state any from the request, unchecked
---@param browser? string the browser's cookie
---@return true? ok, kenar.Error? err
function States:check_browser(state, browser)
   if not is_random(state) then
      return refuse "was not issued here"
   end
   local bound, err = self._store:get(browser_key_of(state))
   if err then
      return nil, err
   elseif not bound or not core.equal(browser, bound) then
      return refuse "belongs to another browser, was used before, or has expired"
   end
   return true
end

---@param store kenar.Store
---@return kenar.OAuthStates
function states.new(store)
   return setmetatable({ _store = store }, States)
end

return states
