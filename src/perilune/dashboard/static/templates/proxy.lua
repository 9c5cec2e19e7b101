-- Passes requests on to another server.  Needs UPSTREAM_URL among the environment variables.
function handler(ctx, event)
  local upstream = env.get("UPSTREAM_URL")
  if not upstream then return { statusCode = 500, body = { error = "UPSTREAM_URL is not set" } } end
  local response, err = http.get(upstream .. event.relativePath, { query = event.query })
  if err then
    log.error("the other server did not answer: " .. err)
    return { statusCode = 502, body = { error = "the other server did not answer" } }
  end
  return {
    statusCode = response.statusCode,
    headers = { ["Content-Type"] = response.headers["Content-Type"] },
    body = response.body,
  }
end
