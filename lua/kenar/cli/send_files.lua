--- Opens the files of `kenar send`: rows, whose format follows from the file's extension, and a template.

local bots = require "kenar.bot"
local errors = require "kenar.error"
local failure = require "kenar.cli.failure"
local rows = require "kenar.rows"
local templates = require "kenar.template"

local send_files = {}

-- One row per file extension: the function that opens such a file.
local formats = {
   csv = function(path, separator) return rows.csv { path = path, separator = separator } end,
   tsv = function(path, separator) return rows.csv { path = path, separator = separator or "\t" } end,
   jsonl = function(path) return rows.jsonl(path) end,
}
formats.ndjson = formats.jsonl

--- Open a file of rows.
---@param path string
---@param separator? string
---@return kenar.Rows? rows, kenar.cli.Failure? why
function send_files.rows(path, separator)
   local open = formats[(path:match "%.([^./]+)$" or ""):lower()]
   if not open then
      return nil, failure.new("usage", ("%s: which kind of file is it?"):format(path),
         "known are .csv, .tsv and .jsonl")
   end
   local file, message = io.open(path, "rb")
   if not file then
      return nil, failure.new("no_input", message)
   end
   file:close()
   local ok, opened = pcall(open, path, separator)
   if not ok then
      local is_known = errors.is(opened)
      return nil, failure.new(is_known and "data" or "usage", tostring(opened))
   end
   return opened
end

--- Load a template: a Lua file that returns a message with gaps, or its text.
---@param path string
---@return kenar.Template? template, kenar.cli.Failure? why
function send_files.template(path)
   local file, message = io.open(path)
   if not file then
      return nil, failure.new("no_input", message)
   end
   file:close()
   local chunk, syntax_message = loadfile(path, "t")
   if not chunk then
      return nil, failure.new("data", syntax_message)
   end
   local ran, source = pcall(chunk)
   if not ran then
      return nil, failure.new("data", tostring(source))
   elseif type(source) == "table" and type(source.render) == "function" then
      return source
   elseif bots.is(source) or type(source) ~= "table" and type(source) ~= "string" then
      return nil, failure.new("data", ("%s returned %s, not a message"):format(path,
         source == nil and "nothing" or bots.is(source) and "a bot" or "a value of type " .. type(source)),
         'A template ends with: return { text = "سلام {name}" }')
   end
   local compiled, template = pcall(templates.new, source)
   if not compiled then
      return nil, failure.new("data", ("%s: %s"):format(path, tostring(template)))
   end
   return template
end

return send_files
