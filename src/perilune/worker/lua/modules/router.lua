-- Guest module `router`: patterns for the path below a function.
--
-- A pattern consists of segments; empty ones don't count.  `:name` stands for
-- one segment, `*` or `*name` at the end for one or more, everything else for
-- itself.

local core = ...
local argument_error, checks, native = core.argument_error, core.checks, core.native
local native_or_raise, number_text, raise = core.native_or_raise, core.number_text, core.raise
local byte, char, find, gmatch, gsub, sub, upper =
  string.byte, string.char, string.find, string.gmatch, string.gsub, string.sub, string.upper
local concat, ipairs, rawequal, rawget, tonumber, type =
  table.concat, ipairs, rawequal, rawget, tonumber, type

local COLON, SLASH, STAR = 58, 47, 42
local METHODS = { "get", "post", "put", "patch", "delete", "head" }
local ANY = "any"

local function split(path)
  local segments, count = {}, 0
  for segment in gmatch(path, "[^/]+") do
    count = count + 1
    segments[count] = segment
  end
  return segments, count
end

local function unescaped(text)
  return (gsub(text, "%%(%x%x)", function(digits) return char(tonumber(digits, 16)) end))
end

-- The segments of the path below the function: cut first, then decoded (RFC 3986, 2.2).
-- A path that the function has changed itself is taken as it is.
local function split_event(event)
  local path, raw = event.relativePath, event.rawRelativePath
  path = path == nil and "" or checks.string(path, 1, "dispatch")
  if type(raw) ~= "string" or not find(raw, "%", 1, true) or unescaped(raw) ~= path then
    return split(path)
  end
  local segments, count = split(raw)
  for index = 1, count do segments[index] = unescaped(segments[index]) end
  return segments, count
end

-- What the names of the pattern stand for in segments, or nil if they do not match.
local function capture(given, given_count, pattern)
  local wanted, wanted_count = split(pattern)
  local last = wanted[wanted_count]
  local has_rest = last and byte(last) == STAR
  if has_rest then wanted_count = wanted_count - 1 end
  if given_count < wanted_count or (given_count > wanted_count) ~= (has_rest or false) then
    return nil
  end
  local captured = {}
  for index = 1, wanted_count do
    local segment = wanted[index]
    if byte(segment) == COLON then
      captured[sub(segment, 2)] = given[index]
    elseif segment ~= given[index] then
      return nil
    end
  end
  if has_rest and last ~= "*" then
    captured[sub(last, 2)] = concat(given, "/", wanted_count + 1)
  end
  return captured
end

local function encode(text)
  return native_or_raise(native.encode_path_segment, text)
end

-- The pattern with the values of *params* in place of its names.
local function fill(pattern, params, is_strict)
  if pattern ~= "" and byte(pattern) ~= SLASH then pattern = "/" .. pattern end
  return (gsub(pattern, "([^/]+)()", function(segment, behind)
    local kind, name = byte(segment), sub(segment, 2)
    local is_rest = kind == STAR and name ~= "" and not find(pattern, "[^/]", behind)
    if kind ~= COLON and not is_rest then return nil end
    local value
    if type(params) == "table" then value = rawget(params, name) end
    if type(value) == "number" then value = number_text(value) end
    if type(value) ~= "string" then
      if is_strict then return raise("no value for " .. segment .. " in " .. pattern) end
      return value ~= nil and "" or nil
    end
    return is_rest and gsub(value, "[^/]+", encode) or encode(value)
  end))
end

local function path_of(pattern, params, options, name)
  pattern = checks.string(pattern, 1, name)
  local is_strict = type(options) == "table" and rawget(options, "strict")
  return core.mount .. fill(pattern, params, is_strict)
end

local router = {}

function router.match(path, pattern)
  path, pattern = checks.string(path, 1, "match"), checks.string(pattern, 2, "match")
  local given, count = split(path)
  return capture(given, count, pattern) ~= nil
end

function router.params(path, pattern)
  path, pattern = checks.string(path, 1, "params"), checks.string(pattern, 2, "params")
  local given, count = split(path)
  return capture(given, count, pattern) or {}
end

function router.path(pattern, params, options)
  return path_of(pattern, params, options, "path")
end

function router.url(pattern, params, options)
  return gsub(core.base_url or "", "/$", "", 1) .. path_of(pattern, params, options, "url")
end

local function json_response(status, reason, headers)
  headers["Content-Type"] = "application/json"
  return { statusCode = status, headers = headers, body = '{"error":"' .. reason .. '"}' }
end

-- Answer *event* by the first route that fits.
local function dispatch(routes, event)
  checks.table(event, 1, "dispatch")
  local given, count = split_event(event)
  local method = event.method == nil and "GET" or upper(checks.string(event.method, 1, "dispatch"))
  local allowed, is_listed = {}, {}
  for _, route in ipairs(routes) do
    local params = capture(given, count, route.pattern)
    if params then
      if route.method == method or route.method == ANY then return route.handler(event, params) end
      if not is_listed[route.method] then
        is_listed[route.method] = true
        allowed[#allowed + 1] = route.method
      end
    end
  end
  if #allowed == 0 then return json_response(404, "Not found", {}) end
  return json_response(405, "Method not allowed", { Allow = concat(allowed, ", ") })
end

-- A table of routes.  Its functions can be called with a colon or with a dot.
function router.new()
  local object, routes = {}, {}
  local function add_function(name, func)
    object[name] = function(first, ...)
      if rawequal(first, object) then return func(...) end
      return func(first, ...)
    end
  end
  local function add_method(name, method)
    add_function(name, function(pattern, handler)
      pattern = checks.string(pattern, 1, name)
      if type(handler) ~= "function" then
        return argument_error(2, name, "function expected, got " .. type(handler))
      end
      routes[#routes + 1] = { method = method, pattern = pattern, handler = handler }
    end)
  end
  for _, name in ipairs(METHODS) do add_method(name, upper(name)) end
  add_method(ANY, ANY)
  add_function("dispatch", function(event) return dispatch(routes, event) end)
  return object
end

return router
