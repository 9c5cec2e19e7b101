-- Errors on both sides of the border between guest and trusted code: where a
-- guest's mistake is reported, and what is told about an error that ended an
-- invocation.

local core = ...
local assert, error, getfenv, getinfo, globals = assert, error, getfenv, debug.getinfo, _G
local getmetatable, pcall, rawget = getmetatable, pcall, rawget
local gsub, match, rawequal, sub, tonumber = string.gsub, string.match, rawequal, string.sub, tonumber
local tostring, traceback, type, xpcall = tostring, debug.traceback, type, xpcall

local OWN_CHUNK = "=<string>"
local MAX_MESSAGE_BYTES = 32 * 1024
-- getinfo(level) walks from the top each time, so a full search of a deep stack is quadratic.
local MAX_LEVELS = 100

-- Trusted functions, Lua and C alike, are those whose environment is the real `_G`.
local function is_trusted(func)
  return rawequal(getfenv(func), globals)
end

-- Where the guest called us: `<string>:LINE: `, and whether a C function such
-- as pcall stood in between.
local function calling_position()
  local level, through_c = 2, false
  while true do
    local info = getinfo(level, "Slf")
    if not info then return "", through_c end
    if info.what == "C" then
      through_c = true
    elseif not is_trusted(info.func) then
      return info.short_src .. ":" .. info.currentline .. ": ", through_c
    end
    level = level + 1
  end
end

-- Raise at the guest's line.
local function raise(text)
  local position = calling_position()
  error(position .. text, 0)
end

local function argument_error(number, name, problem)
  local position, indirect = calling_position()
  local called = indirect and "(anonymous)" or name
  error(position .. "bad argument #" .. number .. " to " .. called .. " (" .. problem .. ")", 0)
end

-- Stack lines of trusted code say nothing to the author of a script.
local function without_trusted_frames(trace)
  return (gsub(trace, "\n\t%[perilune [^\n]*", ""))
end

local function message_text(value)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "number" then return core.number_text(value) end
  if kind ~= "table" then return tostring(value) end
  local meta = getmetatable(value)
  if type(meta) == "table" and rawget(meta, "__tostring") ~= nil then
    local is_shown, shown = pcall(tostring, value)
    if is_shown and type(shown) == "string" then return shown end
  end
  local text, problem = core.json_encode(value)
  return text or "(error object is a table without JSON form: " .. problem .. ")"
end

-- Line of the user's own source that an error belongs to.  The prefix of a
-- message counts only where the VM must have written it: text given to `error`
-- may hold anything, so its prefix has to be the line of a frame on the stack.
local function own_line(value)
  local innermost, stated
  local raised_by = getinfo(3, "f")
  if type(value) == "string" then
    stated = tonumber(match(value, "^<string>:(%d+): "))
  end
  local by_guest = raised_by and (raised_by.func == error or raised_by.func == assert)
  if stated and not by_guest then return stated end
  for level = 3, MAX_LEVELS do
    local info = getinfo(level, "Sl")
    if not info then break end
    if info.source == OWN_CHUNK and info.currentline > 0 then
      if info.currentline == stated then return stated end
      innermost = innermost or info.currentline
      if not stated then break end
    end
  end
  return innermost
end

local recorded, line, message

local function on_error(value)
  -- Little stack is left after an overflow: note the essentials first.
  recorded = true
  if type(value) == "string" then message = value end
  line = own_line(value)
  message = message_text(value)
  local text = core.shorten(message, MAX_MESSAGE_BYTES, " [message cut]")
  local trace = without_trusted_frames(traceback("", 2))
  -- What remains below the guest is the xpcall that started it.
  trace = gsub(trace, "\n\t%[C%]: in function 'xpcall'$", "")
  message = text .. trace
end

-- Call guest code.  Returns true and its first result, or false, the kind of
-- failure, the message and the line.
local function call_guest(func, first, second)
  recorded, line, message = false, nil, nil
  local ok, result = xpcall(func, on_error, first, second)
  if ok then return true, result end
  if not recorded then message = result end -- the VM had no room left to call the handler
  local text = type(message) == "string" and message or "error in error handling"
  local first_line = match(text, "^[^\n]*")
  local kind = sub(first_line, -17) == "not enough memory" and "memory" or "runtime"
  return false, kind, text, line
end

core.is_trusted = is_trusted
core.raise = raise
core.argument_error = argument_error
core.without_trusted_frames = without_trusted_frames
core.call_guest = call_guest
