-- Guest module `time`.

local core, host = ...
local checks, native = core.checks, core.native
local floor, pairs, time = math.floor, pairs, os.time

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

return time_functions
