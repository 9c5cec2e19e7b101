-- What the handler returned, as the response to send.  Everything is read raw:
-- no metamethod of the guest runs here.

local core = ...
local find, lower, next, rawget = string.find, string.lower, next, rawget
local floor, ceil, tonumber, tostring, type = math.floor, math.ceil, tonumber, tostring, type
local number_text, shorten = core.number_text, core.shorten

local JSON_TYPE = "application/json"
local TOKEN = "^[%w!#$%%&'*+%-.^_`|~]+$"

-- *value* as it may appear in a message.
local function shown(value)
  local kind = type(value)
  if kind == "string" then return '"' .. shorten(value, 80, "...") .. '"' end
  if kind == "number" then return number_text(value) end
  if kind == "boolean" then return tostring(value) end
  return kind
end

local function status_code(value)
  if value == nil then return 200 end
  local code = (type(value) == "number" or type(value) == "string") and tonumber(value)
  if not code or code ~= code then return nil, "invalid statusCode: " .. shown(value) end
  code = code < 0 and ceil(code) or floor(code)
  if code == 0 then return 200 end
  if code < 200 or code > 599 then
    return nil, "invalid statusCode: " .. shown(value) .. " (an integer from 200 to 599 is expected)"
  end
  return code
end

-- The body's bytes and the content type they imply.
local function body_text(value)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "number" then return number_text(value) end
  if kind == "nil" then return "" end
  if kind == "table" then
    local text, problem = core.json_encode(value)
    if text then return text, JSON_TYPE end
    return nil, "invalid body: " .. problem
  end
  return nil, "invalid body: string, number or table expected, got " .. kind
end

-- *value* as text, or nil if it is neither string nor number.
local function header_text(value)
  if type(value) == "number" then return number_text(value) end
  return type(value) == "string" and value or nil
end

-- Append name and text of one header line; returns the new count, or nil and
-- the problem.
local function append_line(lines, count, name, value)
  local text = header_text(value)
  if not text then
    return nil, 'invalid value for header "' .. name .. '": string or number expected, got ' .. type(value)
  end
  if find(text, "[%z\r\n]") then
    return nil, 'invalid value for header "' .. name .. '": line breaks and NUL are not allowed'
  end
  lines[count + 1], lines[count + 2] = name, text
  return count + 2
end

-- Names and texts of all header lines in turn, and whether one of them is the
-- content type; or nil and the problem.
local function header_lines(headers)
  if headers == nil then return {}, 0, false end
  if type(headers) ~= "table" then
    return nil, "invalid headers: table expected, got " .. type(headers)
  end
  local lines, count, has_type, problem = {}, 0, false, nil
  for key, value in next, headers do
    local name = header_text(key)
    if not name or not find(name, TOKEN) then
      return nil, "invalid header name: " .. shown(key)
    end
    has_type = has_type or lower(name) == "content-type"
    if type(value) == "table" then
      for index = 1, #value do
        count, problem = append_line(lines, count, name, rawget(value, index))
        if not count then return nil, problem end
      end
    else
      count, problem = append_line(lines, count, name, value)
      if not count then return nil, problem end
    end
  end
  return lines, count, has_type
end

-- Status, body, whether it is base64, the header lines and their count; or nil
-- and the problem.
function core.convert_response(response)
  local status, problem = status_code(rawget(response, "statusCode"))
  if not status then return nil, problem end
  local body, implied = body_text(rawget(response, "body"))
  if not body then return nil, implied end
  local lines, count, has_type = header_lines(rawget(response, "headers"))
  if not lines then return nil, count end
  if implied and not has_type then
    lines[count + 1], lines[count + 2] = "Content-Type", implied
    count = count + 2
  end
  return status, body, rawget(response, "isBase64Encoded") and true or false, lines, count
end
