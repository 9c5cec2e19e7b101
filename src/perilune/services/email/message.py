"""An e-mail as a message for SMTP (RFC 5322, MIME), with its envelope."""

import mimetypes
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, quote

from perilune.services.email.types import Attachment, EmailValidationError, SendRequest

_MAILBOX = re.compile(r"(?:(?P<name>[^<>]*?)\s*<(?P<inner>[^<>]+)>|(?P<bare>[^<>]+))")
# No quoted local parts, which RFC 5321 4.1.2 advises against; not ASCII is RFC 6531.
_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_DOMAIN = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*|\[[0-9A-Fa-f.:IPv]+\]")
_QUOTED_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_HEADER_NAME = re.compile(r"[!-9;-~]{1,76}")
_RESERVED_HEADER = re.compile(
    r"from|sender|to|cc|bcc|reply-to|subject|date|message-id|mime-version|return-path|received"
    r"|content-.*|resent-.*",
    re.IGNORECASE,
)
_OCTETS = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message that is ready to be handed to a server."""

    id: str
    """The `Message-ID` without its brackets."""
    sender: str
    recipients: tuple[str, ...]
    """Of `to`, `cc` and `bcc`, each once."""
    international: str
    """An address that is not ASCII and so needs SMTPUTF8 (RFC 6531); empty if there is none."""
    data: bytes


def build_message(request: SendRequest, *, local_id: str, now: float) -> OutgoingMessage:
    """Write the message.

    Takes up to a second or two for megabytes of text, so it belongs in a thread.

    Args:
        request: what `validate_send_request` has accepted.
        local_id: what makes the `Message-ID` unique.
        now: its date, in Unix seconds.

    Raises:
        EmailValidationError: an address is malformed, or a header can't be set.
    """
    sender = _mailbox(request.from_)
    to, cc, bcc, reply_to = (
        [_mailbox(address) for address in addresses]
        for addresses in (request.to, request.cc, request.bcc, request.reply_to)
    )
    specs = [box.addr_spec for box in (sender, *to, *cc, *bcc, *reply_to)]
    international = next((spec for spec in specs if not spec.isascii()), "")
    message_id = f"{local_id}@{sender.domain}"
    headers = {
        "From": _address_list([sender]),
        "To": _address_list(to),
        "Cc": _address_list(cc),
        "Reply-To": _address_list(reply_to),
        "Subject": _unstructured("Subject", request.subject),
        "Date": format_datetime(datetime.fromtimestamp(int(now), UTC)),
        "Message-ID": f"<{message_id}>",
    }
    for name, value in request.headers.items():
        _check_header_name(name)
        headers[name] = _unstructured(name, value)
    # Written here because the library's own writer loses blanks of long lines (Python 3.11.7).
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
    return OutgoingMessage(
        id=message_id,
        sender=sender.addr_spec,
        recipients=tuple(dict.fromkeys(box.addr_spec for box in (*to, *cc, *bcc))),
        international=international,
        data=head.encode() + _content(request),
    )


def _unstructured(name: str, value: str) -> str:
    """Write a value as header lines, as encoded words (RFC 2047) if it is not ASCII."""
    charset = "us-ascii" if value.isascii() else "utf-8"
    return Header(value.strip(), charset, header_name=name).encode(linesep="\r\n")


def _address_list(boxes: list[Address]) -> str:
    return ",\r\n ".join(_address(box) for box in boxes)


def _address(box: Address) -> str:
    if not box.display_name:
        return box.addr_spec
    if box.display_name.isascii():
        return f'"{quote(box.display_name)}" <{box.addr_spec}>'
    return f"{_unstructured('Reply-To', box.display_name)} <{box.addr_spec}>"


def _content(request: SendRequest) -> bytes:
    """Write the MIME headers, an empty line, and texts and attachments."""
    # Seven bits, so that every server takes it and no signature breaks on the way.
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    if request.text:
        message.set_content(request.text)
        if request.html:
            message.add_alternative(request.html, subtype="html")
    else:
        message.set_content(request.html, subtype="html")
    for attachment in request.attachments:
        main, sub = _media_type(attachment).split("/")
        message.add_attachment(
            attachment.content,
            maintype=main,
            subtype=sub,
            filename=_plain_filename(attachment.filename),
        )
    return message.as_bytes()


def _mailbox(text: str) -> Address:
    """Read one address, with or without a name: `Jane Doe <jane@example.org>`.

    The parsers of the standard library guess what a malformed address means, or
    fail in unforeseen ways; one that is not plain is refused instead.
    """
    found = _MAILBOX.fullmatch(text.strip())
    if found:
        local, _, domain = (found["inner"] or found["bare"]).strip().rpartition("@")
        if _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain):
            return Address(_display_name(found["name"] or ""), local, domain)
    raise EmailValidationError(f"not a valid e-mail address: {text!r}")


def _display_name(text: str) -> str:
    quoted = _QUOTED_NAME.fullmatch(text.strip())
    return _ESCAPED.sub(r"\1", quoted[1]) if quoted else text.strip()


def _check_header_name(name: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise EmailValidationError(f"not a header name: {name!r}")
    if _RESERVED_HEADER.fullmatch(name):
        raise EmailValidationError(f"the header {name} can't be set by SMTP")


def _media_type(attachment: Attachment) -> str:
    given = attachment.content_type or mimetypes.guess_type(attachment.filename)[0] or _OCTETS
    # Attachments travel as base64, which RFC 2046 5.1 and 5.2.1 forbid for these two.
    return _OCTETS if given.lower().startswith(("multipart/", "message/")) else given


def _plain_filename(name: str) -> str:
    # The library decodes encoded words (RFC 2047), and one may hide a line break.
    if "=?" in name:
        raise EmailValidationError("an attachment's filename can't contain =? by SMTP")
    return name
