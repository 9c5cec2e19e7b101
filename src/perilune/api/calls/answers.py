"""From an engine's result to an HTTP answer.  No I/O.

A function decides its status, its body and most headers.  What frames the
message, what the server promises about it, and the dashboard's session stay
out of its reach; what binds the origin does in the sandbox, see `shared_origin`.
"""

import base64
import binascii
import re
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from perilune.api.calls.shared_origin import binds_more_than_the_answer, contained_cookies
from perilune.api.headers import SESSION_COOKIE, ResponseNames, canonical
from perilune.engine import ExecutionResult
from perilune.events import HTTPResponse

Headers = list[tuple[bytes, bytes]]

JSON_TYPE = b"application/json"
CONTENT_TYPE_JSON = (b"content-type", JSON_TYPE)

EXPOSED = b"X-Function-Id, X-Function-Version-Id, X-Execution-Id, X-Execution-Duration-Ms"
CORS_ORIGIN = (b"access-control-allow-origin", b"*")
CORS_EXPOSED = (b"access-control-expose-headers", EXPOSED)
CORS_DEFAULTS = (CORS_ORIGIN, CORS_EXPOSED)
"""What browsers are told about every answer below `/fn/`, unless the function says otherwise."""

SANDBOX = (b"content-security-policy", b"sandbox allow-scripts allow-forms")
"""Keeps documents of functions away from the origin they share with the dashboard (KD-03)."""

NO_BODY = frozenset({204, 205, 304})
"""RFC 9110, 15.3.5, 15.3.6 and 15.4.5; of these only 205 says that its length is 0."""
WITH_BODY = frozenset(range(200, 600)) - NO_BODY

MILLISECOND = timedelta(milliseconds=1)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LINE_BREAK = re.compile(r"[\r\n]")
_MEDIA_TYPE = re.compile(rb"[!#$&^_.+\-0-9a-z]+/[!#$&^_.+\-0-9a-z]+")
_SNIFFED = frozenset({b"unknown/unknown", b"application/unknown"})
_DOCUMENTS = frozenset(
    {
        b"text/html",
        b"text/xml",
        b"application/xml",
        b"text/xsl",
        b"text/rdf",
        b"multipart/x-mixed-replace",
    }
)
_POLICY = b"content-security-policy"


class Answer(NamedTuple):
    """One HTTP answer, complete."""

    status: int
    headers: Headers
    body: bytes


class UnsendableResponseError(ValueError):
    """A function's response has a status or a body that HTTP can't carry."""


