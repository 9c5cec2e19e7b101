"""Answers of everything but the functions themselves: JSON, followed by a line feed."""

import msgspec
from starlette.responses import Response
from starlette.types import Scope

from perilune.api.error_answer import ErrorAnswer, LoginError
from perilune.api.headers import RawHeaders, accepts

PROBLEM_TYPE = b"application/problem+json"


def json_answer(content: object, status: int = 200) -> Response:
    """Return *content* as JSON followed by a line feed."""
    return encoded_answer(msgspec.json.encode(content) + b"\n", status)


def encoded_answer(content: bytes, status: int = 200) -> Response:
    """Return what is JSON already."""
    return Response(content, status, headers={"Content-Type": "application/json"})


def json_error(error: ErrorAnswer, scope: Scope) -> Response:
    """Return the answer for an error."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in error.headers}
    content, media_type = error_content(error, scope["headers"], scope["raw_path"])
    return Response(
        content, error.status, headers={"Content-Type": media_type.decode("ascii"), **headers}
    )


def error_content(error: ErrorAnswer, headers: RawHeaders, raw_path: bytes) -> tuple[bytes, bytes]:
    """Return what a request with these headers is answered with for an error, and its type.

    A problem document (RFC 9457) if the client asks for one, the error envelope otherwise.
    """
    if accepts(headers, PROBLEM_TYPE):
        return error.problem(raw_path.decode("latin-1")), PROBLEM_TYPE
    return error.body, b"application/json"


def login_error(error: ErrorAnswer) -> Response:
    """Return the answer for a login that fails, which has an envelope of its own."""
    answer = json_answer(LoginError(success=False, error=error.message), error.status)
    answer.raw_headers += error.headers
    return answer
