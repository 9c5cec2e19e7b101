-- Number to text, as scripts expect it: integers without exponent up to 2^63,
-- everything else in the shortest form that reads back equal.
--
-- Trusted code never calls methods on strings (`s:sub()`): the string metatable
-- belongs to the guest while its invocation runs.

local core = ...
local format, gsub, match, rep, sub =
  string.format, string.gsub, string.match, string.rep, string.sub
local floor, frexp, tonumber = math.floor, math.frexp, tonumber

local SMALLEST_NORMAL = 2.2250738585072014e-308

-- The neighbours of a power of two lie closer below it than above, so a text of
-- 16 digits may read back equal although it is not the nearest one: the next
-- above.  Takes 17 digits; returns nil if this is no such case.
local function rounded_up(text, n)
  local head, tail, exponent = match(text, "^(.*)(%d%d%d%d%d%d%d%d)%d(e.*)$")
  local candidate = head .. format("%08d", tonumber(tail) + 1) .. exponent
  return tonumber(candidate) == n and candidate or nil
end

-- Shortest "%e" text.  15 digits always survive the trip for normal numbers, so
-- trying 15, 16 and 17 is enough; denormals have fewer digits than that.
local function scientific(n)
  local text
  if n > -SMALLEST_NORMAL and n < SMALLEST_NORMAL then
    for precision = 0, 16 do
      text = format("%." .. precision .. "e", n)
      if tonumber(text) == n then return text end
    end
  end
  text = format("%.14e", n)
  if tonumber(text) == n then return (gsub(text, "%.?0*e", "e", 1)) end
  text = format("%.15e", n)
  if tonumber(text) == n then return (gsub(text, "%.?0*e", "e", 1)) end
  text = format("%.16e", n)
  local mantissa = frexp(n)
  return (mantissa == 0.5 or mantissa == -0.5) and rounded_up(text, n) or (gsub(text, "%.?0*e", "e", 1))
end

-- Shortest positional text; for 1e-4 <= |n| < 1e15 only.
local function positional(n)
  local text = format("%.15g", n)
  if tonumber(text) == n then return text end
  text = format("%.16g", n)
  if tonumber(text) == n then return text end
  return format("%.17g", n)
end

local function number_text(n)
  if n >= -9223372036854775808 and n < 9223372036854775808 and floor(n) == n then
    return format("%d", n)
  end
  if n ~= n then return "NaN" end
  if n == 1 / 0 then return "+Inf" end
  if n == -1 / 0 then return "-Inf" end
  local size = n < 0 and -n or n
  if size >= 1e-4 and size < 1e6 then return positional(n) end
  return scientific(n)
end

-- JSON: exponents only below 1e-6 and from 1e21, and written without padding.
-- Returns nil and the name of the value for NaN and the infinities.
local function number_json(n)
  if n > -9007199254740992 and n < 9007199254740992 and floor(n) == n then
    if n == 0 and 1 / n < 0 then return "-0" end
    return format("%d", n)
  end
  if n ~= n or n == 1 / 0 or n == -1 / 0 then return nil, number_text(n) end
  local size = n < 0 and -n or n
  if size >= 1e-4 and size < 1e15 then return positional(n) end
  local text = scientific(n)
  if size < 1e-6 or size >= 1e21 then return (gsub(text, "e([+-])0", "e%1", 1)) end
  local sign, first, rest, exponent = match(text, "^(-?)(%d)%.?(%d*)e([+-]%d+)$")
  local digits, places = first .. rest, tonumber(exponent)
  if places < 0 then return sign .. "0." .. rep("0", -places - 1) .. digits end
  local after = #digits - 1 - places
  if after <= 0 then return sign .. digits .. rep("0", -after) end
  return sign .. sub(digits, 1, places + 1) .. "." .. sub(digits, places + 2)
end

core.number_text = number_text
core.number_json = number_json
