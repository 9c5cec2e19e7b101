"""The management API below `/api`: who may use it, its routes, and how it answers.

Order of work per request: authentication, body, rules, existence, action.
"""

import asyncio
import logging
from typing import Any, Protocol

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from perilune.api.errors import (
    AuthenticationRequired,
    MethodNotAllowed,
    ShuttingDown,
    UnknownPath,
    management_failure,
)
from perilune.api.executions import Executions
from perilune.api.functions import Functions
from perilune.api.openapi import describe_api
from perilune.api.replies import json_error
from perilune.api.routes import (
    RouteTable,
    add_document_routes,
    add_execution_routes,
    add_function_routes,
)
from perilune.errors import PeriluneError

HARDENING = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
)
"""On every answer of the management API (KD-22); answers hold secrets, so nobody may keep them."""

_log = logging.getLogger(__name__)


class Doorkeeper(Protocol):
    """Decides who may use the management API."""

    def admits(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether a request with these headers is authenticated."""
        ...


class ManagementApi:
    """Serves everything below `/api` as an ASGI application."""

    def __init__(
        self,
        functions: Functions,
        executions: Executions,
        *,
        doorkeeper: Doorkeeper,
        body_timeout_s: float = 30.0,
    ) -> None:
        self._doorkeeper = doorkeeper
        app = _framework()
        self._routes = RouteTable(app, body_timeout_s)
        add_function_routes(self._routes, functions)
        add_execution_routes(self._routes, executions)
        add_document_routes(self._routes)
        self._framework = app
        self._app: ASGIApp = app

    def describe(self, version: str) -> dict[str, Any]:
        """Return the OpenAPI document of the whole server, whose version is *version*."""
        return describe_api(self._framework, self._routes.operations, version)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        has_started = False

        async def hardened(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                message["headers"] = [*message["headers"], *HARDENING]
            await send(message)

        # First of all: a stranger does not even learn which paths exist.
        if not self._doorkeeper.admits(scope["headers"]):
            refusal = json_error(management_failure(AuthenticationRequired()))
            return await refusal(scope, receive, hardened)
        if scope["method"] == "HEAD":
            # The server drops the body of what is answered to HEAD.
            scope = {**scope, "method": "GET"}
        try:
            await self._app(scope, receive, hardened)
        except asyncio.CancelledError:
            # Only the server's own end cancels requests of this API.
            if not has_started:
                refusal = json_error(management_failure(ShuttingDown()))
                await refusal(scope, receive, hardened)
        except Exception:
            # Answered already; the framework only passes it on so that somebody reports it.
            _log.exception("%s %s failed", scope["method"], scope["path"])


def _framework() -> FastAPI:
    """Return the framework without routes of its own, with the answers for errors."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    _add_error_answers(app)
    return app


def _add_error_answers(app: FastAPI) -> None:
    async def foreseen(request: Request, error: Exception) -> Response:
        answer = management_failure(error)
        if answer.status >= 500:
            _log.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
        return json_error(answer)

    async def unrouted(request: Request, error: Exception) -> Response:
        allowed = _allowed_methods(app, request.scope["path"])
        refusal = MethodNotAllowed(", ".join(allowed)) if allowed else UnknownPath()
        return json_error(management_failure(refusal))

    async def unforeseen(request: Request, error: Exception) -> Response:
        return json_error(management_failure(error))

    app.add_exception_handler(PeriluneError, foreseen)
    app.add_exception_handler(HTTPException, unrouted)
    app.add_exception_handler(Exception, unforeseen)


def _allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Return the methods that *path* can be used with; none if nothing is served there."""
    found: set[str] = set()
    for route in app.routes:
        if isinstance(route, Route) and route.path_regex.match(path):
            found |= route.methods or set()
    if "GET" in found:
        found.add("HEAD")
    return sorted(found)
