"""What a handler may return, and the response it means."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from perilune.worker.python.failures import HandlerError

JSON_TYPE = "application/json"
TEXT_TYPE = "text/plain; charset=utf-8"
BYTES_TYPE = "application/octet-stream"

_MEMBERS = frozenset(
    {"statusCode", "status_code", "status", "headers", "body"}
    | {"isBase64Encoded", "is_base64_encoded"}
)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
_UNFIT = re.compile("[\0\r\n]")
_MAX_SHOWN_CHARS = 80

_encode = msgspec.json.Encoder().encode

Response = tuple[int, list[bytes], bytes, bool]
"""Status, header names and values in turn, body, and whether that is base64."""


def response_of(value: Any) -> Response:
    """Return the response that a handler's return value means.

    Raises:
        HandlerError: it means none.
    """
    if value is None:
        return 204, [], b"", False
    if isinstance(value, tuple):
        return _from_tuple(value)
    if is_response(value):
        return _from_members(value)
    body, implied = _body(value)
    return 200, _header_lines(None, implied), body, False


def is_response(value: Any) -> bool:
    """Tell whether a value is a response, and not data to be sent as JSON.

    It is when all its members are those of a response, and one of them is
    `body`, `statusCode`, or a `status` that is a number.
    """
    if not isinstance(value, Mapping) or not value or not _MEMBERS.issuperset(value):
        return False
    status = value.get("status")
    has_status = isinstance(status, int) and not isinstance(status, bool)
    return has_status or "body" in value or "statusCode" in value or "status_code" in value


def to_json(value: Any) -> bytes:
    """Return a value as JSON.

    Raises:
        HandlerError: it can't be written as JSON.
    """
    try:
        return _encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        # The quick encoder knows neither long integers nor subclasses of text and numbers, no
        # `None` or `True` as a key, and no text that isn't Unicode, which events may hold.
        try:
            text = json.dumps(
                _finite(value), ensure_ascii=False, separators=(",", ":"), default=_plain
            )
            # A lone surrogate becomes \\udcff, which is its escape in JSON, too.
            return text.encode("utf-8", "backslashreplace")
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            raise HandlerError(f"invalid body: {error}") from error


def _finite(value: Any) -> Any:
    """Return data with null for numbers that JSON has no form of."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    """Return the JSON form of what `json` does not know: times, decimals, data classes."""
    return msgspec.to_builtins(value, str_keys=True)


def _from_tuple(value: tuple[Any, ...]) -> Response:
    if not 2 <= len(value) <= 3:
        raise HandlerError(
            f"invalid response: a tuple is (body, status) or (body, status, headers), "
            f"not {len(value)} items"
        )
    body, implied = _body(value[0])
    lines = _header_lines(value[2] if len(value) == 3 else None, implied)
    return _status(value[1]), lines, body, False


def _from_members(value: Mapping[str, Any]) -> Response:
    status = _first(value, "statusCode", "status_code", "status")
    body, implied = _body(value.get("body"))
    if isinstance(value.get("body"), str):
        # A response is as it says; only what has no form of its own gets one.
        implied = None
    is_base64 = bool(_first(value, "isBase64Encoded", "is_base64_encoded"))
    return _status(status), _header_lines(value.get("headers"), implied), body, is_base64


def _first(value: Mapping[str, Any], *names: str) -> Any:
    for name in names:
        if (found := value.get(name)) is not None:
            return found
    return None


def _status(value: Any) -> int:
    if value is None:
        return 200
    try:
        status = None if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        status = None
    if status is None or not 200 <= status <= 599:
        raise HandlerError(
            f"invalid statusCode: {_shown(value)} (an integer from 200 to 599 is expected)"
        )
    return status


def _body(value: Any) -> tuple[bytes, str | None]:
    """Return the body's bytes and the content type they imply."""
    if value is None:
        return b"", None
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape"), TEXT_TYPE
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value), BYTES_TYPE
    return to_json(value), JSON_TYPE


def _header_lines(headers: Any, implied: str | None) -> list[bytes]:
    lines: list[bytes] = []
    has_type = False
    if headers is not None and not isinstance(headers, Mapping):
        raise HandlerError(f"invalid headers: a dict is expected, got {type(headers).__name__}")
    for name, value in (headers or {}).items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise HandlerError(f"invalid header name: {_shown(name)}")
        has_type = has_type or name.lower() == "content-type"
        for one in value if isinstance(value, list | tuple) else (value,):
            lines += [name.encode(), _header_text(name, one)]
    if implied is not None and not has_type:
        lines += [b"Content-Type", implied.encode()]
    return lines


def _header_text(name: str, value: Any) -> bytes:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise HandlerError(
            f'invalid value for header "{name}": str or int expected, got {type(value).__name__}'
        )
    text = str(value)
    if _UNFIT.search(text):
        raise HandlerError(
            f'invalid value for header "{name}": line breaks and NUL are not allowed'
        )
    return text.encode("utf-8", "surrogateescape")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN_CHARS else text[:_MAX_SHOWN_CHARS] + "..."
