"""An e-mail as JSON: what is sent to a provider that takes JSON, and what is recorded."""

from typing import Any

import msgspec

from perilune.services.email.types import SendRequest

_encoder = msgspec.json.Encoder(order="sorted")


def payload(request: SendRequest) -> dict[str, Any]:
    """Return the members of an e-mail in Resend's names, without empty ones and attachments."""
    optional: dict[str, Any] = {
        "bcc": request.bcc,
        "cc": request.cc,
        "reply_to": request.reply_to[0] if len(request.reply_to) == 1 else request.reply_to,
        "html": request.html,
        "text": request.text,
        "tags": request.tags,
        "headers": dict(request.headers),
        "scheduled_at": request.scheduled_at,
    }
    return {
        "from": request.from_,
        "to": request.to,
        "subject": request.subject,
        **{name: value for name, value in optional.items() if value},
    }


def request_json(request: SendRequest) -> str:
    """Return what is recorded of an e-mail: sorted keys, attachments by name and size only."""
    members = payload(request)
    if request.attachments:
        members["attachments"] = [
            {"filename": attachment.filename, "size": len(attachment.content)}
            for attachment in request.attachments
        ]
    return _encoder.encode(members).decode()
