-- Guest module `crypto`.  Digests are hexadecimal unless the name says otherwise.

local core = ...
local checks, native, native_or_raise = core.checks, core.native, core.native_or_raise
local ipairs = ipairs

local crypto = {}

for _, name in ipairs({ "md5", "sha1", "sha256", "sha384", "sha512" }) do
  crypto[name] = function(text)
    return native_or_raise(native[name], checks.string(text, 1, name))
  end
end

for _, digest in ipairs({ "sha1", "sha256", "sha512" }) do
  for _, ending in ipairs({ "", "_base64", "_raw" }) do
    local name = "hmac_" .. digest .. ending
    crypto[name] = function(message, key)
      message, key = checks.string(message, 1, name), checks.string(key, 2, name)
      return native_or_raise(native[name], message, key)
    end
  end
end

function crypto.equal(first, second)
  first, second = checks.string(first, 1, "equal"), checks.string(second, 2, "equal")
  return native_or_raise(native.equal_bytes, first, second)
end

function crypto.uuid()
  return native_or_raise(native.uuid4)
end

return crypto
