"""Answers of everything but the functions themselves: JSON, followed by a line feed."""

import msgspec
from starlette.responses import Response

from perilune.api.errors import ErrorAnswer


def json_answer(content: object, status: int = 200) -> Response:
    """Return *content* as JSON followed by a line feed."""
    return Response(
        msgspec.json.encode(content) + b"\n", status, headers={"Content-Type": "application/json"}
    )


def json_error(error: ErrorAnswer) -> Response:
    """Return the answer for an error."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in error.headers}
    return Response(
        error.body, error.status, headers={"Content-Type": "application/json", **headers}
    )


def login_error(error: ErrorAnswer) -> Response:
    """Return the answer for a login that fails, which has an envelope of its own."""
    answer = json_answer({"success": False, "error": error.message}, error.status)
    answer.raw_headers += error.headers
    return answer
