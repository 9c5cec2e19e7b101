-- Value to JSON text.  Tables are read raw: no metamethod of a guest runs here.

local core = ...
local char, find, floor, format, gsub, rep =
  string.char, string.find, math.floor, string.format, string.gsub, string.rep
local concat, ipairs, next, rawequal, rawget, sort, type =
  table.concat, ipairs, next, rawequal, rawget, table.sort, type
-- The guest may have hidden a metatable from `getmetatable`; this one sees all.
local metatable_of = debug.getmetatable
local number_json, number_text, valid_utf8 = core.number_json, core.number_text, core.valid_utf8

local MAX_DEPTH = 200
-- A list longer than this must be at least half filled to be written as one.
local MAX_SPARSE_LENGTH = 1000

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
  ["<"] = "\\u003c", [">"] = "\\u003e", ["&"] = "\\u0026",
}
for code = 0, 31 do
  ESCAPES[char(code)] = ESCAPES[char(code)] or format("\\u%04x", code)
end

-- `json.null`.  A userdata, because it outlives invocations and must be immutable.
local null = newproxy(true)
metatable_of(null).__tostring = function() return "null" end
metatable_of(null).__metatable = false

-- Settings of the call in progress; no guest code runs before it ends.
local escape_html, indentation
-- Metatables that mark arrays and objects; fresh for every invocation, since
-- guests can reach them.
local array_mark, object_mark

local function string_json(text)
  if not find(text, '[%z\1-\31"\\<>&\128-\255]') then return '"' .. text .. '"' end
  local pattern = escape_html and '[%z\1-\31"\\<>&]' or '[%z\1-\31"\\]'
  text = gsub(valid_utf8(text), pattern, ESCAPES)
  if find(text, "\226\128", 1, true) then
    text = gsub(gsub(text, "\226\128\168", "\\u2028"), "\226\128\169", "\\u2029")
  end
  return '"' .. text .. '"'
end

-- How to write *value*: as "array" with its length, or as "object" with its
-- sorted key texts and, where there are number keys, the key of each text.
-- Otherwise nil and the problem.
local function classify(value)
  local count, largest, plain, numbers, names, texts = 0, 0, true, 0, {}, 0
  for key in next, value do
    local kind = type(key)
    if kind == "number" then
      numbers = numbers + 1
      if key < 1 or floor(key) ~= key or key == 1 / 0 then plain = false end
      if key > largest then largest = key end
    elseif kind == "string" then
      texts = texts + 1
      names[texts] = key
    else
      return nil, "json: unsupported key type: " .. kind
    end
    count = count + 1
  end
  local mark = metatable_of(value)
  if numbers == count and plain and not (mark and rawequal(mark, object_mark)) then
    if count == 0 and not (mark and rawequal(mark, array_mark)) then return "object", names end
    if largest > MAX_SPARSE_LENGTH and largest > 2 * count then return nil, "sparse array" end
    return "array", largest
  end
  if numbers == 0 then
    sort(names)
    return "object", names
  end
  local keys = {}
  for _, name in ipairs(names) do keys[name] = name end
  for key in next, value do
    if type(key) == "number" then
      local name = number_text(key)
      if keys[name] ~= nil then return nil, "json: duplicate key: " .. name end
      keys[name] = key
      texts = texts + 1
      names[texts] = name
    end
  end
  sort(names)
  return "object", names, keys
end

-- Why a table lies too deep: usually because it contains itself.
local function depth_problem(path)
  local seen = {}
  for _, value in ipairs(path) do
    if seen[value] then return "json: unsupported value: table contains itself" end
    seen[value] = true
  end
  return "json: tables nested deeper than " .. MAX_DEPTH .. " levels"
end

local append

local function append_array(value, length, out, count, path, depth)
  out[count + 1] = "["
  count = count + 1
  local inner = indentation and "\n" .. rep(indentation, depth + 1)
  for index = 1, length do
    if index > 1 then
      out[count + 1] = ","
      count = count + 1
    end
    if inner then
      out[count + 1] = inner
      count = count + 1
    end
    local problem
    count, problem = append(rawget(value, index), out, count, path, depth + 1)
    if not count then return nil, problem end
  end
  out[count + 1] = indentation and length > 0 and "\n" .. rep(indentation, depth) .. "]" or "]"
  return count + 1
end

local function append_object(value, names, keys, out, count, path, depth)
  out[count + 1] = "{"
  count = count + 1
  local inner = indentation and "\n" .. rep(indentation, depth + 1) or ""
  local colon = indentation and ": " or ":"
  for index, name in ipairs(names) do
    out[count + 1] = (index > 1 and "," or "") .. inner .. string_json(name) .. colon
    local problem
    count, problem = append(rawget(value, keys and keys[name] or name), out, count + 1, path, depth + 1)
    if not count then return nil, problem end
  end
  out[count + 1] = indentation and #names > 0 and "\n" .. rep(indentation, depth) .. "}" or "}"
  return count + 1
end

-- Append *value* to *out* after *count* pieces; returns the new count or nil
-- and the problem.  *path* holds the tables around it.
function append(value, out, count, path, depth)
  local kind = type(value)
  local piece
  if kind == "string" then
    piece = string_json(value)
  elseif kind == "number" then
    local problem
    piece, problem = number_json(value)
    if not piece then return nil, "json: unsupported value: " .. problem end
  elseif kind == "boolean" then
    piece = value and "true" or "false"
  elseif kind == "nil" or rawequal(value, null) then
    piece = "null"
  elseif kind ~= "table" then
    return nil, "json: unsupported type: " .. kind
  end
  if piece then
    out[count + 1] = piece
    return count + 1
  end
  path[depth + 1] = value
  if depth > MAX_DEPTH then return nil, depth_problem(path) end
  local form, shape, keys = classify(value)
  if not form then return nil, shape end
  if form == "array" then return append_array(value, shape, out, count, path, depth) end
  return append_object(value, shape, keys, out, count, path, depth)
end

-- The JSON text of *value*, or nil and the problem.  *indent* makes it
-- readable; *keep_html* leaves `<`, `>` and `&` as they are.
function core.json_encode(value, indent, keep_html)
  escape_html, indentation = not keep_html, indent
  local out = {}
  -- `path` beyond the current depth is stale but never read: an error stops the walk.
  local count, problem = append(value, out, 0, {}, 0)
  if not count then return nil, problem end
  return concat(out, "", 1, count)
end

-- Start an invocation with metatables that nothing has touched.
function core.reset_json_marks()
  array_mark, object_mark = {}, {}
end

function core.json_marks()
  return array_mark, object_mark
end

core.json_null = null
