-- Running a function: compile once, then per invocation a fresh environment
-- and fresh prototypes.
--
-- Fresh prototypes are a matter of speed: a prototype that has been run with
-- several environments makes LuaJIT give up specialisations, which costs more
-- than half of its speed.  Loading bytecode is cheap, and only bytecode that
-- was dumped right here is ever loaded.  They also keep compiled traces from
-- outliving their invocation: traces treat the string metatable as constant.
--
-- The price is that every invocation compiles its hot loops again, some 100 µs
-- each, which short functions would never earn back.  So a loop has to be much
-- hotter than by default, and the counters, which LuaJIT shares between loops
-- by address, start anew with every invocation.

local core = ...
local util = require("jit.util")
local dump, ipairs, loadstring, lower, next = string.dump, ipairs, loadstring, string.lower, next
local randomseed, rawget, setfenv, setmetatable, type =
  math.randomseed, rawget, setfenv, setmetatable, type
local band, byte, rshift = bit.band, string.byte, bit.rshift
local set_jit_options = jit.opt.start
local call_guest, native = core.call_guest, core.native

local ESCAPE, HASH = 27, 35
local MAX_VERSIONS = 8
local HOT_LOOP = "hotloop=1000"

local NO_HANDLER = "handler function not found in Lua code"
-- The number of the instruction that sets a global.
local SET_GLOBAL = band(util.funcbc(loadstring("handler = nil"), 2), 0xff)
-- Names of what leads to globals that can't be seen.
local DYNAMIC = { "_G", "setfenv", "getfenv", "rawset", "loadstring", "load" }

-- By version: its bytecode, what makes its globals, and whether frames may be held back for it.
local bytecode, makers, brief, versions = {}, {}, {}, 0

-- Add the names that *code* and the functions in it may have for globals to the set *names*.
local function add_names(code, names)
  for index = 1, util.funcinfo(code).gcconsts do
    local constant = util.funck(code, -index)
    if type(constant) == "proto" then
      add_names(constant, names)
    elseif type(constant) == "string" then
      names[constant] = true
    end
  end
  return names
end

-- The names of all globals that *code* may use, or nil if that can't be seen.
local function names_in(code)
  local names = add_names(code, {})
  for _, name in ipairs(DYNAMIC) do
    if names[name] then return nil end
  end
  return names
end

-- Compile *source*; returns the message of the compiler if it can't be.
function core.compile(version, source)
  native.restore_memory_limit()
  local first = byte(source)
  if first == ESCAPE then return "<string>:1: bytecode is not accepted, only source text" end
  if first == HASH then return "<string>:1: unexpected symbol near '#'" end
  local func, problem = loadstring(source, "=<string>", "t")
  if not func then return problem end
  if versions == MAX_VERSIONS then
    bytecode, makers, brief, versions = {}, {}, {}, 0
  end
  local names = names_in(func)
  brief[version] = core.may_hold_frames(names)
  makers[version] = core.environment_maker(names, brief[version])
  bytecode[version], versions = dump(func), versions + 1
end

function core.is_compiled(version)
  return bytecode[version] ~= nil
end

function core.is_brief(version)
  return brief[version]
end

-- Whether *code*, or a function in it, sets the global `handler`.
local function sets_handler(code)
  local info = util.funcinfo(code)
  for index = 1, info.gcconsts do
    local constant = util.funck(code, -index)
    if type(constant) == "proto" and sets_handler(constant) then return true end
  end
  for place = 1, info.bytecodes - 1 do
    local instruction = util.funcbc(code, place)
    local constant = -rshift(instruction, 16) - 1
    if band(instruction, 0xff) == SET_GLOBAL and util.funck(code, constant) == "handler" then
      return true
    end
  end
  return false
end

-- What a compiled version will certainly fail with, as far as that can be told without running it.
function core.problem_in(version)
  local code = loadstring(bytecode[version], "=<string>", "b")
  if names_in(code) and not sets_handler(code) then return NO_HANDLER end
end

local function any_case(headers, name)
  if type(name) ~= "string" then return nil end
  local wanted = lower(name)
  for key, value in next, headers do
    if type(key) == "string" and lower(key) == wanted then return value end
  end
end

local function event_table(packed)
  local event = core.unpack(packed)
  if type(event.headers) == "table" then
    setmetatable(event.headers, { __index = any_case })
  end
  return event
end

-- Returns true and the parts of the response, or false, kind, message and line.
local function run(version, context, packed_event, seed, is_holding)
  randomseed(seed)
  set_jit_options(HOT_LOOP)
  core.reset_json_marks()
  local ctx, event = core.unpack(context), event_table(packed_event)
  -- For library functions, whatever the guest does to its table.
  core.mount, core.base_url = ctx.mount, ctx.baseUrl
  local env = core.open_environment(makers[version], brief[version])
  local chunk = setfenv(loadstring(bytecode[version], "=<string>", "b"), env)
  if is_holding then core.watch_held_frames() end
  local ok, result, message, line = call_guest(chunk)
  if not ok then return false, result, message, line end
  local handler = rawget(env, "handler")
  if type(handler) ~= "function" then
    return false, "runtime", NO_HANDLER
  end
  ok, result, message, line = call_guest(handler, ctx, event)
  if not ok then return false, result, message, line end
  if type(result) ~= "table" then return false, "runtime", "handler did not return a table" end
  local status, body, is_base64, lines, count = core.convert_response(result)
  if not status then return false, "runtime", body end
  return true, status, body, is_base64, count > 0 and core.pack(lines) or nil
end

-- Run a compiled version once, with frames held back or not.  Python lifted the
-- memory limit to hand over the arguments; guest code must not see it lifted.
function core.invoke(version, context, event, seed, is_holding)
  native.restore_memory_limit()
  local ok, first, second, third, fourth = run(version, context, event, seed, is_holding)
  core.stop_watching()
  core.close_environment()
  return ok, first, second, third, fourth
end
