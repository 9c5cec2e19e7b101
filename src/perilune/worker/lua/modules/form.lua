-- Guest module `form`.

local core = ...
local call_native, checks, native = core.call_native, core.checks, core.native
local rawget, type = rawget, type

local form = {}

function form.parse(event)
  checks.table(event, 1, "parse")
  local headers, body = event.headers, rawget(event, "body")
  local kind = type(headers) == "table" and headers["Content-Type"]
  local packed, problem = call_native(
    native.parse_form, type(kind) == "string" and kind or "", type(body) == "string" and body or ""
  )
  if not packed then return nil, problem end
  return core.unpack(packed), nil
end

return form
