# Sends an e-mail.  Needs RESEND_API_KEY among the environment variables.
from perilune_guest import Error, email, env, log


def handler(ctx, event):
    try:
        form = event.json()
        to, text = form["to"], form["message"]
    except (ValueError, LookupError, TypeError):
        return {"error": 'send {"to": "...", "message": "..."}'}, 400
    try:
        sent = email.send(
            **{"from": env.get("MAIL_FROM") or "hello@example.org"},
            to=to,
            subject=form.get("subject", "A message for you"),
            text=text,
        )
    except Error as error:
        log.error(f"sending failed: {error}")
        return {"error": "the message could not be sent"}, 502
    return {"id": sent.id}, 202
