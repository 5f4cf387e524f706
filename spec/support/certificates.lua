--- Keys and certificates, made when a spec runs.

local wire = require "spec_wire"

local certificates = {}

local function run(command)
   local process = assert(wire.spawn(command, { stderr = "stdout" }))
   local output = {}
   repeat
      local text = process:read(20)
      output[#output + 1] = text
   until not text
   local status = process:wait(20)
   process:close()
   assert(status == 0, table.concat(command, " ") .. ": " .. table.concat(output))
end

local function files(folder, name)
   return { key = folder .. "/" .. name .. ".key", certificate = folder .. "/" .. name .. ".pem" }
end

--- A certificate that vouches for itself.
---@return { key: string, certificate: string } paths
function certificates.authority(folder, name)
   local made = files(folder, name)
   run {
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=" .. name, "-keyout", made.key, "-out", made.certificate,
   }
   return made
end

--- A certificate signed by an authority.
---@param options { names: string, days: integer } `names` as openssl writes subjectAltName
---@return { key: string, certificate: string } paths
function certificates.signed(folder, name, authority, options)
   local made = files(folder, name)
   local request, extensions = folder .. "/" .. name .. ".csr", folder .. "/" .. name .. ".ext"
   local file = assert(io.open(extensions, "w"))
   file:write("subjectAltName=", options.names, "\n")
   file:close()
   run {
      "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" .. name,
      "-keyout", made.key, "-out", request,
   }
   run {
      "openssl", "x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key,
      "-CAcreateserial", "-days", tostring(options.days), "-extfile", extensions, "-out", made.certificate,
   }
   return made
end

return certificates
