"""What triggers an execution, and what a function answers.

The JSON forms are the stored and documented ones; they are the same for every
language.  Sensitive values are hidden by `masked`, which returns a copy: the
function itself always sees the original.
"""

import base64
from enum import StrEnum
from operator import attrgetter
from typing import Any, Protocol, TypeVar, cast

import msgspec

from perilune.masking import DEFAULT_MASKER, Masker

PATH_MARKS = "!$&'()*+,=:@"
"""What browsers leave as it is in a path, besides letters, digits and what `quote` leaves.

A `;` is escaped, since it would end the `Path` of a cookie.
"""

T = TypeVar("T")

_ESCAPES = "surrogateescape"
"""How texts hold bytes that are not UTF-8."""


class EventType(StrEnum):
    """The kinds of event a function can be run for.  The set is open."""

    HTTP = "http"
    CRON = "cron"
    CUSTOM = "custom"


class Event(Protocol):
    """What an execution is run for, as far as it knows itself what of it is secret."""

    @property
    def type(self) -> EventType:
        """The kind of event; the runtime chooses the shape of the guest's argument by it."""
        ...

    def masked(self, masker: Masker = DEFAULT_MASKER) -> "Event":
        """Return a copy that is safe to store."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return the documented JSON form as plain values."""
        ...


class HTTPEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request as a function sees it.

    `headers` and `query` hold the first value of each name; names that came
    more than once are in `multi_headers` and `multi_query` with all values.
    `raw_relative_path` is empty when nothing in the path was escaped.
    Header text that is not UTF-8 keeps its bytes as surrogate escapes.
    """

    method: str
    path: str
    relative_path: str = "/"
    raw_relative_path: str = ""
    headers: dict[str, str] = {}
    body: str | bytes = ""
    query: dict[str, str] = {}
    multi_headers: dict[str, list[str]] = {}
    multi_query: dict[str, list[str]] = {}
    raw_query: str = ""
    host: str = ""
    scheme: str = ""
    remote_addr: str = ""
    trigger: str = ""

    @property
    def type(self) -> EventType:
        """Always `EventType.HTTP`."""
        return EventType.HTTP

    @staticmethod
    def from_json(text: str) -> "HTTPEvent":
        """Return the event whose stored form is *text*; what was masked stays so.

        Raises:
            ValueError: it is no event of this kind.
        """
        stored = msgspec.json.decode(text, type=_StoredEvent)
        members = msgspec.structs.asdict(stored)
        if members.pop("is_base64_encoded"):
            members["body"] = base64.b64decode(stored.body, validate=True)
        return HTTPEvent(**members)

    def masked(self, masker: Masker = DEFAULT_MASKER) -> "HTTPEvent":
        """Return a copy with secrets in headers, query, path and body replaced."""
        masked = zip(_MAY_BE_SECRET, self._masked(masker), strict=True)
        return msgspec.structs.replace(self, **dict(masked))

    def to_json(self, masker: Masker | None = None) -> dict[str, Any]:
        """Return the stored form: six members always, the newer ones only when not empty.

        With a *masker*, that of the masked copy, which is not made for it.
        """
        return without_surrogates(self.raw_json(masker))

    def raw_json(self, masker: Masker | None = None) -> dict[str, Any]:
        """Return what `to_json` returns, but perhaps `without_surrogates` still to be applied."""
        path, relative, raw, headers, body, query, multi_headers, multi_query, raw_query = (
            _may_be_secret(self) if masker is None else self._masked(masker)
        )
        text, is_base64 = json_body(body) if body else ("", False)
        members: dict[str, Any] = {
            "method": self.method,
            "path": path,
            "relativePath": relative,
            "headers": dict(sorted(headers.items())) if headers else {},
            "body": text,
            "query": dict(sorted(query.items())) if query else {},
        }
        if raw:
            members["rawRelativePath"] = raw
        if multi_headers:
            members["multiHeaders"] = dict(sorted(multi_headers.items()))
        if multi_query:
            members["multiQuery"] = dict(sorted(multi_query.items()))
        if raw_query:
            members["rawQuery"] = raw_query
        if self.host:
            members["host"] = self.host
        if self.scheme:
            members["scheme"] = self.scheme
        if self.remote_addr:
            members["remoteAddr"] = self.remote_addr
        if self.trigger:
            members["trigger"] = self.trigger
        if is_base64:
            members["isBase64Encoded"] = True
        return members

    def _masked(self, masker: Masker) -> tuple[Any, ...]:
        """Return the members `_MAY_BE_SECRET` without their secrets."""
        body = self.body
        if body:
            text = _utf8(body) if isinstance(body, bytes) else body
            if text is not None:
                body = masker.body(text, self.headers.get("Content-Type"))
        path, relative, raw = self.path, self.relative_path, self.raw_relative_path
        # Nearly always one look is enough, since the path has all of it.
        is_whole = relative == "/" or path.endswith(relative)
        if raw or not is_whole or masker.may_hide_in_path[path]:
            path, relative, raw = masker.path(path), masker.path(relative), masker.path(raw)
        return (
            path,
            relative,
            raw,
            masker.headers(self.headers),
            body,
            masker.query(self.query) if self.query else {},
            masker.multi_headers(self.multi_headers) if self.multi_headers else {},
            masker.multi_query(self.multi_query) if self.multi_query else {},
            masker.raw_query(self.raw_query) if self.raw_query else "",
        )


_MAY_BE_SECRET = (
    *("path", "relative_path", "raw_relative_path", "headers", "body", "query"),
    *("multi_headers", "multi_query", "raw_query"),
)
_may_be_secret = attrgetter(*_MAY_BE_SECRET)


class _StoredEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The stored form of an `HTTPEvent`."""

    method: str
    path: str
    relative_path: str = "/"
    raw_relative_path: str = ""
    headers: dict[str, str] = {}
    body: str = ""
    query: dict[str, str] = {}
    multi_headers: dict[str, list[str]] = {}
    multi_query: dict[str, list[str]] = {}
    raw_query: str = ""
    host: str = ""
    scheme: str = ""
    remote_addr: str = ""
    trigger: str = ""
    is_base64_encoded: bool = False


class HTTPResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What a function answers to an HTTP event.

    With `is_base64_encoded`, `body` is base64 text and is decoded before it
    is sent.
    """

    status_code: int = 200
    headers: dict[str, str | list[str]] = {}
    body: str | bytes = ""
    is_base64_encoded: bool = False

    @property
    def content(self) -> bytes:
        """The bytes of the body, as they are sent.  Raises `ValueError` for broken base64."""
        if self.is_base64_encoded:
            return base64.b64decode(self.body, validate=True)
        return self.body if isinstance(self.body, bytes) else self.body.encode(errors=_ESCAPES)

    @property
    def content_length(self) -> int:
        """The length of `content`, which is not made for it."""
        if not self.is_base64_encoded:
            return length_of(self.body)
        end = self.body[-2:]
        padding = end.count("=") if isinstance(end, str) else end.count(b"=")
        return len(self.body) // 4 * 3 - padding

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 becomes U+FFFD."""
        return self.content.decode(errors="replace")

    def masked(self, masker: Masker = DEFAULT_MASKER) -> "HTTPResponse":
        """Return a copy with secrets in headers and body replaced."""
        body = self.body
        if body and self.is_base64_encoded:
            body = masker.base64_body(body if isinstance(body, str) else body.decode("latin-1"))
        elif body:
            text = _utf8(body) if isinstance(body, bytes) else body
            if text is not None:
                content_type = self.headers.get("Content-Type")
                body = masker.body(text, content_type if isinstance(content_type, str) else None)
        single = {n: v for n, v in self.headers.items() if isinstance(v, str)}
        several = {n: v for n, v in self.headers.items() if not isinstance(v, str)}
        headers: dict[str, str | list[str]] = {}
        headers.update(masker.headers(single))
        headers.update(masker.multi_headers(several))
        return HTTPResponse(
            status_code=self.status_code,
            headers=headers,
            body=body,
            is_base64_encoded=self.is_base64_encoded,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the stored form; a body that is not UTF-8 becomes base64 with its flag set."""
        body, is_base64 = json_body(self.body)
        return {
            "statusCode": self.status_code,
            "headers": without_surrogates(dict(sorted(self.headers.items()))),
            "body": body,
            "isBase64Encoded": self.is_base64_encoded or is_base64,
        }


class ExecutionContext(msgspec.Struct, frozen=True, kw_only=True):
    """What an execution knows about itself; the guest's `ctx`."""

    execution_id: str
    function_id: str
    started_at: int
    """Unix seconds."""
    request_id: str = ""
    version: str = ""
    """The version number as decimal text."""
    function_name: str = ""
    base_url: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the documented form; empty optional members are left out."""
        members: dict[str, Any] = {
            "execution_id": self.execution_id,
            "function_id": self.function_id,
            "started_at": self.started_at,
        }
        for name in ("request_id", "version", "function_name", "base_url"):
            if value := getattr(self, name):
                members[name] = value
        return members


def length_of(body: str | bytes) -> int:
    """Return how many bytes *body* is."""
    if isinstance(body, bytes) or body.isascii():
        return len(body)
    # An escape is one byte, as its replacement is; and nothing is refused.
    return len(body.encode(errors="replace"))


def json_body(body: str | bytes) -> tuple[str, bool]:
    """Return *body* as JSON-safe text, and whether that text is base64."""
    if isinstance(body, str):
        return without_surrogates(body), False
    text = _utf8(body)
    if text is not None:
        return text, False
    return base64.b64encode(body).decode("ascii"), True


def without_surrogates(value: T) -> T:
    """Return *value*, a text or a JSON value, with U+FFFD for each lone surrogate in it.

    JSON text is UTF-8, which has none.
    """
    cleaned: Any = value
    if isinstance(value, str):
        if not value.isascii():
            cleaned = value.encode("utf-8", _ESCAPES).decode("utf-8", "replace")
    elif isinstance(value, dict):
        cleaned = {without_surrogates(k): without_surrogates(v) for k, v in value.items()}
    elif isinstance(value, list):
        cleaned = [without_surrogates(one) for one in value]
    return cast(T, cleaned)


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
