-- The globals of guest code.  Every invocation gets its own copy of every table,
-- built by a generated constructor, so nothing a script changes survives.
--
-- Globals that the code can't name are left out: no script can tell, and most
-- name few.  Code gets at a global by its name, which is among its constants,
-- or by way of the table of all globals, and then it names what gives it that.

local core = ...
local base = {}
for name, value in pairs(_G) do base[name] = value end
local error, format, loadstring, pairs, setmetatable, type =
  base.error, string.format, base.loadstring, base.pairs, base.setmetatable, base.type
local collect, getfenv, getinfo, load = base.collectgarbage, base.getfenv, debug.getinfo, base.load
local select, setfenv, tostring = base.select, base.setfenv, base.tostring
local concat, traceback = table.concat, debug.traceback
local find, lower, rep, upper = string.find, string.lower, string.rep, string.upper
local argument_error, checks = core.argument_error, core.checks
local is_trusted, raise = core.is_trusted, core.raise
local native, number_text = core.native, core.number_text

local GUEST_CHUNK = "=<string>"

local guest_env -- of the invocation in progress

-- What is not there ----------------------------------------------------------

local function refuse(name)
  return raise(name .. " is not available in the sandbox")
end

local function removed_function(name)
  return function() return refuse(name) end
end

-- Stands for anything in a removed library: fails when called, indexed or used as text.
local function removed_member(name)
  local function fail() return refuse(name) end
  return setmetatable({}, {
    __call = fail, __concat = fail, __index = fail, __newindex = fail, __tostring = fail,
    __metatable = false,
  })
end

local function removed_library(name)
  local mark = {
    __index = function(_, key)
      return removed_member(name .. "." .. (type(key) == "string" and key or type(key)))
    end,
    __metatable = false,
  }
  return function() return setmetatable({}, mark) end
end

-- Base functions ---------------------------------------------------------------

local function guest_tostring(...)
  local value = ...
  if type(value) == "number" then return number_text(value) end
  return tostring(...)
end

local function guest_print(...)
  local texts = {}
  for index = 1, select("#", ...) do
    local text = guest_tostring((select(index, ...)))
    if type(text) ~= "string" then return raise("'tostring' must return a string to 'print'") end
    texts[index] = text
  end
  core.log("info", concat(texts, "\t"))
end

-- Text only: bytecode could break out of the interpreter.
local function guest_load(chunk, name)
  -- The name of the user's own source is how error lines are found.
  if name == GUEST_CHUNK then name = "=(load)" end
  local func, problem
  if type(chunk) == "function" then
    func, problem = load(chunk, name, "t")
  elseif type(chunk) == "string" or type(chunk) == "number" then
    func, problem = loadstring(chunk, name, "t")
  else
    return argument_error(1, "load", "string or function expected, got " .. type(chunk))
  end
  if not func then return nil, problem end
  return setfenv(func, guest_env)
end

-- The function that *target* means to the guest's getfenv or setfenv.
local function target_function(target, name)
  if type(target) == "function" then return target end
  local level = checks.number(target, 1, name)
  -- Levels count from our caller's caller: this function and ours are on top.
  local info = level >= 1 and getinfo(level + 2, "f")
  if not info then return argument_error(1, name, "invalid level") end
  return info.func
end

local function guest_getfenv(target)
  if target == nil then target = 1 end
  if target == 0 then return guest_env end
  local func = target_function(target, "getfenv")
  return is_trusted(func) and guest_env or getfenv(func)
end

local function guest_setfenv(target, env)
  checks.table(env, 2, "setfenv")
  local func = target ~= 0 and target_function(target, "setfenv")
  if not func or is_trusted(func) then
    return raise("'setfenv' cannot change the environment of the given object")
  end
  return setfenv(func, env)
end

local COLLECT_SETTINGS = { stop = true, restart = true, setpause = true, setstepmul = true }

-- Settings of the collector outlive the invocation, so they are left alone.
local function guest_collectgarbage(option, argument)
  option = option == nil and "collect" or option
  if option == "collect" or option == "count" or option == "step" then
    local amount = type(argument) == "number" and argument or 0
    local result = collect(option, amount)
    return result
  end
  if COLLECT_SETTINGS[option] then return 0 end
  return argument_error(1, "collectgarbage", "invalid option")
end

local function guest_traceback(...)
  local first, message, level = ...
  local trace
  if type(first) == "thread" then
    trace = traceback(...)
  else
    message, level = ...
    trace = traceback(message, (type(level) == "number" and level or 1) + 1)
  end
  return type(trace) == "string" and core.without_trusted_frames(trace) or trace
end

-- Case mapping knows all of Unicode; text that is not UTF-8 is mapped bytewise.
function core.case_mapper(name, map_unicode, map_bytes)
  return function(text)
    if type(text) ~= "string" then text = checks.string(text, 1, name) end
    if not find(text, "[\128-\255]") then return map_bytes(text) end
    return core.call_native(map_unicode, text) or map_bytes(text)
  end
end

