-- Guest module `time`, and those functions of `os` that know the server's zone.

local core, host = ...
local call_native, checks, native, raise = core.call_native, core.checks, core.native, core.raise
local date, floor, pairs, time = os.date, math.floor, pairs, os.time
local format, gsub, sub, tonumber, type = string.format, string.gsub, string.sub, tonumber, type

local RFC3339 = "2006-01-02T15:04:05Z07:00"
-- Fields of a date table are C integers.
local MAX_FIELD = 2147483647

local time_functions = {}
for name, func in pairs(host) do time_functions[name] = func end

function time_functions.now()
  local seconds = time()
  return seconds
end

function time_functions.now_ms()
  return floor(native.now_s() * 1000)
end

-- A sleep that is too long for the invocation ends with it: the host kills the worker.
function time_functions.sleep(milliseconds)
  milliseconds = checks.number(milliseconds, 1, "sleep")
  if milliseconds > 0 then native.sleep(milliseconds / 1000) end
end

function time_functions.format(seconds, layout, zone)
  seconds, layout = checks.number(seconds, 1, "format"), checks.string(layout, 2, "format")
  if zone ~= nil then zone = checks.string(zone, 3, "format") end
  local text, problem = call_native(native.format_time, seconds, layout, zone)
  if text then return text end
  return nil, problem
end

function time_functions.parse(text, layout, zone)
  text, layout = checks.string(text, 1, "parse"), checks.string(layout, 2, "parse")
  if zone ~= nil then zone = checks.string(zone, 3, "parse") end
  local seconds, problem = call_native(native.parse_time, text, layout, zone)
  return seconds, problem
end

function time_functions.iso(seconds)
  seconds = seconds == nil and time() or checks.number(seconds, 1, "iso")
  return core.native_or_raise(native.format_time, seconds, RFC3339, "UTC")
end

-- C formats UTC only: in the sandbox it can't read the file of the server's zone.
function core.os_date(form, seconds)
  form = form == nil and "%c" or checks.string(form, 1, "date")
  seconds = seconds == nil and time() or checks.number(seconds, 2, "date")
  if sub(form, 1, 1) == "!" then return (date(form, seconds)) end
  local offset, name, is_dst = call_native(native.server_rule, seconds)
  if sub(form, 1, 2) == "*t" then
    local fields = date("!*t", seconds + offset)
    if fields then fields.isdst = is_dst end
    return fields
  end
  local minutes = floor((offset < 0 and -offset or offset) / 60)
  local values = {
    Z = gsub(name, "%%", "%%%%"),
    z = format("%s%02d%02d", offset < 0 and "-" or "+", floor(minutes / 60), minutes % 60),
    s = format("%.0f", seconds),
  }
  return (date("!" .. gsub(form, "%%(.)", values), seconds + offset))
end

local function field(fields, name, default)
  local value = tonumber(fields[name]) or default
  if not value then return raise("field '" .. name .. "' missing in date table") end
  if not (value >= -MAX_FIELD and value <= MAX_FIELD) then
    return raise("field '" .. name .. "' is out of range")
  end
  return floor(value)
end

function core.os_time(fields)
  if fields == nil then return (time()) end
  checks.table(fields, 1, "time")
  local months = field(fields, "year") * 12 + field(fields, "month") - 1
  local hours = (field(fields, "day") - 1) * 24 + field(fields, "hour", 12)
  local seconds = (hours * 60 + field(fields, "min", 0)) * 60 + field(fields, "sec", 0)
  local is_dst = fields.isdst
  if is_dst ~= nil then is_dst = is_dst and true or false end
  return (call_native(native.server_time, months, seconds, is_dst))
end

return time_functions
