-- Guest module `email`: the options of an e-mail are checked here, in the order that is documented.

local core, host = ...
local checks, native, number_text = core.checks, core.native, core.number_text
local floor, next, rawget, type = math.floor, next, rawget, type

local function text_of(value)
  if type(value) == "number" then return number_text(value) end
  return type(value) == "string" and value or nil
end

local RFC_3339 = "2006-01-02T15:04:05Z"

local function is_array(value)
  return type(value) == "table" and (#value > 0 or next(value) == nil)
end

-- The texts of an array that are not empty, or nil and what is wrong.
local function list_of(values, name)
  local texts = {}
  for index = 1, #values do
    local text = text_of(rawget(values, index))
    if not text then return nil, name .. " must be a string or table of strings" end
    if text ~= "" then texts[#texts + 1] = text end
  end
  return texts
end

-- An option that is a text or an array of texts, as an array.
local function addresses(options, name)
  local value = rawget(options, name)
  if value == nil then return {} end
  if type(value) == "string" then value = { value } end
  if is_array(value) then return list_of(value, name) end
  return nil, name .. " must be a string or table of strings"
end

local function receivers(options)
  local value = rawget(options, "to")
  if value == nil then return nil, "to is required" end
  -- Even an empty one: it has always been the provider who refuses it.
  if type(value) == "string" then return { value } end
  local to, problem = addresses(options, "to")
  if problem then return nil, problem end
  if #to == 0 then return nil, "to cannot be empty" end
  return to
end

local function optional_text(options, name)
  local value = rawget(options, name)
  if value == nil then return "" end
  local text = text_of(value)
  if not text then return nil, name .. " must be a string" end
  return text
end

local function headers_of(options)
  local values, headers = rawget(options, "headers"), {}
  if values == nil then return headers end
  if type(values) ~= "table" then return nil, "headers must be a table" end
  for name, value in next, values do
    local text = text_of(value)
    if type(name) ~= "string" or not text then return nil, "headers must be a table of strings" end
    headers[name] = text
  end
  return headers
end

local function tags_of(options)
  local values, tags = rawget(options, "tags"), {}
  if values == nil then return tags end
  if not is_array(values) then return nil, "tags must be an array of tables" end
  for index = 1, #values do
    local value = rawget(values, index)
    if type(value) ~= "table" then return nil, "tags[" .. index .. "] must be a table" end
    local name, text = text_of(rawget(value, "name")), rawget(value, "value")
    text = text == nil and "" or text_of(text)
    if not name or not text then return nil, "tags[" .. index .. "] needs a name and a value" end
    -- A tag with an empty name has always been left out silently.
    if name ~= "" then tags[#tags + 1] = { name = name, value = text } end
  end
  return tags
end

local function attachments_of(options)
  local values, files = rawget(options, "attachments"), {}
  if values == nil then return files end
  if not is_array(values) then return nil, "attachments must be an array of tables" end
  for index = 1, #values do
    local value = rawget(values, index)
    if type(value) ~= "table" then return nil, "attachments[" .. index .. "] must be a table" end
    local name, content = text_of(rawget(value, "filename")), text_of(rawget(value, "content"))
    if not name or name == "" or not content then
      return nil, "attachments[" .. index .. "] needs a filename and a content"
    end
    local content_type, problem = optional_text(value, "content_type")
    if problem then return nil, "attachments[" .. index .. "]." .. problem end
    files[index] = { filename = name, content = content, content_type = content_type }
  end
  return files
end

-- Unix seconds become RFC 3339; text is the provider's business.
local function scheduled_at(options)
  local value = rawget(options, "scheduled_at")
  if type(value) ~= "number" then return optional_text(options, "scheduled_at") end
  if not (value >= 0 and value < 253402300800) then return nil, "scheduled_at is out of range" end
  return core.call_native(native.format_time, floor(value), RFC_3339, "UTC")
end

local READERS = {
  { "reply_to", addresses },
  { "cc", addresses },
  { "bcc", addresses },
  { "from", optional_text },
  { "subject", optional_text },
  { "text", optional_text },
  { "html", optional_text },
  { "headers", headers_of },
  { "tags", tags_of },
  { "scheduled_at", scheduled_at },
  { "attachments", attachments_of },
}

local function send(options)
  checks.table(options, 1, "send")
  local wire, problem = {}, nil
  wire.to, problem = receivers(options)
  if problem then return nil, problem end
  for index = 1, #READERS do
    local name, read = READERS[index][1], READERS[index][2]
    wire[name], problem = read(options, name)
    if problem then return nil, problem end
  end
  if wire.from == "" then return nil, "from is required" end
  if wire.subject == "" then return nil, "subject is required" end
  if wire.text == "" and wire.html == "" then return nil, "either text or html content is required" end
  local response, failure = host.send(wire)
  return response, failure
end

return { send = send }
