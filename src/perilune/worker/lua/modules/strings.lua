-- Guest module `strings`: text functions with the semantics of Go's package.

local core = ...
local case_mapper, character_length, checks = core.case_mapper, core.character_length, core.checks
local native, number_text, raise = core.native, core.number_text, core.raise
local byte, find, lower, rep, sub, upper =
  string.byte, string.find, string.lower, string.rep, string.sub, string.upper
local concat, error, floor, ipairs, next, rawget, sort, type =
  table.concat, error, math.floor, ipairs, next, rawget, table.sort, type

local MAX_RESULT_BYTES = 16777216

-- Unicode's white space, by bytes.
local SPACES = {}
for _, space in ipairs({
  "\t", "\n", "\11", "\12", "\r", " ", "\194\133", "\194\160", "\225\154\128",
  "\226\128\128", "\226\128\129", "\226\128\130", "\226\128\131", "\226\128\132", "\226\128\133",
  "\226\128\134", "\226\128\135", "\226\128\136", "\226\128\137", "\226\128\138",
  "\226\128\168", "\226\128\169", "\226\128\175", "\226\129\159", "\227\128\128",
}) do
  SPACES[space] = true
end
local MAX_SPACE_BYTES = 3

-- What trimLeft and trimRight take away, by code.
local PLAIN_SPACES = { [9] = true, [10] = true, [13] = true, [32] = true }

-- Call before a result of *size* bytes is built.
local function check_size(size)
  if size > MAX_RESULT_BYTES then
    return raise("strings: result exceeds the limit of " .. MAX_RESULT_BYTES .. " bytes")
  end
end

-- Bytes of the white space that starts at *at*, or nil.
local function space_at(text, at)
  for length = 1, MAX_SPACE_BYTES do
    if SPACES[sub(text, at, at + length - 1)] then return length end
  end
end

-- Bytes of the white space that ends at *at*, or nil.
local function space_before(text, at)
  for length = 1, MAX_SPACE_BYTES do
    if SPACES[sub(text, at - length + 1, at)] then return length end
  end
end

local strings = {}

function strings.trim(text)
  text = checks.string(text, 1, "trim")
  local from, to = 1, #text
  local length = space_at(text, from)
  while length do
    from = from + length
    length = space_at(text, from)
  end
  length = space_before(text, to)
  while length and to >= from do
    to = to - length
    length = space_before(text, to)
  end
  return sub(text, from, to)
end

function strings.trimLeft(text)
  text = checks.string(text, 1, "trimLeft")
  local from = find(text, "[^ \t\r\n]")
  return from and sub(text, from) or ""
end

function strings.trimRight(text)
  text = checks.string(text, 1, "trimRight")
  local to = #text
  while PLAIN_SPACES[byte(text, to)] do to = to - 1 end
  return sub(text, 1, to)
end

local function characters(text)
  local parts, count, at, size = {}, 0, 1, #text
  while at <= size do
    local length = character_length(text, at)
    count = count + 1
    parts[count] = sub(text, at, at + length - 1)
    at = at + length
  end
  return parts
end

function strings.split(text, separator)
  text, separator = checks.string(text, 1, "split"), checks.string(separator, 2, "split")
  if separator == "" then return characters(text) end
  local parts, count, from = {}, 0, 1
  local first, last = find(text, separator, 1, true)
  while first do
    count = count + 1
    parts[count] = sub(text, from, first - 1)
    from = last + 1
    first, last = find(text, separator, from, true)
  end
  parts[count + 1] = sub(text, from)
  return parts
end

local function is_index(key)
  return type(key) == "number" and key >= 1 and floor(key) == key
end

-- The keys of *list* behind its first *done* items: indices in order, then the others.
local function further_keys(list, done)
  local indices, others = {}, {}
  for key in next, list do
    if not is_index(key) then
      others[#others + 1] = key
    elseif key > done then
      indices[#indices + 1] = key
    end
  end
  sort(indices)
  for _, key in ipairs(others) do indices[#indices + 1] = key end
  return indices
end

function strings.join(list, separator)
  checks.table(list, 1, "join")
  separator = checks.string(separator, 2, "join")
  local parts, count, size = {}, 0, 0
  local function add(value)
    if type(value) == "number" then value = number_text(value) end
    if type(value) ~= "string" then value = "" end
    count = count + 1
    parts[count] = value
    size = size + #value + (count > 1 and #separator or 0)
  end
  local value = rawget(list, 1)
  while value ~= nil do
    add(value)
    value = rawget(list, count + 1)
  end
  for _, key in ipairs(further_keys(list, count)) do add(rawget(list, key)) end
  check_size(size)
  return concat(parts, separator)
end

function strings.hasPrefix(text, prefix)
  text, prefix = checks.string(text, 1, "hasPrefix"), checks.string(prefix, 2, "hasPrefix")
  return sub(text, 1, #prefix) == prefix
end

function strings.hasSuffix(text, suffix)
  text, suffix = checks.string(text, 1, "hasSuffix"), checks.string(suffix, 2, "hasSuffix")
  return suffix == "" or sub(text, -#suffix) == suffix
end

function strings.contains(text, part)
  text, part = checks.string(text, 1, "contains"), checks.string(part, 2, "contains")
  return find(text, part, 1, true) ~= nil
end

-- First and last position of the next *old* from *from* on, or nil.  The empty
-- text is found before each character and at the end.
local function next_match(text, old, from, is_first)
  if old ~= "" then return find(text, old, from, true) end
  if is_first then return 1, 0 end
  if from > #text then return nil end
  local at = from + character_length(text, from)
  return at, at - 1
end

function strings.replace(text, old, new, limit)
  text, old = checks.string(text, 1, "replace"), checks.string(old, 2, "replace")
  new = checks.string(new, 3, "replace")
  limit = limit ~= nil and checks.int(limit, 4, "replace") or -1
  local parts, count, from = {}, 0, 1
  while count ~= limit do
    local first, last = next_match(text, old, from, count == 0)
    if not first then break end
    parts[2 * count + 1], parts[2 * count + 2] = sub(text, from, first - 1), new
    count, from = count + 1, last + 1
  end
  if count == 0 then return text end
  check_size(#text + count * (#new - #old))
  parts[2 * count + 1] = sub(text, from)
  return concat(parts)
end

strings.toLower = case_mapper("toLower", native.lower, lower)
strings.toUpper = case_mapper("toUpper", native.upper, upper)

-- `strings.repeat` can't be written, since `repeat` is a keyword: hence the second name.
function strings.rep(text, count)
  text, count = checks.string(text, 1, "repeat"), checks.int(count, 2, "repeat")
  if count < 0 then error("strings: negative Repeat count", 0) end
  if text == "" then return "" end
  check_size(#text * count)
  return rep(text, count)
end
strings["repeat"] = strings.rep

return strings
