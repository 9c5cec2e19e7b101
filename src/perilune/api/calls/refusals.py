"""Answers to requests below `/fn/` that reach no function, and what is logged of them."""

import logging

from perilune.api.calls.answers import CORS_DEFAULTS, CORS_ORIGIN, Answer, Headers
from perilune.api.calls.guards import allow_header
from perilune.api.connections.request import Request
from perilune.api.error_answer import ErrorAnswer
from perilune.api.errors import ApiError, MethodNotAllowed, SignatureRefused, refusal
from perilune.api.replies import error_content
from perilune.engine import (
    EngineError,
    EventSerializationError,
    ExecutionRecordError,
    StorageUnavailableError,
)
from perilune.store import Function, StoreUnavailable

SERVED = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
DEFAULT_ALLOWED_HEADERS = b"Content-Type, Authorization"
PREFLIGHT_MAX_AGE_S = 600

_NO_FUNCTION = ErrorAnswer(404, "Function not found", code="function_not_found")
_FAULTS = (EventSerializationError, ExecutionRecordError, StorageUnavailableError)

_log = logging.getLogger(__name__)


def error_answer(error: ErrorAnswer, request: Request, own: Headers | None = None) -> Answer:
    """Return the answer for an error; *own* are the headers of the execution, if there was one."""
    body, media_type = error_content(error, request.raw_headers, request.raw_path)
    headers = [
        (b"content-type", media_type),
        (b"content-length", b"%d" % len(body)),
        *error.headers,
        *(own or ()),
        *CORS_DEFAULTS,
    ]
    return Answer(error.status, headers, body)


def not_served(request: Request, function: Function | None) -> Answer:
    """Answer what reaches no function: a preflight, another method, a path without id."""
    if request.method == "OPTIONS":
        return _preflight(request, function)
    if request.method not in SERVED:
        return error_answer(refusal(MethodNotAllowed(METHODS)), request)
    return error_answer(_NO_FUNCTION, request)


def report_refusal(function: str, error: ApiError | EngineError) -> None:
    """Log that a function, named as in the request, was not called."""
    if isinstance(error, _FAULTS):
        # Where in the program a failing disk was met first says nothing.
        is_outage = isinstance(error.__cause__, StoreUnavailable)
        shown = None if is_outage else error
        _log.error("function %s was not called: %s", function[:100], error, exc_info=shown)
    elif isinstance(error, SignatureRefused):
        _log.info("function %s was not called: %s, %s", function[:100], error.code, error.reason)
    else:
        _log.info("function %s was not called: %s", function[:100], error.code)


def _preflight(request: Request, function: Function | None) -> Answer:
    """Allow everything that a browser asks for, and the function serves (KD-08)."""
    wanted = DEFAULT_ALLOWED_HEADERS
    for name, value in request.raw_headers:
        if name == b"access-control-request-headers" and value:
            wanted = value
    methods = METHODS.encode()
    if function is not None and function.allowed_methods is not None:
        methods = allow_header(function.allowed_methods).encode()
    headers = [
        CORS_ORIGIN,
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", wanted),
        (b"access-control-max-age", b"%d" % PREFLIGHT_MAX_AGE_S),
        (b"allow", methods),
        (b"vary", b"Access-Control-Request-Headers"),
    ]
    return Answer(204, headers, b"")
