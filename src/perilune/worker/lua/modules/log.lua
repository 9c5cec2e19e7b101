-- Guest module `log`.  Fields become a JSON suffix here, so the host gets text only.

local core, host = ...
local checks, shorten = core.checks, core.shorten
local type = type

-- Store one line; without a host function for *level* there is nowhere to put it.
function core.log(level, message)
  local send = host[level]
  if not send then return end
  local mark = " [cut, " .. #message .. " bytes in all]"
  send(shorten(message, core.limits.log_line_bytes, mark))
end

local function logger(level)
  return function(message, fields)
    if type(message) ~= "string" then message = checks.string(message, 1, level) end
    if type(fields) == "table" then
      local text, problem = core.json_encode(fields)
      message = message .. " " .. (text or "(fields left out: " .. problem .. ")")
    end
    core.log(level, message)
  end
end

return { info = logger("info"), debug = logger("debug"), warn = logger("warn"), error = logger("error") }
