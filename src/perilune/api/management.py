"""The management API below `/api`: who may use it, its routes, and how it answers.

Order of work per request: authentication, body, rules, existence, action.
"""

import asyncio
import logging
from collections.abc import Awaitable, Collection
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from perilune.api.error_answer import Error, LoginError
from perilune.api.errors import (
    INTERNAL,
    MethodNotAllowed,
    ShuttingDown,
    UnknownPath,
    management_failure,
)
from perilune.api.headers import header_value
from perilune.api.openapi import describe_api
from perilune.api.replies import json_error, login_error
from perilune.api.routes import Handlers, RouteTable, all_routes
from perilune.api.routes.route import CALLER
from perilune.errors import PeriluneError

CORS_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CORS_REQUEST_HEADERS = ("Authorization", "Content-Type", "X-Request-Id", "X-Requested-With")

_log = logging.getLogger(__name__)


class ManagementApi:
    """Serves everything below `/api` as an ASGI application."""

    def __init__(self, handlers: Handlers, *, body_timeout_s: float = 30.0) -> None:
        self._authenticator = handlers.access.authenticator
        self._version = handlers.about.version
        self._body_timeout_s = body_timeout_s
        self._routes = all_routes(handlers)
        self._table = RouteTable(self._routes)
        origins = handlers.access.cors_origins
        self._cors_origins = {one.encode("ascii") for one in origins}
        self._cors_app = _open_to(self._serve, origins)

    def describe(self) -> dict[str, Any]:
        """Return the OpenAPI document of the whole server."""
        return describe_api(self._routes, self._version)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request."""
        # Pages of all other origins get no word about CORS, and so can't read anything.
        is_open = self._cors_origins and header_value(scope["headers"], b"origin") in (
            self._cors_origins
        )
        return (self._cors_app if is_open else self._serve)(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: Response | None = None
        try:
            answer = await self._answer(scope, receive)
            await answer(scope, receive, send)
        except asyncio.CancelledError:
            # Only the server's own end cancels requests of this API.
            if answer is None:
                await _refusal(scope, ShuttingDown())(scope, receive, send)
        except Exception:
            _log.exception("%s %s failed", scope["method"], scope["path"])
            if answer is None:
                await json_error(INTERNAL, scope)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        routes, texts = self._table.find(scope["path"])
        envelope: type = Error
        try:
            # First of all: a stranger does not even learn which paths exist.
            if not routes or any(route.scope is not None for route in routes.values()):
                scope[CALLER] = await self._authenticator.authenticate(scope)
            if not routes:
                raise UnknownPath
            method = scope["method"]
            # The server drops the body of what is answered to HEAD.
            route = routes.get("GET" if method == "HEAD" else method)
            if route is None:
                raise MethodNotAllowed(_allowed(routes))
            envelope = route.envelope
            return await route.respond(Request(scope, receive), texts, self._body_timeout_s)
        except PeriluneError as error:
            return _refusal(scope, error, envelope)


def _open_to(app: ASGIApp, origins: frozenset[str]) -> ASGIApp:
    """Return *app* with what lets pages of *origins* use it: with a bearer token, not a cookie."""
    return CORSMiddleware(
        app,
        allow_origins=sorted(origins),
        allow_methods=CORS_METHODS,
        allow_headers=CORS_REQUEST_HEADERS,
        expose_headers=("X-Request-Id", "Retry-After"),
    )


def _allowed(methods: Collection[str]) -> str:
    """Return the value of `Allow` for a path with these methods."""
    return ", ".join(sorted({*methods, "HEAD"} if "GET" in methods else methods))


def _refusal(scope: Scope, error: Exception, envelope: type = Error) -> Response:
    answer = management_failure(error)
    if answer.status >= 500:
        _log.error("%s %s: %s", scope["method"], scope["path"], error, exc_info=error)
    return login_error(answer) if envelope is LoginError else json_error(answer, scope)
