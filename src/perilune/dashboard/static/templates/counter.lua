-- Counts its visitors in the key-value store.
function handler(ctx, event)
  local name = event.query.name or "everybody"
  local count, err = kv.incr("visits:" .. name, 1)
  if err then return { statusCode = 500, body = { error = err } } end
  return { statusCode = 200, body = { name = name, visits = count } }
end
