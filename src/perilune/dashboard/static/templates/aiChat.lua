-- Asks a language model.  Needs OPENAI_API_KEY among the environment variables.
function handler(ctx, event)
  local request, err = json.decode(event.body)
  if err or type(request) ~= "table" or not request.question then
    return { statusCode = 400, body = { error = 'send {"question": "..."}' } }
  end
  local answer, failure = ai.chat({
    provider = "openai",
    model = "gpt-4o-mini",
    messages = { { role = "user", content = request.question } },
    max_tokens = 500,
  })
  if failure then
    log.error("the model did not answer: " .. failure)
    return { statusCode = 502, body = { error = "the model did not answer" } }
  end
  log.info("tokens used", answer.usage)
  return { statusCode = 200, body = { answer = answer.content } }
end