def execution_headers(function_id: str, result: ExecutionResult, request_id: str) -> Headers:
    """Return the headers that every answer has behind which there is an execution."""
    return [
        (b"x-function-id", function_id.encode()),
        (b"x-function-version-id", result.function_version_id.encode()),
        (b"x-execution-id", result.execution_id.encode()),
        (b"x-execution-duration-ms", b"%d" % (result.duration // MILLISECOND)),
        (b"x-request-id", request_id.encode()),
    ]


@lru_cache(maxsize=4096)
def plain_fields(function_id: str, version_id: str) -> bytes:
    """Return the header fields of answers whose function, of this version, has set none.

    To be completed with the execution's id and milliseconds, the request's id and the length.
    """
    ids = [name.encode().replace(b"%", b"%%") for name in (function_id, version_id)]
    return encoded_fields(
        [
            CONTENT_TYPE_JSON,
            (b"x-function-id", ids[0]),
            (b"x-function-version-id", ids[1]),
            (b"x-execution-id", b"%b"),
            (b"x-execution-duration-ms", b"%d"),
            (b"x-request-id", b"%b"),
            *CORS_DEFAULTS,
            (b"content-length", b"%d"),
        ]
    )


def encoded_fields(headers: Headers) -> bytes:
    """Return headers as they are sent, a line each."""
    return b"".join([name + b": " + value + b"\r\n" for name, value in headers])


def function_answer(
    response: HTTPResponse,
    own: Headers,
    names: ResponseNames,
    remarks: list[str],
    *,
    mount: bytes | None,
) -> Answer:
    """Return the answer for a function's response.

    Args:
        response: what the function returned.
        own: the server's headers of this answer.
        names: the table of names.
        remarks: gets one line for each header that could not be sent as it was.
        mount: the path at which a function of the sandbox was called, as it was sent: its documents
            are kept away from the origin that they share, its cookies below this path.  None: the
            function is trusted with the origin.

    Raises:
        UnsendableResponseError: the status is out of range or the base64 is broken.
    """
    status = response.status_code or 200
    if not 200 <= status <= 599:
        raise UnsendableResponseError(f"invalid statusCode: {status}")
    body = _body(response)
    if not response.headers:
        headers = [CONTENT_TYPE_JSON, *own, *CORS_DEFAULTS]
    else:
        headers = _function_headers(response, own, names, remarks, mount)
    if status in NO_BODY:
        if status == 304:
            headers = _refreshing(headers, mount is not None)
        elif status == 205:
            headers.append((b"content-length", b"0"))
        return Answer(status, headers, b"")
    headers.append((b"content-length", b"%d" % len(body)))
    return Answer(status, headers, body)


def with_quota(answer: Answer, quota: Headers) -> Answer:
    """Return *answer* with the server's RateLimit headers in place of the function's own."""
    names = {name for name, _ in quota}
    kept = [pair for pair in answer.headers if pair[0] not in names]
    return answer._replace(headers=[*kept, *quota])


@lru_cache(maxsize=256)
def is_document(content_type: bytes) -> bool:
    """Whether a browser may show this type as a document that runs scripts.

    Also true for types that browsers replace by a guess, and for several types in one
    header, of which browsers take the last one.
    """
    essence = content_type.partition(b";")[0].strip().lower()
    return (
        b"," in content_type
        or not _MEDIA_TYPE.fullmatch(essence)
        or essence in _DOCUMENTS
        or essence in _SNIFFED
        or essence.endswith(b"+xml")
    )


def _refreshing(headers: Headers, is_sandboxed: bool) -> Headers:
    """Return the headers of an answer that says: what you have is still right.

    Browsers put them in the place of those they had, so a policy must not replace ours.
    """
    kept = [pair for pair in headers if pair[0] != b"content-type"]
    if is_sandboxed and SANDBOX not in kept and any(name == _POLICY for name, _ in kept):
        kept.append(SANDBOX)
    return kept


def _body(response: HTTPResponse) -> bytes:
    body = response.body
    if response.is_base64_encoded:
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError) as problem:
            raise UnsendableResponseError(f"the body is not base64: {problem}") from problem
    if isinstance(body, bytes):
        return body
    return encoded(body)


def _function_headers(
    response: HTTPResponse,
    own: Headers,
    names: ResponseNames,
    remarks: list[str],
    mount: bytes | None,
) -> Headers:
    """Return all headers of an answer whose function has set some."""
    is_sandboxed = mount is not None
    single: dict[bytes, bytes] = {}
    several: dict[bytes, list[bytes]] = {}
    for name, given in response.headers.items():
        wire = names[name]
        if not wire:
            remarks.append(f"response header {name[:100]!r} is not sent: functions can't set it")
        elif is_sandboxed and binds_more_than_the_answer(wire):
            remarks.append(
                f"response header {canonical(name)[:100]!r} is not sent: it would bind the origin,"
                " which is not the function's alone"
            )
        elif isinstance(given, str) and wire != b"set-cookie":
            value = _value(name, given, remarks)
            if value is not None:
                single[wire] = value
                several.pop(wire, None)
        else:
            texts = [given] if isinstance(given, str) else given
            values = [v for text in texts if (v := _value(name, text, remarks)) is not None]
            if wire == b"set-cookie":
                values = [v for v in values if not _sets_session(v)]
                if mount is not None:
                    values = contained_cookies(values, mount, remarks)
            several[wire] = values
            single.pop(wire, None)
    # No value at all, as `Response` has it in JavaScript, is another thing than an empty one.
    is_untyped = several.get(b"content-type") == []
    content_type = single.get(b"content-type") or b"".join(several.pop(b"content-type", [])[:1])
    if not is_untyped:
        single[b"content-type"] = content_type or JSON_TYPE
    headers = [*own, *single.items()]
    # Browsers look into what has no type, and may find a document.
    if is_sandboxed and (is_untyped or (content_type and is_document(content_type))):
        headers.append(SANDBOX)
    for wire, values in several.items():
        headers += [(wire, value) for value in values]
    headers += [pair for pair in CORS_DEFAULTS if not (pair[0] in single or pair[0] in several)]
    return headers


def _value(name: str, text: str, remarks: list[str]) -> bytes | None:
    """Return a header value as bytes; None, with a remark, if it can't be sent."""
    if text.isascii() and text.isprintable():
        return text.encode().strip()
    if not text.isprintable() and _CONTROL.search(text.replace("\t", " ")):
        # Line breaks become blanks, as clients of Lunar know it; the rest has no such excuse.
        text = _LINE_BREAK.sub(" ", text)
        if _CONTROL.search(text.replace("\t", " ")):
            remarks.append(
                f"response header {name[:100]!r} is not sent: its value has control characters"
            )
            return None
        remarks.append(f"line breaks in the value of response header {name[:100]!r} became blanks")
    return encoded(text).strip(b" \t")


def _sets_session(value: bytes) -> bool:
    """Whether a Set-Cookie value would give the browser a cookie of the session's name.

    A cookie without a name is sent as its bare value, so `=auth_token=x` counts too.
    """
    pair = value.partition(b";")[0].lstrip(b" \t=")
    return pair.partition(b"=")[0].strip() == SESSION_COOKIE.encode()


def encoded(text: str) -> bytes:
    """Return *text* as UTF-8.

    Bytes that came in as surrogate escapes go out as they were; other surrogates as `?`.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
