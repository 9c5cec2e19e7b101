"""The stored copies of what an execution received and answered.  Pure functions."""

from typing import Any

import msgspec

from perilune.engine.types import MAX_RESPONSE_BODY_SIZE
from perilune.events import HTTPEvent, HTTPResponse, length_of, without_surrogates
from perilune.masking import Masker

TRUNCATED = "\n[TRUNCATED - Response exceeded 1MB]"
EVENT_TRUNCATED = "\n[TRUNCATED - Request exceeded 1MB]"
MAX_ERROR_MESSAGE_CHARS = 16 * 1024
ERROR_TRUNCATED = "\n[TRUNCATED]"
MAX_PATH_CHARS = 1024
PATH_TRUNCATED = "…"

_json = msgspec.json.Encoder()


class StoredEvent(msgspec.Struct, frozen=True):
    """What the record of an execution has of its event."""

    event_json: str
    method: str | None = None
    """Of an HTTP request, as what follows."""
    path: str | None = None
    request_bytes: int | None = None


def stored_event(event: object, masker: Masker) -> StoredEvent:
    """Return the masked JSON text of *event*, its body cut at 1 MiB, and what is shown beside it.

    What can't mask itself is masked as the JSON text that it becomes.

    Raises:
        TypeError: there is no JSON form of it.
    """
    if isinstance(event, HTTPEvent):
        return _stored_request(event, masker)
    masked = getattr(event, "masked", None)
    if masked is None:
        return StoredEvent(masker.body(_json.encode(event).decode(), "application/json"))
    return StoredEvent(_cut_event(masked(masker).to_json()))


def _stored_request(event: HTTPEvent, masker: Masker) -> StoredEvent:
    members = event.raw_json(masker)
    try:
        stored = _cut_event(members)
    except UnicodeEncodeError:
        members = without_surrogates(members)
        stored = _cut_event(members)
    path = members["path"]
    if len(path) > MAX_PATH_CHARS:
        path = path[:MAX_PATH_CHARS] + PATH_TRUNCATED
    return StoredEvent(stored, event.method, path, length_of(event.body))


def _cut_event(members: dict[str, Any]) -> str:
    """Return the JSON text of an event's members, its body cut at 1 MiB."""
    body = members.get("body")
    if body and isinstance(body, str):
        members["body"] = _cut_body(body, bool(members.get("isBase64Encoded")), EVENT_TRUNCATED)
    return _json.encode(members).decode()


def stored_response(response: HTTPResponse, masker: Masker) -> str:
    """Return the masked JSON text of *response*, its body cut at `MAX_RESPONSE_BODY_SIZE`."""
    members: dict[str, Any] = response.masked(masker).to_json()
    from_bytes = members["isBase64Encoded"] and not response.is_base64_encoded
    members["body"] = _cut_body(members["body"], from_bytes, TRUNCATED)
    return _json.encode(members).decode()


def stored_error(message: str, masker: Masker) -> str:
    """Return the masked and capped *message* of an error."""
    # Masked first: half of a secret does not look like one.
    masked = masker.text(message[: 2 * MAX_ERROR_MESSAGE_CHARS])
    if max(len(message), len(masked)) > MAX_ERROR_MESSAGE_CHARS:
        return masked[:MAX_ERROR_MESSAGE_CHARS] + ERROR_TRUNCATED
    return masked


def _cut_body(text: str, is_base64: bool, marker: str) -> str:
    """Cut at the limit, backwards to a whole character; base64 counts by its raw bytes."""
    limit = MAX_RESPONSE_BODY_SIZE
    if is_base64:
        whole = limit // 3 * 4
        return text if len(text) <= whole + 4 else text[:whole] + marker
    if len(text) * 4 <= limit:
        return text
    data = text.encode()
    if len(data) <= limit:
        return text
    return data[:limit].decode("utf-8", "ignore") + marker
