"""Names of HTTP headers: their canonical form, and who may set them.

Both tables remember what they have worked out.  They stop learning at a fixed
size, because names come from outside.
"""

import re
from collections.abc import Iterable

MAX_REMEMBERED = 2048

RawHeaders = Iterable[tuple[bytes, bytes]]
"""Headers as they were received."""

REQUEST_ID = "X-Request-Id"
SESSION_COOKIE = "auth_token"

SERVER_OWNED = frozenset(
    {
        b"x-function-id",
        b"x-function-version-id",
        b"x-execution-id",
        b"x-execution-duration-ms",
        b"content-length",
        b"transfer-encoding",
        b"connection",
        b"keep-alive",
        b"upgrade",
        b"trailer",
        b"te",
        b"date",
        b"server",
    }
)
"""Response headers that functions can't set (KD-17)."""

_EXCLUDED = re.compile(rb"q\s*=\s*0(\.0*)?")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class RequestNames(dict[bytes, str]):
    """Names as received, to the names functions see; empty text: not shown.

    A missing name is worked out on access, which keeps the hot path at one
    dictionary look-up per header.
    """

    def __missing__(self, name: bytes) -> str:
        """Work out and remember the name for *name*."""
        shown = _shown_name(name.lower())
        if len(self) < MAX_REMEMBERED:
            self[name] = shown
        return shown


class ResponseNames(dict[str, bytes]):
    """Names given by functions, to names on the wire; empty bytes: can't be sent."""

    def __missing__(self, name: str) -> bytes:
        """Work out and remember the name for *name*."""
        wire = name.lower().encode("ascii") if _TOKEN.fullmatch(name) else b""
        if wire in SERVER_OWNED:
            wire = b""
        if len(self) < MAX_REMEMBERED:
            self[name] = wire
        return wire


def canonical(name: str) -> str:
    """Return *name* with the first letter and each after `-` in upper case, the rest lower.

    A name with characters that no header name has is returned unchanged.
    """
    if not _TOKEN.fullmatch(name):
        return name
    # `str.capitalize` only touches the first character, and every token is ASCII.
    return "-".join(part.capitalize() for part in name.split("-"))


def usable_request_id(text: str) -> str:
    """Return *text* if it may be taken over as the id of a request, else nothing."""
    # No blanks: in a line of a log they would begin another field.
    is_plain = text.isascii() and text.isprintable() and " " not in text
    return text if is_plain and len(text) <= 128 else ""


def _shown_name(name: bytes) -> str:
    # Only the scheduler says that it is the scheduler (KD-14).
    if name == b"x-trigger" or name.startswith(b"x-cron-"):
        return ""
    return canonical(name.decode("utf-8", "surrogateescape"))


def parse_headers(
    raw_headers: RawHeaders, names: RequestNames
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the first value of each name, and all values of names that came more than once."""
    first: dict[str, str] = {}
    several: dict[str, list[str]] = {}
    for raw_name, raw_value in raw_headers:
        name = names[raw_name]
        value = raw_value.decode("utf-8", "surrogateescape")
        if name not in first:
            first[name] = value
        else:
            several.setdefault(name, [first[name]]).append(value)
    if "" in first:
        del first[""]
        several.pop("", None)
    return first, several


def header_value(headers: RawHeaders, wanted: bytes) -> bytes:
    """Return the first value of *wanted*, empty if there is none; all in lower case."""
    for name, value in headers:
        if name == wanted:
            return value
    return b""


def accepts(headers: RawHeaders, media_type: bytes) -> bool:
    """Whether an Accept header, in lower case, names *media_type* itself, not excluding it."""
    for name, value in headers:
        if name != b"accept":
            continue
        for item in value.lower().split(b","):
            wanted, *params = (part.strip() for part in item.split(b";"))
            if wanted == media_type and not any(map(_EXCLUDED.fullmatch, params)):
                return True
    return False
