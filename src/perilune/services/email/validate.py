"""What an e-mail must have and may have, whoever sends it."""

import re
from collections.abc import Iterator

from perilune.services.email.types import EmailValidationError, SendRequest

MAX_MESSAGE_BYTES = 10 * 1024 * 1024
"""Of everything in an e-mail together: texts as UTF-8, attachments as they are."""
MAX_RECIPIENTS = 1000
"""Of `to`, `cc` and `bcc` together."""
MAX_HEADERS = 100
MAX_ATTACHMENTS = 100
MAX_ADDRESS_CHARS = 320
"""Of an address with its display name; RFC 5321 4.5.3.1 gives the address itself 254."""
MAX_LINE_CHARS = 900
"""Of a subject, a header value and the like: RFC 5322 2.1.1 allows 998 for the whole line."""
_ADDRESS_FIELDS = ("from", "to", "cc", "bcc", "reply_to")

# A line break here would begin a header or a command of the sender's choice.  Unicode's line
# breaks are none in e-mail, but the libraries below us don't agree about that.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")


def validate_send_request(request: SendRequest) -> None:
    """Check an e-mail before anything is sent.

    Whether an address exists or is well formed is left to the provider.

    Raises:
        EmailValidationError: the first rule that is broken.
    """
    if not request.from_:
        raise EmailValidationError("from is required")
    if not request.to:
        raise EmailValidationError("to is required")
    if not request.subject:
        raise EmailValidationError("subject is required")
    if not (request.text or request.html):
        raise EmailValidationError("either text or html content is required")
    _check_counts(request)
    size = _size("text", request.text) + _size("html", request.html)
    for field, line in _lines(request):
        size += _size(field, line)
        limit = MAX_ADDRESS_CHARS if field in _ADDRESS_FIELDS else MAX_LINE_CHARS
        if len(line) > limit:
            raise EmailValidationError(f"{field} is longer than {limit} characters")
        if _CONTROL.search(line):
            raise EmailValidationError(f"{field} contains a line break or a control character")
    _check_attachments(request)
    size += sum(len(attachment.content) for attachment in request.attachments)
    if size > MAX_MESSAGE_BYTES:
        raise EmailValidationError(f"the e-mail is larger than {MAX_MESSAGE_BYTES} bytes")


def _check_counts(request: SendRequest) -> None:
    recipients = len(request.to) + len(request.cc) + len(request.bcc)
    for count, limit, what in (
        (recipients, MAX_RECIPIENTS, "recipients"),
        (len(request.headers), MAX_HEADERS, "headers"),
        (len(request.attachments), MAX_ATTACHMENTS, "attachments"),
    ):
        if count > limit:
            raise EmailValidationError(f"the e-mail has more than {limit} {what}")


def _lines(request: SendRequest) -> Iterator[tuple[str, str]]:
    """Give everything that must stay on one line, with the name of its field."""
    yield "from", request.from_
    yield "subject", request.subject
    yield "scheduled_at", request.scheduled_at
    for field in ("to", "cc", "bcc", "reply_to"):
        for address in getattr(request, field):
            yield field, address
    for name, value in request.headers.items():
        yield "a header name", name
        yield "a header value", value
    for tag in request.tags:
        yield "a tag name", tag.name
        yield "a tag value", tag.value
    for attachment in request.attachments:
        yield "an attachment's filename", attachment.filename


def _check_attachments(request: SendRequest) -> None:
    for attachment in request.attachments:
        if not attachment.filename:
            raise EmailValidationError("an attachment's filename is required")
        if attachment.content_type and not _MEDIA_TYPE.fullmatch(attachment.content_type):
            raise EmailValidationError("an attachment's content_type must look like text/plain")


def _size(field: str, text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise EmailValidationError(f"{field} is not UTF-8 text") from None
