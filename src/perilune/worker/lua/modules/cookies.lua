-- Guest module `cookies`.

local core = ...
local call_native, checks, native = core.call_native, core.checks, core.native
local native_or_raise, type = core.native_or_raise, type

local cookies = {}

function cookies.parse(event)
  checks.table(event, 1, "parse")
  local headers = event.headers
  local line = type(headers) == "table" and headers.Cookie
  return core.unpack(native_or_raise(native.parse_cookies, type(line) == "string" and line or ""))
end

function cookies.build(name, value, options)
  name, value = checks.string(name, 1, "build"), checks.string(value, 2, "build")
  options = options == nil and {} or checks.table(options, 3, "build")
  local packed, unsupported = core.pack(options)
  if not packed then return nil, "unsupported " .. unsupported end
  local line, problem = call_native(native.build_cookie, name, value, packed)
  return line, problem
end

return cookies
