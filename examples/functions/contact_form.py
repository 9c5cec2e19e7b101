# A contact form whose messages arrive as e-mail.
#
#   GET  /fn/contact-form    the form
#   POST /fn/contact-form    what the form sends
#
# Environment:
#   CONTACT_TO        where messages go
#   CONTACT_FROM      sender; its domain must be known to the provider
#   RESEND_API_KEY    key for the provider
#
# Deploy:
#   perilune deploy contact_form.py --name contact-form
#   perilune env set contact-form CONTACT_TO CONTACT_FROM RESEND_API_KEY

import html
import re
from typing import Any
from urllib.parse import parse_qs

from perilune_guest import Context, Error, Event, email, env, log

MAX_MESSAGE_CHARS = 5000
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
ADDRESS = re.compile(r"[^\s<>,;@]+@[^\s<>,;@]+\.[^\s<>,;@]+")
FIELDS = ("name", "email", "message", "website")

Fields = dict[str, str]


def handler(ctx: Context, event: Event) -> Any:
    if event.method != "POST":
        return form(200, dict.fromkeys(FIELDS, ""))
    fields = read_fields(event.body)
    problem = problem_with(fields)
    if problem:
        return form(400, fields, problem)
    # People do not see this field; programs that fill in everything give themselves away.
    if not fields["website"] and not send(fields):
        return form(502, fields, "Your message could not be sent. Please try again later.")
    return page(200, f"<p>Thank you, {html.escape(fields['name'])}. We will answer soon.</p>")


def send(fields: Fields) -> bool:
    lines = html.escape(fields["message"]).replace("\r\n", "\n").replace("\n", "<br>")
    try:
        sent = email.send(
            from_=env.get("CONTACT_FROM"),
            to=env.get("CONTACT_TO"),
            reply_to=fields["email"],
            subject=f"Message from {fields['name']}",
            text=fields["message"],
            html=f"<p>{lines}</p>",
        )
    except Error as error:
        log.error(f"message not sent: {error}")
        return False
    log.info("message sent", id=sent.id)
    return True


def read_fields(body: str) -> Fields:
    given = parse_qs(body, keep_blank_values=True)
    return {name: given.get(name, [""])[0].strip() for name in FIELDS}


def problem_with(fields: Fields) -> str | None:
    name, address, message = fields["name"], fields["email"], fields["message"]
    if not name or len(name) > 100 or CONTROL.search(name):
        return "Please tell us your name."
    if len(address) > 254 or CONTROL.search(address) or not ADDRESS.fullmatch(address):
        return "Please give an e-mail address at which we can answer."
    if not message or len(message) > MAX_MESSAGE_CHARS:
        return f"Please write a message of at most {MAX_MESSAGE_CHARS} characters."
    return None


def form(status: int, fields: Fields, problem: str = "") -> Any:
    # Whatever strangers wrote is escaped before it gets into HTML.
    safe = {name: html.escape(value) for name, value in fields.items()}
    return page(
        status,
        (f"<p role=alert>{html.escape(problem)}</p>" if problem else "")
        + '<form method="post">'
        + f'<p><label>Name <input name="name" value="{safe["name"]}"></label>'
        + f'<p><label>E-mail <input name="email" value="{safe["email"]}"></label>'
        + f'<p><label>Message <textarea name="message">{safe["message"]}</textarea></label>'
        + '<p hidden><label>Website <input name="website" tabindex="-1" autocomplete="off"></label>'
        + "<p><button>Send</button></form>",
    )


def page(status: int, content: str) -> Any:
    text = f"<!doctype html><meta charset=utf-8><title>Contact</title>{content}"
    return text, status, {"Content-Type": "text/html; charset=utf-8"}
