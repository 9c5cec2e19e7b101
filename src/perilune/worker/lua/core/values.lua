-- Values that cross the border to the host, as msgpack: one string each way
-- costs less than a call per value and needs no access to the interpreter's
-- API while the memory limit is in force.
--
-- Strings are written as *bin*; *str* and *bin* are both read as strings.

local core = ...
local byte, char, concat, sub = string.byte, string.char, table.concat, string.sub
local error, floor, frexp, ldexp = error, math.floor, math.frexp, math.ldexp
local next, rawget, type = next, rawget, type

local MAX_DEPTH = 32
-- Enough for the compiler's own limits of what is hot, in less than a millisecond.
local WARM_UPS = 60
local TWO_32 = 4294967296
local MAX_EXACT = 9007199254740992

-- Reading ------------------------------------------------------------------

local read

local function uint16(text, at)
  local a, b = byte(text, at, at + 1)
  return a * 256 + b
end

local function uint32(text, at)
  local a, b, c, d = byte(text, at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local function float64(text, at)
  local high, low = uint32(text, at), uint32(text, at + 4)
  local sign = 1
  if high >= 2147483648 then
    sign, high = -1, high - 2147483648
  end
  local exponent = floor(high / 1048576)
  local fraction = high % 1048576 * TWO_32 + low
  if exponent == 2047 then return fraction == 0 and sign / 0 or 0 / 0 end
  if exponent == 0 then return sign * ldexp(fraction, -1074) end
  return sign * ldexp(fraction + 4503599627370496, exponent - 1075)
end

local function read_string(text, at, length)
  return sub(text, at, at + length - 1), at + length
end

local function read_array(text, at, length)
  local list = {}
  for index = 1, length do
    list[index], at = read(text, at)
  end
  return list, at
end

local function read_map(text, at, length)
  local map = {}
  for _ = 1, length do
    local key
    key, at = read(text, at)
    map[key], at = read(text, at)
  end
  return map, at
end

local function read_number(text, at, code)
  if code == 0xCB then return float64(text, at), at + 8 end
  if code == 0xCC then return byte(text, at), at + 1 end
  if code == 0xCD then return uint16(text, at), at + 2 end
  if code == 0xCE then return uint32(text, at), at + 4 end
  if code == 0xCF then return uint32(text, at) * TWO_32 + uint32(text, at + 4), at + 8 end
  if code == 0xD0 then return (byte(text, at) + 128) % 256 - 128, at + 1 end
  if code == 0xD1 then return (uint16(text, at) + 32768) % 65536 - 32768, at + 2 end
  if code == 0xD2 then return (uint32(text, at) + 2147483648) % TWO_32 - 2147483648, at + 4 end
  if code == 0xD3 then
    local high = (uint32(text, at) + 2147483648) % TWO_32 - 2147483648
    return high * TWO_32 + uint32(text, at + 4), at + 8
  end
  return error("unknown msgpack code " .. code, 0)
end

-- Read one value of *text* at *at*; returns it and the position after it.
function read(text, at)
  local code = byte(text, at)
  at = at + 1
  if code < 0x80 then return code, at end
  if code < 0x90 then return read_map(text, at, code - 0x80) end
  if code < 0xA0 then return read_array(text, at, code - 0x90) end
  if code < 0xC0 then return read_string(text, at, code - 0xA0) end
  if code >= 0xE0 then return code - 256, at end
  if code == 0xC0 then return nil, at end
  if code == 0xC2 then return false, at end
  if code == 0xC3 then return true, at end
  if code == 0xC4 or code == 0xD9 then return read_string(text, at + 1, byte(text, at)) end
  if code == 0xC5 or code == 0xDA then return read_string(text, at + 2, uint16(text, at)) end
  if code == 0xC6 or code == 0xDB then return read_string(text, at + 4, uint32(text, at)) end
  if code == 0xDC then return read_array(text, at + 2, uint16(text, at)) end
  if code == 0xDD then return read_array(text, at + 4, uint32(text, at)) end
  if code == 0xDE then return read_map(text, at + 2, uint16(text, at)) end
  if code == 0xDF then return read_map(text, at + 4, uint32(text, at)) end
  return read_number(text, at, code)
end

-- Have the JIT compiler translate reading, for values like those in *text*.
-- Invocations are too short for that, as loops get hot late in them.
function core.warm_up(text)
  for _ = 1, WARM_UPS do read(text, 1) end
end

-- Writing ------------------------------------------------------------------

local write

local function bytes32(n)
  local d = n % 256
  n = (n - d) / 256
  local c = n % 256
  n = (n - c) / 256
  local b = n % 256
  return char((n - b) / 256, b, c, d)
end

local function float64_bytes(n)
  if n ~= n then return "\203\127\248\0\0\0\0\0\0" end
  local sign = 0
  if n < 0 or n == 0 and 1 / n < 0 then
    sign, n = 2147483648, -n
  end
  local exponent, fraction = 0, 0
  if n == 1 / 0 then
    exponent = 2047
  elseif n < 2.2250738585072014e-308 then
    fraction = ldexp(n, 1074)
  else
    local mantissa, power = frexp(n)
    exponent, fraction = power + 1022, ldexp(mantissa, 53) - 4503599627370496
  end
  local low = fraction % TWO_32
  return "\203" .. bytes32(sign + exponent * 1048576 + (fraction - low) / TWO_32) .. bytes32(low)
end

local function number_bytes(n)
  if floor(n) ~= n or n > MAX_EXACT or n < -MAX_EXACT or n == 0 and 1 / n < 0 then
    return float64_bytes(n)
  end
  if n >= 0 and n < 128 then return char(n) end
  if n < 0 and n >= -32 then return char(n + 256) end
  local low = n % TWO_32
  return "\211" .. bytes32((n - low) / TWO_32 % TWO_32) .. bytes32(low)
end

-- Items of a table that is a plain sequence, or nil.
local function sequence_length(value)
  local count = 0
  for key in next, value do
    if type(key) ~= "number" then return nil end
    count = count + 1
  end
  for index = 1, count do
    if rawget(value, index) == nil then return nil end
  end
  return count > 0 and count or nil
end

local function write_table(value, out, count, depth)
  if depth > MAX_DEPTH then return nil, "tables nested deeper than " .. MAX_DEPTH .. " levels" end
  local length, problem = sequence_length(value), nil
  if length then
    out[count + 1] = "\221" .. bytes32(length)
    count = count + 1
    for index = 1, length do
      count, problem = write(rawget(value, index), out, count, depth)
      if not count then return nil, problem end
    end
    return count
  end
  local head, pairs_written = count + 1, 0
  count = head
  for key, item in next, value do
    if type(key) ~= "string" and type(key) ~= "number" then
      return nil, type(key) .. " as table key"
    end
    count = write(key, out, count, depth)
    count, problem = write(item, out, count, depth)
    if not count then return nil, problem end
    pairs_written = pairs_written + 1
  end
  out[head] = "\223" .. bytes32(pairs_written)
  return count
end

-- Append *value* to *out* after *count* pieces; returns the new count or nil
-- and what can't be written.
function write(value, out, count, depth)
  local kind = type(value)
  if kind == "string" then
    out[count + 1] = "\198" .. bytes32(#value)
    out[count + 2] = value
    return count + 2
  end
  if kind == "table" then return write_table(value, out, count, depth + 1) end
  local piece
  if kind == "number" then
    piece = number_bytes(value)
  elseif kind == "boolean" then
    piece = value and "\195" or "\194"
  elseif kind == "nil" then
    piece = "\192"
  else
    return nil, kind .. " as value"
  end
  out[count + 1] = piece
  return count + 1
end

-- The msgpack form of *value*, or nil and what can't be written.
function core.pack(value)
  local out = {}
  local count, problem = write(value, out, 0, 0)
  if not count then return nil, problem end
  return concat(out)
end

-- The value of a msgpack text; nil inside tables means absent.
function core.unpack(text)
  return (read(text, 1))
end
