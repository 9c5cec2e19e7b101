-- Calls to the host: one wrapper per host function, with its argument checks.

local core = ...
local concat, error, format = table.concat, error, string.format
local ipairs, loadstring = ipairs, loadstring
local pcall, type = pcall, type
local native = core.native

-- Status of a host call, as the Python side returns it.
local SCALAR, PACKED, FAILED, HELD = 0, 1, 2, 3

-- Python works without the memory limit, because an allocation that fails in
-- the middle of Python code can't be survived; here it is in force again.
-- What Python raises never reaches the guest.
local function finish(ok, ...)
  native.restore_memory_limit()
  if not ok then error("internal error in the sandbox", 0) end
  return ...
end

-- Call a Python function that returns strings.
local function call_native(func, ...)
  return finish(pcall(func, ...))
end

-- Call a library function that can't fail but by running out of memory.
local function native_or_raise(func, ...)
  local value, problem = call_native(func, ...)
  if value == nil then return core.raise(problem) end
  return value
end

local function send(index, ...)
  local ok, status, value = pcall(native.send, index, ...)
  if not ok then error("internal error in the sandbox", 0) end
  if status == FAILED then error(value, 0) end
  if status == HELD then core.watch_held_frames() end
end

local function answer(failed_value, status, value)
  if status == SCALAR then return value end
  if status == PACKED then return core.unpack(value) end
  return failed_value, value
end

local function call_or_nil(index, ...)
  return answer(nil, call_native(native.call, index, ...))
end

local function call_or_false(index, ...)
  return answer(false, call_native(native.call, index, ...))
end

local function packed(value, number, name)
  local text, problem = core.pack(value)
  if text then return text end
  return core.argument_error(number, name, "unsupported " .. problem)
end

-- One wrapper, written out so that the JIT compiler sees plain code:
--   return function(a1, a2)
--     if type(a1) ~= "string" then a1 = check_string(a1, 1, "set") end
--     if a2 ~= nil then a2 = packed(check_table(a2, 2, "set"), 2, "set") end
--     return call(3, a1, a2)
--   end
local function wrapper_source(index, name, kinds, optional)
  local names, body = {}, {}
  for number, kind in ipairs(kinds) do
    local argument = "a" .. number
    names[number] = argument
    local checked = argument
    if kind ~= "any" then checked = format("checks[%q](%s, %d, %q)", kind, argument, number, name) end
    if kind == "any" or kind == "table" then
      checked = format("packed(%s, %d, %q)", checked, number, name)
    end
    local condition = "true"
    if optional[number] then
      condition = argument .. " ~= nil"
    elseif kind == "string" then
      condition = format("type(%s) ~= %q", argument, "string")
    end
    body[number] = format("if %s then %s = %s end\n", condition, argument, checked)
  end
  local arguments = concat(names, ", ")
  return format(
    "local call, checks, packed, type = ...\nreturn function(%s)\n%sreturn call(%d%s)\nend",
    arguments, concat(body), index, #names > 0 and ", " .. arguments or ""
  )
end

-- The Lua function for host function *index*.
function core.bind(index, name, kinds, optional, has_reply, fails_with_false)
  local source = wrapper_source(index, name, kinds, optional)
  local call = has_reply and (fails_with_false and call_or_false or call_or_nil) or send
  return loadstring(source, "=[perilune host]")(call, core.checks, packed, type)
end

core.call_native = call_native
core.native_or_raise = native_or_raise
