-- Takes webhooks, each once.  To have their signatures checked before this code runs,
-- set the access of the function to "signature".
function handler(ctx, event)
  if event.method ~= "POST" then return { statusCode = 405 } end
  local id = event.headers["Webhook-Id"]
  if id and not kv.cas("seen:" .. id, nil, "1") then
    return { statusCode = 200, body = { status = "seen before" } }
  end
  local payload, err = json.decode(event.body)
  if err then return { statusCode = 400, body = { error = err } } end
  log.info("webhook", { id = id, type = type(payload) == "table" and payload.type or nil })
  return { statusCode = 202, body = { status = "accepted" } }
end
