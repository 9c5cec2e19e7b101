"""The management API below `/api`: who may use it, its routes, and how it answers.

Order of work per request: authentication, body, rules, existence, action.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from perilune.api.body import content_length, read_body_in_time
from perilune.api.errors import (
    AuthenticationRequired,
    ErrorAnswer,
    MethodNotAllowed,
    ShuttingDown,
    UnknownPath,
    management_failure,
)
from perilune.api.executions import Executions
from perilune.api.functions import Functions
from perilune.api.validation import (
    EnvBody,
    FunctionBody,
    checked_creation,
    checked_env,
    checked_update,
    decode_body,
    page_params,
)
from perilune.errors import PeriluneError
from perilune.runtimes.guest_docs import guest_api_json

MAX_BODY_BYTES = 2 * 1024 * 1024

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
        self._app: ASGIApp = _routes(functions, executions, body_timeout_s)

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


def json_answer(content: object) -> Response:
    """Return *content* as JSON followed by a line feed."""
    return Response(
        msgspec.json.encode(content) + b"\n", headers={"Content-Type": "application/json"}
    )


def json_error(error: ErrorAnswer) -> Response:
    """Return the answer for an error."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in error.headers}
    return Response(
        error.body, error.status, headers={"Content-Type": "application/json", **headers}
    )


def _routes(functions: Functions, executions: Executions, body_timeout_s: float) -> FastAPI:
    app = FastAPI(
        title="Perilune", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    _add_function_routes(app, functions, body_timeout_s)
    _add_execution_routes(app, executions)
    _add_document_routes(app)
    _add_error_answers(app)
    return app


def _add_function_routes(app: FastAPI, functions: Functions, body_timeout_s: float) -> None:
    async def body(request: Request) -> bytes:
        return await read_body_in_time(
            request.receive,
            limit=MAX_BODY_BYTES,
            timeout_s=body_timeout_s,
            declared=content_length(request.scope["headers"]),
        )

    async def create_function(request: Request) -> Response:
        wanted = decode_body(await body(request), FunctionBody)
        return json_answer(await functions.create(*checked_creation(wanted)))

    async def list_functions(limit: str | None = None, offset: str | None = None) -> Response:
        return json_answer(await functions.page(page_params(limit, offset)))

    async def get_function(function_id: str) -> Response:
        return json_answer(await functions.get(function_id))

    async def update_function(function_id: str, request: Request) -> Response:
        wanted = decode_body(await body(request), FunctionBody)
        return json_answer(await functions.update(function_id, *checked_update(wanted)))

    async def delete_function(function_id: str) -> Response:
        await functions.delete(function_id)
        return Response(status_code=204)

    async def update_env(function_id: str, request: Request) -> Response:
        values = checked_env(decode_body(await body(request), EnvBody))
        return json_answer(await functions.replace_env(function_id, values))

    every, one = "/api/functions", "/api/functions/{function_id}"
    _add(app, "POST", every, create_function, "createFunction", "Functions")
    _add(app, "GET", every, list_functions, "listFunctions", "Functions")
    _add(app, "GET", one, get_function, "getFunction", "Functions")
    _add(app, "PUT", one, update_function, "updateFunction", "Functions")
    _add(app, "DELETE", one, delete_function, "deleteFunction", "Functions")
    _add(app, "PUT", one + "/env", update_env, "updateEnvVars", "Functions")


def _add_execution_routes(app: FastAPI, executions: Executions) -> None:
    async def list_executions(
        function_id: str, limit: str | None = None, offset: str | None = None
    ) -> Response:
        return json_answer(await executions.page(function_id, page_params(limit, offset)))

    async def get_execution(execution_id: str) -> Response:
        return json_answer(await executions.get(execution_id))

    async def get_logs(
        execution_id: str, limit: str | None = None, offset: str | None = None
    ) -> Response:
        return json_answer(await executions.logs(execution_id, page_params(limit, offset)))

    async def get_ai_requests(
        execution_id: str, limit: str | None = None, offset: str | None = None
    ) -> Response:
        return json_answer(await executions.ai_requests(execution_id, page_params(limit, offset)))

    async def get_email_requests(
        execution_id: str, limit: str | None = None, offset: str | None = None
    ) -> Response:
        params = page_params(limit, offset)
        return json_answer(await executions.email_requests(execution_id, params))

    of_function = "/api/functions/{function_id}/executions"
    one = "/api/executions/{execution_id}"
    _add(app, "GET", of_function, list_executions, "listExecutions", "Executions")
    _add(app, "GET", one, get_execution, "getExecution", "Executions")
    _add(app, "GET", one + "/logs", get_logs, "getExecutionLogs", "Executions")
    _add(app, "GET", one + "/ai-requests", get_ai_requests, "getAIRequests", "Executions")
    _add(app, "GET", one + "/email-requests", get_email_requests, "getEmailRequests", "Executions")


def _add_document_routes(app: FastAPI) -> None:
    guest_api = guest_api_json()

    async def get_guest_api() -> Response:
        return Response(guest_api, headers={"Content-Type": "application/json"})

    _add(app, "GET", "/api/guest-api.json", get_guest_api, "getGuestApi", "Runtime")


def _add(
    app: FastAPI,
    method: str,
    path: str,
    endpoint: Callable[..., Awaitable[Response]],
    operation_id: str,
    tag: str,
) -> None:
    app.add_api_route(
        path,
        endpoint,
        methods=[method],
        operation_id=operation_id,
        tags=[tag],
        response_model=None,
    )


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
