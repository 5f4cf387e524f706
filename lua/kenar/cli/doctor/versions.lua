--- Checks the versions of the libraries that this process has loaded.

-- One row per module that needs a library: the oldest supported version, and the loss without the module.
local libraries = {
   { name = "libcurl", module = "kenar.curl", oldest = { 7, 84 } },
   { name = "libmicrohttpd", module = "kenar.httpd", oldest = { 0, 9, 71 } },
   { name = "SQLite", module = "kenar.sqlite", oldest = { 3, 35 }, without = "no store or inbox can be a file" },
}

local function is_older(version, oldest)
   local index = 0
   for part in version:gmatch "%d+" do
      index = index + 1
      if not oldest[index] then
         return false
      elseif tonumber(part) ~= oldest[index] then
         return tonumber(part) < oldest[index]
      end
   end
   return index < #oldest
end

local function check_library(report, row)
   local loaded, module = pcall(require, row.module)
   local version = loaded and module.version
   if not version and row.without then
      report:warning(row.name, "kenar was built without it: %s", row.without)
   elseif not version then
      report:problem(row.name, "%s cannot be loaded; build kenar again: %s", row.module, tostring(module))
   elseif is_older(version, row.oldest) then
      report:problem(row.name, "%s is too old: %s is the oldest that will do", version, table.concat(row.oldest, "."))
   else
      return row.name .. " " .. version .. (module.tls_version and " (" .. module.tls_version .. ")" or "")
   end
end

--- Report the versions.
---@param report kenar.cli.doctor.Report
return function(report)
   local vm = rawget(_G, "jit") and rawget(_G, "jit").version or _VERSION
   local found = { "kenar " .. require "kenar.version", vm }
   for _, row in ipairs(libraries) do
      found[#found + 1] = check_library(report, row)
   end
   report:ok("versions", "%s", table.concat(found, ", "))
end
