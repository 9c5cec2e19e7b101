-- Answers every request with what it was.
function handler(ctx, event)
  log.info("called", { method = event.method, path = event.relativePath })
  return {
    statusCode = 200,
    body = { message = "Hello!", method = event.method, path = event.relativePath },
  }
end
