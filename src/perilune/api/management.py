"""The management API below `/api`: who may use it, its routes, and how it answers.

Order of work per request: authentication, body, rules, existence, action.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from perilune.api import hardening
from perilune.api.access.access import Access
from perilune.api.errors import (
    MethodNotAllowed,
    ShuttingDown,
    UnknownPath,
    management_failure,
)
from perilune.api.headers import header_value
from perilune.api.openapi import describe_api
from perilune.api.replies import json_error
from perilune.api.routes import (
    RouteTable,
    add_auth_routes,
    add_document_routes,
    add_execution_routes,
    add_function_routes,
    add_token_routes,
    add_version_routes,
)
from perilune.api.routes.table import CALLER, IS_HEAD
from perilune.api.subjects.about import About
from perilune.api.subjects.executions import Executions
from perilune.api.subjects.functions import Functions
from perilune.api.subjects.versions import Versions
from perilune.errors import PeriluneError

ADDED_HEADERS = (*hardening.COMMON, hardening.NO_CONTENT, hardening.NO_STORE)
CORS_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CORS_REQUEST_HEADERS = ("Authorization", "Content-Type", "X-Request-Id", "X-Requested-With")

AddRoutes = Callable[[RouteTable], None]
"""Adds the routes of one subject."""

_log = logging.getLogger(__name__)


class ManagementApi:
    """Serves everything below `/api` as an ASGI application."""

    def __init__(
        self,
        functions: Functions,
        versions: Versions,
        executions: Executions,
        *more: AddRoutes,
        access: Access,
        about: About,
        body_timeout_s: float = 30.0,
    ) -> None:
        """Serve functions, versions and executions, and whatever *more* adds routes for."""
        self._doorkeeper = access.doorkeeper
        self._version = about.version
        app = _framework()
        self._routes = RouteTable(app, body_timeout_s)
        for add_routes in more:
            add_routes(self._routes)
        add_auth_routes(self._routes, access.sign_in, access.sessions)
        add_token_routes(self._routes, access.tokens)
        add_function_routes(self._routes, functions)
        add_version_routes(self._routes, versions)
        add_execution_routes(self._routes, executions)
        add_document_routes(self._routes, about)
        self._public_paths = frozenset(self._routes.public_paths)
        self._framework = app
        self._app: ASGIApp = app
        self._cors_origins = {one.encode("ascii") for one in access.cors_origins}
        self._cors_app = _open_to(self._serve, access.cors_origins)

    def describe(self) -> dict[str, Any]:
        """Return the OpenAPI document of the whole server."""
        return describe_api(self._framework, self._routes.operations, self._version)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *ADDED_HEADERS]
            await send(message)

        # Pages of all other origins get no word about CORS, and so can't read anything.
        origin = header_value(scope["headers"], b"origin")
        is_open = self._cors_origins and origin in self._cors_origins
        await (self._cors_app if is_open else self._serve)(scope, receive, hardened)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def noted(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            # First of all: a stranger does not even learn which paths exist.
            if scope["path"] not in self._public_paths:
                scope[CALLER] = await self._doorkeeper.admit(scope)
        except PeriluneError as error:
            return await _refusal(scope, error)(scope, receive, send)
        if scope["method"] == "HEAD":
            # The server drops the body of what is answered to HEAD.
            scope = {**scope, "method": "GET", IS_HEAD: True}
        try:
            await self._app(scope, receive, noted)
        except asyncio.CancelledError:
            # Only the server's own end cancels requests of this API.
            if not has_started:
                await _refusal(scope, ShuttingDown())(scope, receive, send)
        except Exception:
            # Answered already; the framework only passes it on so that somebody reports it.
            _log.exception("%s %s failed", scope["method"], scope["path"])


def _framework() -> FastAPI:
    """Return the framework without routes of its own, with the answers for errors."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    _add_error_answers(app)
    return app


def _open_to(app: ASGIApp, origins: frozenset[str]) -> ASGIApp:
    """Return *app* with what lets pages of *origins* use it: with a bearer token, not a cookie."""
    return CORSMiddleware(
        app,
        allow_origins=sorted(origins),
        allow_methods=CORS_METHODS,
        allow_headers=CORS_REQUEST_HEADERS,
        expose_headers=("X-Request-Id", "Retry-After"),
    )


def _refusal(scope: Scope, error: Exception) -> Response:
    answer = management_failure(error)
    if answer.status >= 500:
        _log.error("%s %s: %s", scope["method"], scope["path"], error, exc_info=error)
    return json_error(answer, scope)


def _add_error_answers(app: FastAPI) -> None:
    async def foreseen(request: Request, error: Exception) -> Response:
        return _refusal(request.scope, error)

    async def unrouted(request: Request, error: Exception) -> Response:
        allowed = _allowed_methods(app, request.scope["path"])
        refusal = MethodNotAllowed(", ".join(allowed)) if allowed else UnknownPath()
        return json_error(management_failure(refusal), request.scope)

    async def unforeseen(request: Request, error: Exception) -> Response:
        return json_error(management_failure(error), request.scope)

    app.add_exception_handler(PeriluneError, foreseen)
    app.add_exception_handler(HTTPException, unrouted)
    app.add_exception_handler(Exception, unforeseen)


def _allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Return the methods that *path* can be used with; none if nothing is served there."""
    serving = [one for one in app.routes if isinstance(one, Route) and one.path_regex.match(path)]
    # A path of its own is not meant by the parameter of another: no execution has the id `stream`.
    literal = [one for one in serving if one.path == path]
    found = {method for one in literal or serving for method in one.methods or ()}
    if "GET" in found:
        found.add("HEAD")
    return sorted(found)