-- LuaJIT takes counts as 32-bit integers: 1e10 would silently give an empty string.
local function guest_rep(text, count, separator)
  if type(count) == "number" and count >= 2147483648 and text ~= "" then
    return raise("not enough memory")
  end
  return rep(text, count, separator)
end

-- What scripts see -------------------------------------------------------------

local function pick(source, names)
  local picked = {}
  for _, name in base.ipairs(names) do
    if source[name] == nil then error("the interpreter lacks " .. name) end
    picked[name] = source[name]
  end
  return picked
end

local function library()
  local all = pick(base, {
    "_VERSION", "assert", "error", "gcinfo", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal",
    "rawget", "rawset", "select", "setmetatable", "tonumber", "type", "unpack", "xpcall",
  })
  all.tostring, all.print = guest_tostring, guest_print
  all.load, all.loadstring = guest_load, guest_load
  all.getfenv, all.setfenv = guest_getfenv, guest_setfenv
  all.collectgarbage = guest_collectgarbage
  for _, name in base.ipairs({ "dofile", "loadfile", "module", "newproxy", "require" }) do
    all[name] = removed_function(name)
  end
  all.string = pick(string, {
    "byte", "char", "find", "format", "gmatch", "gsub", "len", "match", "reverse", "sub",
  })
  all.string.gfind, all.string.rep = string.gmatch, guest_rep
  all.string.upper = core.case_mapper("upper", native.upper, upper)
  all.string.lower = core.case_mapper("lower", native.lower, lower)
  all.string.dump = removed_function("string.dump")
  all.table = pick(table, {
    "concat", "foreach", "foreachi", "getn", "insert", "maxn", "remove", "sort",
  })
  all.table.unpack = base.unpack
  all.math = pick(math, {
    "abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod",
    "frexp", "huge", "ldexp", "log", "log10", "max", "min", "modf", "pi", "pow", "rad", "random",
    "randomseed", "sin", "sinh", "sqrt", "tan", "tanh",
  })
  all.math.mod = math.fmod
  all.coroutine = pick(coroutine, { "create", "resume", "running", "status", "wrap", "yield" })
  all.os = pick(os, { "clock", "difftime" })
  all.os.date, all.os.time = core.os_date, core.os_time
  for _, name in base.ipairs({
    "execute", "exit", "getenv", "remove", "rename", "setenv", "setlocale", "tmpname",
  }) do
    all.os[name] = removed_function("os." .. name)
  end
  return all
end

-- A function that builds a fresh copy of *content*, tables in it included.
-- *extra* are ready constructors for further members.
local function constructor(content, extra)
  local values, makers, lines = {}, {}, {}
  local function add(name, list, value, call)
    list[#list + 1] = value
    lines[#lines + 1] = format("[%q] = %s[%d]%s,", name, list == values and "v" or "m", #list, call)
  end
  for name, value in pairs(content) do
    if type(value) == "table" then
      add(name, makers, constructor(value, {}), "()")
    else
      add(name, values, value, "")
    end
  end
  for name, maker in pairs(extra) do add(name, makers, maker, "()") end
  local source = "local v, m = ...\nreturn function() return {\n" .. concat(lines, "\n") .. "\n} end"
  return loadstring(source, "=[perilune environment]")(values, makers)
end

local string_mark = base.getmetatable("")
string_mark.__metatable = false

-- Ready values, and what makes fresh tables, by the names of the globals.
local values, makers = {}, {}
local make_brief_strings
local make_strings, string_members -- of the invocation in progress

-- What strings are indexed with: the library, made when a script first uses it in this way.
local function string_member(_, key)
  string_members = string_members or make_strings()
  string_mark.__index = string_members
  return string_members[key]
end

-- Fix the set of globals: base libraries and *modules* (name to table).
function core.set_modules(modules)
  local all = library()
  for name, module in pairs(modules) do all[name] = module end
  for name, value in pairs(all) do
    if type(value) == "table" then
      makers[name] = constructor(value, {})
    else
      values[name] = value
    end
  end
  make_brief_strings = constructor(core.brief_strings(all.string), {})
  for _, name in base.ipairs({ "io", "package", "channel" }) do makers[name] = removed_library(name) end
  local make_debug = removed_library("debug")
  makers.debug = function() return base.rawset(make_debug(), "traceback", guest_traceback) end
end

local function picked(source, names)
  local found = {}
  for name in pairs(names) do found[name] = source[name] end
  return found
end

-- A function that makes the globals of a new invocation of code that can name
-- those in the set *names*; with nil it may name any.
function core.environment_maker(names, is_brief)
  local extra = picked(makers, names or makers)
  if is_brief and extra.string then extra.string = make_brief_strings end
  return constructor(picked(values, names or values), extra)
end

-- Make the globals of a new invocation.
function core.open_environment(make, is_brief)
  local env = make()
  env._G = env
  guest_env = env
  make_strings = is_brief and make_brief_strings or makers.string
  string_members = env.string
  string_mark.__index = string_members or string_member
  return env
end

-- Let go of everything the guest could have kept alive.
function core.close_environment()
  guest_env, string_members = nil, nil
  string_mark.__index = nil
end
