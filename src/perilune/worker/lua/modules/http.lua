-- Guest module `http`: options as guests write them become options as the host takes them.

local core, host = ...
local checks, number_text, raise = core.checks, core.number_text, core.raise
local lower, next, rawget, type = string.lower, next, rawget, type

local function text_of(value)
  if type(value) == "string" then return value end
  if type(value) == "number" then return number_text(value) end
  return ""
end

local function texts_of(values)
  local texts = {}
  if type(values) ~= "table" then return texts end
  for name, value in next, values do
    if type(name) == "string" or type(name) == "number" then texts[text_of(name)] = text_of(value) end
  end
  return texts
end

local function has_content_type(headers)
  for name in next, headers do
    if lower(name) == "content-type" then return true end
  end
  return false
end

-- A number of the given option that is above zero, or nil and what is wrong.
local function positive(options, name)
  local value = rawget(options, name)
  if value == nil then return nil end
  if type(value) ~= "number" or not (value > 0 and value < 1 / 0) then
    return nil, name .. " must be a positive number"
  end
  return value
end

-- The options for the host, or nil and what is wrong.
local function wire_options(options, may_have_body)
  local headers = texts_of(rawget(options, "headers"))
  local wire = { headers = headers, query = texts_of(rawget(options, "query")) }
  local problem
  wire.timeout, problem = positive(options, "timeout")
  if problem then return nil, problem end
  wire.maxBytes, problem = positive(options, "maxBytes")
  if problem then return nil, problem end
  if rawget(options, "followRedirects") == false then wire.followRedirects = false end
  if not may_have_body then return wire end
  local body, value, form = rawget(options, "body"), rawget(options, "json"), rawget(options, "form")
  if type(body) == "table" then
    return raise("body must be a string: use the option json or form for a table")
  end
  wire.body = text_of(body)
  if value ~= nil then
    wire.body, problem = core.json_encode(value)
    if problem then return nil, problem end
    if not has_content_type(headers) then headers["Content-Type"] = "application/json" end
  elseif form ~= nil then
    if type(form) ~= "table" then return nil, "form must be a table" end
    wire.form = texts_of(form)
  end
  return wire
end

local NO_OPTIONS = {}

local function method(name, may_have_body)
  local call = host[name]
  return function(url, options)
    url = checks.string(url, 1, name)
    if options ~= nil then checks.table(options, 2, name) end
    local wire, problem = wire_options(options or NO_OPTIONS, may_have_body)
    if not wire then return nil, problem end
    local response, failure = call(url, wire)
    return response, failure
  end
end

local http = {
  get = method("get", false),
  head = method("head", false),
  post = method("post", true),
  put = method("put", true),
  patch = method("patch", true),
  delete = method("delete", true),
}

function http.request(name, url, options)
  name, url = checks.string(name, 1, "request"), checks.string(url, 2, "request")
  if options ~= nil then checks.table(options, 3, "request") end
  local wire, problem = wire_options(options or NO_OPTIONS, true)
  if not wire then return nil, problem end
  local response, failure = host.request(name, url, wire)
  return response, failure
end

return http
