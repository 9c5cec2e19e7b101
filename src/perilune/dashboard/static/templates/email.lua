-- Sends an e-mail.  Needs RESEND_API_KEY among the environment variables.
function handler(ctx, event)
  local form, err = json.decode(event.body)
  if err or type(form) ~= "table" or not form.to or not form.message then
    return { statusCode = 400, body = { error = 'send {"to": "...", "message": "..."}' } }
  end
  local sent, failure = email.send({
    from = env.get("MAIL_FROM") or "hello@example.org",
    to = form.to,
    subject = form.subject or "A message for you",
    text = form.message,
  })
  if failure then
    log.error("sending failed: " .. failure)
    return { statusCode = 502, body = { error = "the message could not be sent" } }
  end
  return { statusCode = 202, body = { id = sent.id } }
end
