"""How a route of the management API is declared."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI, Request, Response

from perilune.api.access.csrf import SAFE_METHODS
from perilune.api.body import read_body_in_time
from perilune.api.errors import (
    AuthenticationRequired,
    BodyReadError,
    BodyTimeout,
    BodyTooLarge,
    CrossSiteRequest,
    InsufficientScope,
    InvalidBody,
    OperationFailed,
    ShuttingDown,
    TooManyAttempts,
)
from perilune.api.headers import header_value
from perilune.api.routes.shapes import Error
from perilune.api.scopes import Caller, Scope
from perilune.errors import PeriluneError
from perilune.store import StoreUnavailable

MAX_BODY_BYTES = 2 * 1024 * 1024
CALLER = "perilune.caller"
"""Where the `Caller` is kept in the ASGI scope of a request that was let in."""

IS_HEAD = "perilune.is_head"
"""Set in the ASGI scope of a request that is served as GET, but was HEAD."""

ErrorKinds = tuple[type[PeriluneError], ...]
Endpoint = Callable[..., Awaitable[Response]]

EVERYWHERE: ErrorKinds = (OperationFailed, StoreUnavailable, ShuttingDown)
"""What any route may answer."""
WITH_SCOPE: ErrorKinds = (AuthenticationRequired, InsufficientScope, TooManyAttempts)
"""What a route that asks for a right may answer too."""
WITH_CHANGE: ErrorKinds = (CrossSiteRequest,)
"""What such a route may answer if it changes something."""
WITH_BODY: ErrorKinds = (InvalidBody, BodyReadError, BodyTimeout, BodyTooLarge)
"""What a route that takes a body may answer too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What is known of one route besides its path and parameters."""

    operation_id: str
    summary: str
    scope: Scope | None
    body: Any
    required: tuple[str, ...]
    answer: Any
    media_type: str
    status: int
    errors: ErrorKinds
    envelope: type


class RouteTable:
    """Takes the routes of the management API and hands them to the framework."""

    def __init__(self, app: FastAPI, body_timeout_s: float) -> None:
        self._app = app
        self._body_timeout_s = body_timeout_s
        self.operations: dict[str, Operation] = {}
        """What was declared, by operation id."""
        self.public_paths: set[str] = set()
        """Paths that strangers may use."""

    def add(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        operation_id: str,
        tag: str,
        *,
        scope: Scope | None,
        summary: str = "",
        body: Any = None,
        required: tuple[str, ...] = (),
        answer: Any = None,
        media_type: str = "application/json",
        status: int = 200,
        errors: ErrorKinds = (),
        envelope: type = Error,
    ) -> None:
        """Serve *path*.

        Args:
            method: the HTTP method.
            path: the path, with its parameters in braces.
            endpoint: answers a request; its parameters are those of path and query.
            operation_id: the stable name of the operation for generated clients.
            tag: the group it is shown in.
            scope: the right that a caller needs; None for a public route.
            summary: one sentence on what it does.
            body: the type of the body, as msgspec knows types; None if it takes none.
            required: members the body can't do without, although its type can.
            answer: the type of the answer, sent as by `to_json`; None if it is empty or free.
            media_type: the content type of the answer.
            status: the status of success.
            errors: the errors this route has of its own, beside those that any has.
            envelope: the shape of what errors are answered with.
        """
        if scope is None:
            self.public_paths.add(path)
        self.operations[operation_id] = Operation(
            operation_id=operation_id,
            summary=summary,
            scope=scope,
            body=body,
            required=required,
            answer=answer,
            media_type=media_type,
            status=status,
            errors=errors + _common_errors(method, scope, body),
            envelope=envelope,
        )
        self._app.add_api_route(
            path,
            endpoint,
            methods=[method],
            operation_id=operation_id,
            tags=[tag],
            summary=summary or None,
            response_model=None,
            dependencies=[] if scope is None else [Depends(_holder_of(scope))],
        )

    async def body(self, request: Request) -> bytes:
        """Return the body of *request*.

        Raises:
            ApiError: it is too large or does not arrive.
        """
        return await read_body_in_time(
            request.receive,
            limit=MAX_BODY_BYTES,
            timeout_s=self._body_timeout_s,
            declared=header_value(request.scope["headers"], b"content-length").decode("latin-1"),
        )


def caller_of(request: Request) -> Caller:
    """Return who makes *request*, which was let in by a credential."""
    caller: Caller = request.scope[CALLER]
    return caller


def _common_errors(method: str, scope: Scope | None, body: Any) -> ErrorKinds:
    """Return the errors that any route like this may answer."""
    common = EVERYWHERE + (WITH_BODY if body else ())
    if scope is None:
        return common
    return common + WITH_SCOPE + (() if method in SAFE_METHODS else WITH_CHANGE)


def _holder_of(scope: Scope) -> Callable[[Request], Awaitable[None]]:
    """Return what refuses callers without *scope*; it runs before anything else of the route."""

    async def check(request: Request) -> None:
        if not caller_of(request).may(scope):
            raise InsufficientScope(scope)

    return check
