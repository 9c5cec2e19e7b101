-- Several paths in one function.
function handler(ctx, event)
  local path = event.relativePath
  if router.match(path, "/users/:id") then
    local params = router.params(path, "/users/:id")
    return { statusCode = 200, body = { user = params.id } }
  end
  if router.match(path, "/health") then
    return { statusCode = 200, body = { status = "ok" } }
  end
  return { statusCode = 404, body = { error = "nothing at " .. path } }
end
