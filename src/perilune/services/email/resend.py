"""E-mail through Resend's HTTP interface (https://resend.com/docs/api-reference)."""

import string
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from perilune.services.email.payload import payload, request_json
from perilune.services.email.provider import (
    read_variables,
    time_limit_s,
    without_secret,
)
from perilune.services.email.types import (
    Attachment,
    EmailConfigError,
    EmailError,
    SendRequest,
    SendResponse,
)
from perilune.services.email.validate import validate_send_request
from perilune.services.env import Env
from perilune.services.http import HTTPClientError, Request, Response

KEY_VARIABLE = "RESEND_API_KEY"
BASE_URL_VARIABLE = "RESEND_BASE_URL"
DEFAULT_BASE_URL = "https://api.resend.com"
MAX_ANSWER_BYTES = 64 * 1024

_encoder = msgspec.json.Encoder()


class Poster(Protocol):
    """The part of the HTTP client that Resend needs."""

    async def post(self, request: Request, /) -> Response:
        """Send a POST request.  Raises `HTTPClientError`."""
        ...


class ResendClient:
    """Sends e-mail through Resend, with the key of the function's environment.

    One request per e-mail, whatever comes back: an attempt that seems to have
    failed may have been sent, and a second one would be a second e-mail.
    """

    def __init__(self, http: Poster, env: Env) -> None:
        self._http = http
        self._env = env

    async def send(self, function_id: str, request: SendRequest) -> SendResponse:
        """Hand one e-mail to Resend.

        Raises:
            EmailValidationError: the e-mail breaks a rule.
            EmailConfigError: the key is missing, or key or base URL are unusable.
            EmailError: Resend was not reached or did not take the e-mail.
        """
        validate_send_request(request)
        variables = await read_variables(self._env, function_id)
        key, url = _key(variables), _url(variables)
        recorded = request_json(request)
        try:
            response = await self._http.post(_post(request, key, url))
        except HTTPClientError as error:
            raise EmailError(without_secret(str(error), key), recorded) from error
        if not response.is_success:
            raise EmailError(without_secret(_failure(response), key), recorded)
        try:
            accepted = msgspec.json.decode(response.body, type=_Accepted)
        except ValueError as error:
            raise EmailError(f"failed to parse response: {error}", recorded) from error
        return SendResponse(id=accepted.id, request_json=recorded)


class _Accepted(msgspec.Struct, frozen=True):
    """The answer to an e-mail that was taken."""

    id: str = ""


class _Problem(msgspec.Struct, frozen=True):
    """The answer to an e-mail that was not."""

    message: str = ""


def _key(variables: Mapping[str, str]) -> str:
    key = variables.get(KEY_VARIABLE, "").strip(string.whitespace + "'")
    if not key:
        raise EmailConfigError
    if not (key.isascii() and key.isprintable()):
        raise EmailConfigError(f"{KEY_VARIABLE} contains characters that no key has")
    return key


def _url(variables: Mapping[str, str]) -> str:
    """Return the address for e-mails below the base URL, which may end with a slash or not."""
    base = variables.get(BASE_URL_VARIABLE, "").strip() or DEFAULT_BASE_URL
    if not _is_base_url(base):
        # Its text is not repeated: it may contain a password.
        raise EmailConfigError(f"{BASE_URL_VARIABLE} is not an http(s) URL without user and query")
    return base.rstrip("/") + "/emails"


def _is_base_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        has_host = bool(url.hostname) and url.port != 0
    except ValueError:
        return False
    is_plain = text.isprintable() and not any(sign in text for sign in " ?#@\\")
    return has_host and is_plain and url.scheme in ("http", "https")


def _post(request: SendRequest, key: str, url: str) -> Request:
    members = payload(request)
    if request.attachments:
        members["attachments"] = [_attachment(attachment) for attachment in request.attachments]
    return Request(
        url=url,
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        },
        body=_encoder.encode(members),
        timeout_s=time_limit_s(request),
        # The key is for this address and no other.
        follow_redirects=False,
        max_bytes=MAX_ANSWER_BYTES,
    )


def _attachment(attachment: Attachment) -> dict[str, Any]:
    # Bytes are encoded as base64.
    members: dict[str, Any] = {"filename": attachment.filename, "content": attachment.content}
    if attachment.content_type:
        members["content_type"] = attachment.content_type
    return members


def _failure(response: Response) -> str:
    """Say why Resend did not take an e-mail."""
    try:
        problem = msgspec.json.decode(response.body, type=_Problem | None)
        message = (problem.message if problem else "") or "Unknown Error"
    except ValueError:
        message = _status_line(response.status_code)
    if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        return f"[ERROR]: {message}"
    headers = {name.lower(): value for name, value in response.headers.items()}
    limit, remaining, reset, retry_after = (
        headers.get(name, "")
        for name in ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after")
    )
    return (
        f"rate limit exceeded: {message} (limit: {limit}, remaining: {remaining},"
        f" reset: {reset}, retry after: {retry_after})"
    )


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
