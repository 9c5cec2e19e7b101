-- Guest module `ai`: the options of a chat are checked here, in the order that is documented.

local core, host = ...
local checks, number_text = core.checks, core.number_text
local ceil, floor, rawget, tonumber, type = math.ceil, math.floor, rawget, tonumber, type

local DEFAULT_MAX_TOKENS = 1024

-- Text that is not empty, or nil.
local function text_of(value)
  if type(value) == "number" then value = number_text(value) end
  return type(value) == "string" and value ~= "" and value or nil
end

local function number_of(value)
  local number = (type(value) == "number" or type(value) == "string") and tonumber(value)
  return number and number == number and number > -1 / 0 and number < 1 / 0 and number or nil
end

-- The messages for the host, or nil and what is wrong.
local function messages_of(values)
  local messages = {}
  for index = 1, #values do
    local value = rawget(values, index)
    if type(value) ~= "table" then return nil, "messages[" .. index .. "] must be a table" end
    local role, content = text_of(rawget(value, "role")), text_of(rawget(value, "content"))
    if not role or not content then
      return nil, "messages[" .. index .. "] needs a role and a content that are text"
    end
    messages[index] = { role = role, content = content }
  end
  if #messages == 0 then return nil, "messages cannot be empty" end
  return messages
end

local function chat(options)
  checks.table(options, 1, "chat")
  local wire = { provider = text_of(rawget(options, "provider")), model = text_of(rawget(options, "model")) }
  if not wire.provider then return nil, "provider is required (openai or anthropic)" end
  if not wire.model then return nil, "model is required" end
  local values, problem = rawget(options, "messages"), nil
  if type(values) ~= "table" then return nil, "messages is required and must be a table" end
  wire.messages, problem = messages_of(values)
  if problem then return nil, problem end
  local tokens = number_of(rawget(options, "max_tokens")) or 0
  tokens = tokens < 0 and ceil(tokens) or floor(tokens)
  wire.max_tokens = tokens == 0 and DEFAULT_MAX_TOKENS or tokens
  wire.temperature = number_of(rawget(options, "temperature"))
  wire.endpoint = text_of(rawget(options, "endpoint"))
  local response, failure = host.chat(wire)
  return response, failure
end

return { chat = chat }
