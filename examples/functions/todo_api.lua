-- A REST API for a list of things to do.
--
--   GET    /fn/todo-api/todos         {"todos": [...], "cursor": "..."}; ?cursor=... goes on there
--   POST   /fn/todo-api/todos         {"title": "..."}: adds one
--   GET    /fn/todo-api/todos/TODO    one of them
--   PUT    /fn/todo-api/todos/TODO    {"title": "...", "done": true}: replaces it
--   DELETE /fn/todo-api/todos/TODO    removes it
--
-- Environment:
--   TODO_TOKEN    callers send it as `Authorization: Bearer TOKEN`
--
-- Deploy:
--   perilune deploy todo_api.lua --name todo-api
--   perilune env set todo-api TODO_TOKEN

local PREFIX = "todo:"
local PAGE_SIZE = 50
local MAX_TITLE_BYTES = 200

local function refuse(status, reason)
  return { statusCode = status, body = { error = reason } }
end

local function storage_failed(err)
  log.error("storage failed: " .. err)
  return refuse(503, "try again later")
end

-- The todo in the body of a request, or nil and what is wrong with it.
local function read_todo(event)
  local given, err = json.decode(event.body)
  if err then return nil, "the body is no JSON" end
  if type(given) ~= "table" or type(given.title) ~= "string" then return nil, "title is required" end
  local title = strings.trim(given.title)
  if title == "" or #title > MAX_TITLE_BYTES then
    return nil, "title must have 1 to " .. MAX_TITLE_BYTES .. " bytes"
  end
  return { title = title, done = given.done == true }
end

local function with_id(id, text)
  local todo = json.decode(text)
  todo.id = id
  return todo
end

local routes = router.new()

routes.get("/todos", function(event)
  local page, err = kv.list(PREFIX, PAGE_SIZE, event.query.cursor)
  if err then return storage_failed(err) end
  local todos = json.array({})
  for _, item in ipairs(page.items) do
    todos[#todos + 1] = with_id(item.key:sub(#PREFIX + 1), item.value)
  end
  return { body = { todos = todos, cursor = page.cursor } }
end)

routes.post("/todos", function(event)
  local todo, problem = read_todo(event)
  if not todo then return refuse(400, problem) end
  local id = random.id() -- sorts by time, so the list is in order
  local text = json.encode(todo)
  local stored, err = kv.set(PREFIX .. id, text)
  if not stored then return storage_failed(err) end
  return {
    statusCode = 201,
    headers = { Location = router.url("/todos/:id", { id = id }) },
    body = with_id(id, text),
  }
end)

routes.get("/todos/:id", function(event, params)
  local text, err = kv.get(PREFIX .. params.id)
  if err then return storage_failed(err) end
  if not text then return refuse(404, "no such todo") end
  return { body = with_id(params.id, text) }
end)

routes.put("/todos/:id", function(event, params)
  local todo, problem = read_todo(event)
  if not todo then return refuse(400, problem) end
  local key = PREFIX .. params.id
  local before, err = kv.get(key)
  if err then return storage_failed(err) end
  if not before then return refuse(404, "no such todo") end
  -- Only what is still the same is replaced: a todo removed meanwhile stays removed.
  local text, replaced = json.encode(todo), nil
  replaced, err = kv.cas(key, before, text)
  if err then return storage_failed(err) end
  if not replaced then return refuse(409, "changed by somebody else meanwhile") end
  return { body = with_id(params.id, text) }
end)

routes.delete("/todos/:id", function(event, params)
  local deleted, err = kv.delete(PREFIX .. params.id)
  if not deleted then return storage_failed(err) end
  return { statusCode = 204 }
end)

function handler(ctx, event)
  local token = env.get("TODO_TOKEN")
  local given = event.headers["Authorization"] or ""
  if not token or token == "" or not crypto.equal(given, "Bearer " .. token) then
    return refuse(401, "wrong or missing token")
  end
  return routes.dispatch(event)
end
