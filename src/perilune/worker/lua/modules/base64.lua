-- Guest module `base64`.

local core = ...
local call_native, checks, native = core.call_native, core.checks, core.native
local native_or_raise = core.native_or_raise

local base64 = {}

function base64.encode(data)
  return native_or_raise(native.base64_encode, checks.string(data, 1, "encode"))
end

function base64.url_encode(data)
  return native_or_raise(native.base64_url_encode, checks.string(data, 1, "url_encode"))
end

function base64.decode(text)
  local data, problem = call_native(native.base64_decode, checks.string(text, 1, "decode"))
  return data, problem
end

function base64.url_decode(text)
  local data, problem = call_native(native.base64_url_decode, checks.string(text, 1, "url_decode"))
  return data, problem
end

return base64
