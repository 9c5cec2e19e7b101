-- Guest module `json`.

local core = ...
local argument_error, checks, raise = core.argument_error, core.checks, core.raise
local rawget, select, setmetatable, type = rawget, select, setmetatable, type
local metatable_of = debug.getmetatable

local INDENT = "  "

local function encode(...)
  if select("#", ...) == 0 then return argument_error(1, "encode", "value expected") end
  local value, options = ...
  if type(options) ~= "table" then return core.json_encode(value) end
  local indent = rawget(options, "pretty") and INDENT or nil
  return core.json_encode(value, indent, rawget(options, "escape_html") == false)
end

local function decode(text, options)
  if type(text) ~= "string" then text = checks.string(text, 1, "decode") end
  local keep_null = type(options) == "table" and rawget(options, "null")
  return core.json_decode(text, keep_null and core.json_null or nil)
end

local function mark(value, name, metatable)
  checks.table(value, 1, name)
  local present = metatable_of(value)
  if present and rawget(present, "__metatable") ~= nil then
    return raise("cannot change a protected metatable")
  end
  return setmetatable(value, metatable)
end

local function array(value)
  local array_mark = core.json_marks()
  return mark(value, "array", array_mark)
end

local function object(value)
  local _, object_mark = core.json_marks()
  return mark(value, "object", object_mark)
end

return { encode = encode, decode = decode, array = array, object = object, null = core.json_null }
