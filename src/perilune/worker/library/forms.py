"""Forms in the bodies of requests: `multipart/form-data` (RFC 7578) and URL-encoded ones."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from perilune.worker.library.errors import LibraryError

MAX_PARTS = 1000
"""Fields and files of one form."""
MAX_HEAD_BYTES = 8192
"""Length of the header fields of one part."""

_MULTIPART = b"multipart/form-data"
_URL_ENCODED = b"application/x-www-form-urlencoded"
# Of header fields; a quoted value may have `\"` and `\\` in it, and other backslashes as they are.
_PARAMETER = re.compile(
    rb'(?:[ \t]*;)+[ \t]*([^\s=;"]+)[ \t]*=[ \t]*'
    rb'(?:"((?:\\["\\]|\\(?!["\\])|[^"\\])*)"|([^\s;"]+))'
)
_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_ESCAPED = re.compile(rb'\\(["\\])')
# What browsers escape in names, and nothing else.
_BROWSER_ESCAPES = {b"%22": b'"', b"%0D": b"\r", b"%0A": b"\n"}
_BROWSER_ESCAPE = re.compile(b"|".join(_BROWSER_ESCAPES), re.IGNORECASE)
_PLAIN_ENCODINGS = frozenset({b"", b"7bit", b"8bit", b"binary"})

_Pairs = list[tuple[bytes, bytes]]
_File = dict[bytes, bytes]


def parse_form(content_type: bytes, body: bytes) -> bytes:
    """Return what a form holds as packed table: `fields`, `multiFields` and `files`.

    Inputs for files in which none was chosen are left out.

    Args:
        content_type: the header of the request; it says which kind of form the body is.
        body: the body, as it was received.

    Raises:
        LibraryError: the body is no form, is cut off, or has too many parts.
    """
    kind, parameters = _header_value(content_type)
    pairs: _Pairs = []
    files: list[_File] = []
    if kind == _URL_ENCODED:
        pairs = _url_encoded(body)
    elif kind == _MULTIPART:
        for head, content in _parts(body, parameters.get(b"boundary", b"")):
            name, file = _part(head, content)
            if file is None:
                pairs.append((name, content))
            elif file[b"filename"] or content:
                files.append(file)
    else:
        raise LibraryError(
            "the content type must be multipart/form-data or application/x-www-form-urlencoded"
        )
    values: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return msgspec.msgpack.encode(
        {
            b"fields": {name: many[0] for name, many in values.items()},
            b"multiFields": values,
            b"files": files,
        }
    )


def _url_encoded(body: bytes) -> _Pairs:
    if body.count(b"&") >= MAX_PARTS:
        raise LibraryError(f"the form has more than {MAX_PARTS} fields")
    pairs = (pair.partition(b"=") for pair in body.split(b"&") if pair)
    return [(_unescaped(name), _unescaped(value)) for name, _, value in pairs]


def _unescaped(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the header fields and the content of each part."""
    if not _BOUNDARY.fullmatch(boundary):
        raise LibraryError("the content type has no valid boundary")
    delimiter = b"\r\n--" + boundary
    at = 0 if body.startswith(delimiter[2:]) else body.find(delimiter) + 2
    if at == 1:
        raise LibraryError("the boundary is not in the body")
    at += len(delimiter) - 2
    count = 0
    while not body.startswith(b"--", at):
        count += 1
        if count > MAX_PARTS:
            raise LibraryError(f"the form has more than {MAX_PARTS} parts")
        line_end = body.find(b"\r\n", at)
        if line_end < 0 or body[at:line_end].strip(b" \t"):
            raise LibraryError(f"part {count} does not begin with a new line")
        # The empty line may follow at once, where a part has no header fields.
        head_end = body.find(b"\r\n\r\n", line_end, line_end + MAX_HEAD_BYTES)
        if head_end < 0:
            raise LibraryError(
                f"the header fields of part {count} do not end within {MAX_HEAD_BYTES} bytes"
            )
        end = body.find(delimiter, head_end + 2)
        if end < 0:
            raise LibraryError(f"the body is cut off in part {count}")
        yield body[line_end + 2 : head_end], body[head_end + 4 : end]
        at = end + len(delimiter)


def _part(head: bytes, content: bytes) -> tuple[bytes, _File | None]:
    """Return the name of a part, and the file that it is, if it is one."""
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n"))
    }
    _, parameters = _header_value(fields.get(b"content-disposition", b""))
    if b"name" not in parameters:
        raise LibraryError("a part of the form has no name")
    if fields.get(b"content-transfer-encoding", b"").lower() not in _PLAIN_ENCODINGS:
        raise LibraryError("parts with a Content-Transfer-Encoding are not supported")
    name = _name(parameters[b"name"])
    if b"filename" not in parameters:
        return name, None
    return name, {
        b"name": name,
        b"filename": _name(parameters[b"filename"]),
        b"contentType": fields.get(b"content-type", b"text/plain"),
        b"body": content,
    }


def _header_value(text: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the value of a header field without its parameters, in lower case, and these."""
    value = text.partition(b";")[0]
    parameters: dict[bytes, bytes] = {}
    at = len(value)
    while found := _PARAMETER.match(text, at):
        name, quoted, plain = found.groups()
        parameters.setdefault(name.lower(), plain or _ESCAPED.sub(rb"\1", quoted))
        at = found.end()
    if text[at:].strip(b" \t;"):
        raise LibraryError("a header field has a parameter that can't be read")
    return value.strip().lower(), parameters


def _name(text: bytes) -> bytes:
    return _BROWSER_ESCAPE.sub(lambda found: _BROWSER_ESCAPES[found[0].upper()], text)


NATIVE: dict[str, Callable[..., Any]] = {"parse_form": parse_form}
