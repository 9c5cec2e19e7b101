-- A small REST API: one branch per method.
local function list()
  return { statusCode = 200, body = { items = json.array({}) } }
end

local function create(event)
  local item, err = json.decode(event.body)
  if err then return { statusCode = 400, body = { error = err } } end
  local id = crypto.uuid()
  return { statusCode = 201, headers = { Location = "/" .. id }, body = { id = id, item = item } }
end

function handler(ctx, event)
  if event.method == "GET" then return list() end
  if event.method == "POST" then return create(event) end
  return { statusCode = 405, headers = { Allow = "GET, POST" }, body = { error = "method not allowed" } }
end
