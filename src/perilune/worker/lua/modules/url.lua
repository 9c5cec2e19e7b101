-- Guest module `url`.

local core = ...
local call_native, checks, native = core.call_native, core.checks, core.native
local native_or_raise, number_text = core.native_or_raise, core.number_text
local next, rawget, type = next, rawget, type

local PARTS = { "scheme", "username", "password", "host", "path", "fragment" }

local url = {}

function url.parse(text)
  local packed, problem = call_native(native.parse_url, checks.string(text, 1, "parse"))
  if not packed then return nil, problem end
  return core.unpack(packed), nil
end

function url.encode(text)
  return native_or_raise(native.encode_query, checks.string(text, 1, "encode"))
end

function url.encode_path(text)
  return native_or_raise(native.encode_path_segment, checks.string(text, 1, "encode_path"))
end

function url.decode(text)
  local decoded, problem = call_native(native.decode_query, checks.string(text, 1, "decode"))
  return decoded, problem
end

function url.join(base, reference)
  base, reference = checks.string(base, 1, "join"), checks.string(reference, 2, "join")
  local joined, problem = call_native(native.join_urls, base, reference)
  return joined, problem
end

-- Strings and numbers as text, nil for everything else.
local function text_of(value)
  if type(value) == "number" then return number_text(value) end
  return type(value) == "string" and value or nil
end

-- Append the names and values of a query in turn; returns what is wrong with it, or nil.
local function add_query(list, query)
  for key, value in next, query do
    local values = type(value) == "table" and value or { value }
    for index = 1, #values do
      local name, text = text_of(key), text_of(rawget(values, index))
      if not name or not text then return "query must hold strings, numbers and arrays of them" end
      list[#list + 1], list[#list + 2] = name, text
    end
  end
end

function url.build(parts)
  checks.table(parts, 1, "build")
  local list = {}
  for index = 1, #PARTS do
    local name = PARTS[index]
    local value = rawget(parts, name)
    list[index] = value == nil and "" or text_of(value)
    if not list[index] then return nil, name .. " must be a string" end
  end
  local query = rawget(parts, "query")
  if query ~= nil then
    if type(query) ~= "table" then return nil, "query must be a table" end
    local problem = add_query(list, query)
    if problem then return nil, problem end
  end
  local text, problem = call_native(native.build_url, (core.pack(list)))
  return text, problem
end

return url
