"""base64 in its standard and its URL-safe alphabet (RFC 4648, sections 4 and 5).

Decoding follows Go's encoding/base64: line breaks are ignored, bits left over
after the last byte may have any value, and an error names the same offset.
"""

import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from perilune.worker.library.errors import LibraryError

_NOT_STANDARD = re.compile(rb"[^A-Za-z0-9+/\r\n]")
_NOT_URL_SAFE = re.compile(rb"[^A-Za-z0-9\-_\r\n]")
_LINE_BREAKS = b"\r\n"


def base64_decode(text: bytes) -> bytes:
    """Decode padded base64.

    Raises:
        LibraryError: it is none.
    """
    _check(text, _NOT_STANDARD, needs_padding=True)
    return b64decode(text)


def base64_url_encode(data: bytes) -> bytes:
    """Encode in the URL-safe alphabet, without padding."""
    return urlsafe_b64encode(data).rstrip(b"=")


def base64_url_decode(text: bytes) -> bytes:
    """Decode base64 in the URL-safe alphabet, with padding or without it.

    Raises:
        LibraryError: it is none.
    """
    _check(text, _NOT_URL_SAFE, needs_padding=False)
    return urlsafe_b64decode(text + b"==")  # padding in excess is ignored


def _check(text: bytes, stranger: re.Pattern[bytes], *, needs_padding: bool) -> None:
    fault = _fault(text, stranger, needs_padding=needs_padding)
    if fault is not None:
        raise LibraryError(f"illegal base64 data at input byte {fault}")


def _fault(text: bytes, stranger: re.Pattern[bytes], *, needs_padding: bool) -> int | None:
    """Return the offset of the first byte that can't be decoded, as Go counts it."""
    size = len(text)
    found = stranger.search(text)
    end = found.start() if found else size
    digits = len(text[:end].translate(None, _LINE_BREAKS)) % 4
    if end == size:
        is_complete = digits == 0 or (digits != 1 and not needs_padding)
        return None if is_complete else size - digits
    if text[end : end + 1] != b"=" or digits < 2:
        return end
    end = _skip_padding(text, end)
    if digits == 2:
        if end == size:
            return size
        if text[end : end + 1] != b"=":
            return end - 1
        end = _skip_padding(text, end)
    return None if end == size else end


def _skip_padding(text: bytes, at: int) -> int:
    """Return the offset behind the padding character at *at* and line breaks after it."""
    at += 1
    while text[at : at + 1] in (b"\r", b"\n"):
        at += 1
    return at


NATIVE: dict[str, Callable[..., Any]] = {
    "base64_encode": b64encode,
    "base64_decode": base64_decode,
    "base64_url_encode": base64_url_encode,
    "base64_url_decode": base64_url_decode,
}
