-- JSON text to value.  Works with a stack of its own, because 10,000 levels of
-- nesting must not use up Lua's.

local core = ...
local byte, concat, find, format, sub = string.byte, table.concat, string.find, string.format, string.sub
local next, setmetatable, tonumber = next, setmetatable, tonumber
local utf8_char, valid_utf8 = core.utf8_char, core.valid_utf8
local new_table = require("table.new")

local MAX_DEPTH = 10000
local CUT_SHORT = "unexpected end of JSON input"
local VISIBLE = "[^ \t\r\n]"
local BYTE_ORDER_MARK = "^\239\187\191"

local SHORT_ESCAPES = {
  [34] = '"', [92] = "\\", [47] = "/", [98] = "\b", [102] = "\f",
  [110] = "\n", [114] = "\r", [116] = "\t",
}
local LITERALS = { [116] = "true", [102] = "false", [110] = "null" }
local LITERAL_VALUES = { ["true"] = true, ["false"] = false }
local NAMED = {
  [7] = "\\a", [8] = "\\b", [9] = "\\t", [10] = "\\n", [11] = "\\v", [12] = "\\f", [13] = "\\r",
  [39] = "\\'", [92] = "\\\\",
}

-- Every syntax error: the character at *at*, and what it got in the way of.
local function invalid(text, at, context)
  local code = byte(text, at)
  if not code then return nil, CUT_SHORT end
  local shown = NAMED[code]
  if not shown then
    if code < 32 or code == 127 then
      shown = format("\\x%02x", code)
    elseif code < 128 then
      shown = sub(text, at, at)
    else
      shown = valid_utf8(sub(text, at, at + 3))
      shown = sub(shown, 1, (find(shown, "[%z\1-\127\194-\244]", 2) or 0) - 1)
    end
  end
  return nil, "invalid character '" .. shown .. "' " .. context
end

-- Readers take the position where their value starts.  They return the position
-- after it and the value, or nil and the problem.

