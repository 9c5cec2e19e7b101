-- Guest module `random`: everything from the generator of the system.

local core = ...
local argument_error, checks = core.argument_error, core.checks
local native, native_or_raise, number_text = core.native, core.native_or_raise, core.number_text

local MAX_LENGTH = 1048576

-- What is wrong with a number of characters or bytes, or nil.
local function length_problem(length)
  if length <= 0 then return "length must be positive, got " .. number_text(length) end
  if length > MAX_LENGTH then
    return "length must be at most " .. MAX_LENGTH .. ", got " .. number_text(length)
  end
end

local random = {}

function random.int(min, max)
  min, max = checks.int(min, 1, "int"), checks.int(max, 2, "int")
  if min > max then
    local problem = "min (" .. number_text(min) .. ") must be less than or equal to max ("
    return argument_error(1, "int", problem .. number_text(max) .. ")")
  end
  return native_or_raise(native.random_int, min, max)
end

function random.float()
  return native_or_raise(native.random_float)
end

function random.string(length)
  length = checks.int(length, 1, "string")
  local problem = length_problem(length)
  if problem then return argument_error(1, "string", problem) end
  return native_or_raise(native.random_string, length)
end

-- A function that returns random bytes as text; unlike `string` it does not raise.
local function drawer(name, draw)
  return function(size)
    size = checks.int(size, 1, name)
    local problem = length_problem(size)
    if problem then return nil, problem end
    return native_or_raise(draw, size)
  end
end

random.bytes = drawer("bytes", native.random_base64)
random.hex = drawer("hex", native.random_hex)

function random.id()
  return native_or_raise(native.random_id)
end

return random
