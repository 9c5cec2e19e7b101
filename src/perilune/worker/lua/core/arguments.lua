-- Checks of the arguments that guests give to library functions.

local core = ...
local argument_error, floor, ceil, number_text = core.argument_error, math.floor, math.ceil, core.number_text
local tonumber, type = tonumber, type

local checks = {}

function checks.string(value, number, name)
  if type(value) == "string" then return value end
  if type(value) == "number" then return number_text(value) end
  return argument_error(number, name, "string expected, got " .. type(value))
end

function checks.int(value, number, name)
  if type(value) ~= "number" then
    return argument_error(number, name, "number expected, got " .. type(value))
  end
  if value ~= value or value == 1 / 0 or value == -1 / 0 then
    return argument_error(number, name, "number has no integer representation")
  end
  return value < 0 and ceil(value) or floor(value)
end

function checks.number(value, number, name)
  local converted = (type(value) == "number" or type(value) == "string") and tonumber(value)
  if converted then return converted end
  return argument_error(number, name, "number expected, got " .. type(value))
end

function checks.table(value, number, name)
  if type(value) == "table" then return value end
  return argument_error(number, name, "table expected, got " .. type(value))
end

core.checks = checks