local function read_literal(text, at)
  local literal = LITERALS[byte(text, at)]
  if sub(text, at, at + #literal - 1) == literal then
    return at + #literal, LITERAL_VALUES[literal]
  end
  local index = 2
  while byte(text, at + index - 1) == byte(literal, index) do index = index + 1 end
  local wanted = sub(literal, index, index)
  return invalid(text, at + index - 1, "in literal " .. literal .. " (expecting '" .. wanted .. "')")
end

local function skip_digits(text, at)
  local code = byte(text, at)
  while code and code >= 48 and code <= 57 do
    at = at + 1
    code = byte(text, at)
  end
  return at, code
end

local function read_number(text, from)
  local at = byte(text, from) == 45 and from + 1 or from
  local first, code = at, byte(text, at)
  if code == 48 then
    at, code = at + 1, byte(text, at + 1)
  else
    at, code = skip_digits(text, at)
    if at == first then return invalid(text, at, "in numeric literal") end
  end
  if code == 46 then
    first = at + 1
    at, code = skip_digits(text, first)
    if at == first then return invalid(text, at, "after decimal point in numeric literal") end
  end
  if code == 101 or code == 69 then
    first = at + 1
    code = byte(text, first)
    if code == 43 or code == 45 then first = first + 1 end
    at = skip_digits(text, first)
    if at == first then return invalid(text, at, "in exponent of numeric literal") end
  end
  return at, tonumber(sub(text, from, at - 1))
end

-- The character of the escape whose backslash is at *at*.
local function read_escape(text, at)
  local code = byte(text, at + 1)
  local short = SHORT_ESCAPES[code]
  if short then return at + 2, short end
  if code ~= 117 then return invalid(text, at + 1, "in string escape code") end
  local _, last = find(text, "^%x*", at + 2)
  if last < at + 5 then return invalid(text, last + 1, "in \\u hexadecimal character escape") end
  local point = tonumber(sub(text, at + 2, at + 5), 16)
  at = at + 6
  if point >= 0xD800 and point < 0xDC00 and find(text, "^\\u[dD][c-fC-F]%x%x", at) then
    local low = tonumber(sub(text, at + 2, at + 5), 16)
    return at + 6, utf8_char(0x10000 + (point - 0xD800) * 1024 + low - 0xDC00)
  end
  return at, utf8_char(point)
end

local function read_string(text, from)
  local at = from + 1
  local stop = find(text, '["\\%z\1-\31]', at)
  if stop and byte(text, stop) == 34 then return stop + 1, sub(text, at, stop - 1) end
  local parts, count = {}, 0
  while stop do
    local code = byte(text, stop)
    parts[count + 1] = sub(text, at, stop - 1)
    if code == 34 then return stop + 1, concat(parts) end
    if code ~= 92 then return invalid(text, stop, "in string") end
    local character
    at, character = read_escape(text, stop)
    if not at then return nil, character end
    parts[count + 2] = character
    count = count + 2
    stop = find(text, '["\\%z\1-\31]', at)
  end
  return nil, CUT_SHORT
end

-- A value that is neither object nor array.
local function read_scalar(text, at, code)
  if code == 34 then return read_string(text, at) end
  if LITERALS[code] then return read_literal(text, at) end
  if code == 45 or code >= 48 and code <= 57 then return read_number(text, at) end
  return invalid(text, at, "looking for beginning of value")
end

-- The key of a member; the position returned is behind its colon.
local function read_key(text, at)
  at = find(text, VISIBLE, at)
  if not at then return nil, CUT_SHORT end
  if byte(text, at) ~= 34 then return invalid(text, at, "looking for beginning of object key string") end
  local after, key = read_string(text, at)
  if not after then return nil, key end
  at = find(text, VISIBLE, after)
  if not at then return nil, CUT_SHORT end
  if byte(text, at) ~= 58 then return invalid(text, at, "after object key") end
  return at + 1, key
end

-- Decoding -----------------------------------------------------------------

-- A list with nulls in it gets an array part of exactly its length, so that `#`
-- counts the nulls as well unless the last item is one.
local function sized(list, length)
  local exact = new_table(length, 0)
  for index = 1, length do exact[index] = list[index] end
  return exact
end

-- The containers that are open, outermost first; for arrays the items so far,
-- for objects `false` and the key that waits for its value.
local function new_state()
  return { depth = 0, tables = {}, lengths = {}, has_nulls = {}, keys = {}, problem = nil }
end

-- Start the container at *at*.  Returns the position to go on from, and the
-- container if it is empty and thereby complete.
local function open(state, text, at, code)
  if state.depth >= MAX_DEPTH then return nil, "exceeded max depth" end
  local first = find(text, VISIBLE, at + 1)
  if not first then return nil, CUT_SHORT end
  local container = {}
  if byte(text, first) == code + 2 then -- the closing bracket
    if code == 91 then setmetatable(container, (core.json_marks())) end
    return first + 1, container
  end
  local depth, key = state.depth + 1, nil
  state.depth, state.tables[depth], state.lengths[depth] = depth, container, code == 91 and 0
  state.has_nulls[depth] = false
  if code == 91 then return first end
  at, key = read_key(text, first)
  if not at then return nil, key end
  state.keys[depth] = key
  return at
end

-- Put the finished *value* where it belongs and close all that ends after it.
-- Returns the position of the next value, or nil, the problem and, if the text
-- is complete, true and its value.
local function attach(state, text, at, value)
  while state.depth > 0 do
    local depth = state.depth
    local container, length = state.tables[depth], state.lengths[depth]
    if length then
      length = length + 1
      state.lengths[depth], container[length] = length, value
      if value == nil then state.has_nulls[depth] = true end
    else
      container[state.keys[depth]] = value
    end
    at = find(text, VISIBLE, at)
    if not at then return nil, CUT_SHORT end
    local code = byte(text, at)
    if code == 44 then
      if length then return at + 1 end
      local key
      at, key = read_key(text, at + 1)
      if not at then return nil, key end
      state.keys[depth] = key
      return at
    end
    if code ~= (length and 93 or 125) then
      return invalid(text, at, length and "after array element" or "after object key:value pair")
    end
    if length and state.has_nulls[depth] then container = sized(container, length) end
    -- An array of nothing but nulls is an empty table without a mark.
    if length and next(container) ~= nil then setmetatable(container, (core.json_marks())) end
    at, value, state.depth = at + 1, container, depth - 1
  end
  local extra = find(text, VISIBLE, at)
  if extra then return invalid(text, extra, "after top-level value") end
  return nil, state.problem, true, value
end

-- The value of a JSON text, or nil and the problem.  *null* stands for JSON
-- nulls; with nil they are absent from the result.
function core.json_decode(text, null)
  text = valid_utf8(text)
  local state = new_state()
  -- Some writers put one in front; readers may skip it (RFC 8259, 8.1).
  local at = find(text, BYTE_ORDER_MARK) and 4 or 1
  while true do
    local value, problem, complete, whole
    local from = find(text, VISIBLE, at)
    if not from then return nil, CUT_SHORT end
    local code = byte(text, from)
    local is_container = code == 123 or code == 91
    if is_container then
      at, value = open(state, text, from, code)
    else
      at, value = read_scalar(text, from, code)
    end
    if not at then return nil, value end
    if value == 1 / 0 or value == -1 / 0 then
      state.problem = state.problem or "json: number out of range: " .. sub(text, from, at - 1)
    end
    if code == 110 then value = null end
    if value ~= nil or not is_container then
      at, problem, complete, whole = attach(state, text, at, value)
      if complete and not problem then return whole end
      if not at then return nil, problem end
    end
  end
end
