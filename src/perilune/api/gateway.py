"""Decides who answers a request, by its host and path, and logs what was asked."""

import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from perilune.api import hardening
from perilune.api.connections.asgi import AsgiExchange
from perilune.api.connections.exchange import Exchange, Opener, Owner
from perilune.api.connections.request import Request
from perilune.api.errors import NOT_READY_STATUS, MethodNotAllowed, UnknownPath, refusal
from perilune.api.headers import header_value, usable_request_id
from perilune.api.health import Readiness
from perilune.api.replies import json_answer, json_error
from perilune.ids import new_id
from perilune.runtimes.guest.docs import llms_text

GUIDE_CACHING = "public, max-age=3600"
_REQUEST_ID = b"x-request-id"

_PORT = re.compile(r":[0-9]*$")

_ON_MANAGEMENT = (*hardening.COMMON, hardening.NO_CONTENT, hardening.NO_STORE)
"""Headers on every answer of the management API."""
_OWN = frozenset({"/healthz", "/readyz", "/llms.txt", "*"})
_SERVER_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

_access = logging.getLogger("perilune.access")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLog:
    """Which requests are logged, and how secrets in their paths are hidden."""

    api: bool = True
    functions: bool = False
    hide: Callable[[str], str] = str


class Gateway:
    """Serves the whole of one server's address space."""

    def __init__(
        self,
        *,
        functions: Opener,
        management: ASGIApp,
        documentation: ASGIApp,
        dashboard: ASGIApp,
        readiness: Readiness,
        metrics: ASGIApp | None = None,
        access_log: AccessLog,
        function_host: str = "",
    ) -> None:
        """Hand requests to these.

        Args:
            functions: answers calls, below `/fn`.
            management: serves `/api`.
            documentation: serves `/docs`.
            dashboard: serves everything else.
            readiness: answers `/readyz`.
            metrics: serves `/metrics`; None if nothing does.
            access_log: what is logged.
            function_host: if given, the one host name that serves functions, and nothing else.
        """
        self._functions = functions
        self._management = management
        self._documentation = documentation
        self._dashboard = dashboard
        self._readiness = readiness
        self._metrics = metrics
        self._access_log = access_log
        self._function_host = function_host
        self._guide = llms_text().encode()

    def open(self, owner: Owner, request: Request) -> Exchange[Any]:
        """Let a request, whose head has arrived, be answered by whoever serves its path."""
        path = request.path
        is_call = path.startswith("/fn/") or path == "/fn"
        serve: ASGIApp
        if self._function_host and self._is_elsewhere(request, is_call):
            serve = self._elsewhere
        elif is_call:
            call = self._functions(owner, request)
            if self._access_log.functions:
                call.on_end = self._noting(call)
            return call
        elif path.startswith("/api/") or path == "/api":
            serve = self._managed
        elif path.startswith("/docs/") or path == "/docs":
            serve = self._documentation
        elif path == "/metrics" and self._metrics is not None:
            serve = self._metrics
        elif path in _OWN:
            serve = self._own
        else:
            serve = self._dashboard
        return AsgiExchange(serve, owner, request)

    def _is_elsewhere(self, request: Request, is_call: bool) -> bool:
        """Whether what is asked for is not served under this host name.

        No name at all, as load balancers send it, gets what says whether the server is well.
        """
        host = _host(request)
        is_nameless = not host and request.path not in _OWN
        return is_nameless or is_call is not (host == self._function_host)

    def _noting(self, call: Exchange[Any]) -> Callable[[], None]:
        """Return what logs a call at its end."""
        started = time.perf_counter()

        def note() -> None:
            duration_s = time.perf_counter() - started
            request = call.request
            self._log(request.method, request.raw_path, call.status, duration_s, call.request_id)

        return note

    async def _elsewhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _hardened(json_error(refusal(UnknownPath()), scope))(scope, receive, send)

    def _managed(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve the management API; each answer names its request."""
        request_id = _given_request_id(scope) or new_id()
        added = (*_ON_MANAGEMENT, (_REQUEST_ID, request_id.encode()))
        return self._noted(scope, receive, send, added)

    async def _noted(
        self, scope: Scope, receive: Receive, send: Send, added: tuple[tuple[bytes, bytes], ...]
    ) -> None:
        """Serve the management API, with the headers *added* to its answers, and log them."""
        started = time.perf_counter()
        status, request_id = 0, ""

        async def noted(message: Message) -> None:
            nonlocal status, request_id
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *added]
                for name, value in message["headers"]:
                    if name == _REQUEST_ID:
                        request_id = value.decode("latin-1")
            await send(message)

        try:
            await self._management(scope, receive, noted)
        finally:
            if self._access_log.api:
                duration_s = time.perf_counter() - started
                self._log(scope["method"], scope["raw_path"], status, duration_s, request_id)

    def _log(
        self, method: str, raw_path: bytes, status: int, duration_s: float, request_id: str
    ) -> None:
        # The raw path: escapes keep line breaks out of the log.  Never the query.
        fields = {
            "method": method,
            "path": self._access_log.hide(raw_path.decode("latin-1")),
            "status": status,
            "duration_ms": round(duration_s * 1000, 3),
            "request_id": request_id,
        }
        _access.info(
            "%(method)s %(path)s %(status)s %(duration_ms)s ms %(request_id)s",
            fields,
            extra={"fields": fields},
        )

    async def _own(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the few paths that belong to the server itself."""
        path: str = scope["path"]
        answer: Response
        if path == "*":  # RFC 9110, 9.3.7: a client asks what the server as a whole can do
            answer = Response(status_code=204, headers={"Allow": _SERVER_METHODS})
        elif scope["method"] not in ("GET", "HEAD"):
            answer = json_error(refusal(MethodNotAllowed("GET, HEAD")), scope)
        elif path == "/readyz":
            is_ready, document = await self._readiness.report()
            answer = json_answer(document)
            if not is_ready:
                answer.status_code = NOT_READY_STATUS
        elif path == "/healthz":
            answer = json_answer({"status": "ok"})
        else:
            answer = PlainTextResponse(self._guide, headers={"Cache-Control": GUIDE_CACHING})
        await _hardened(answer)(scope, receive, send)


def _hardened(answer: Response) -> Response:
    answer.raw_headers += (*hardening.COMMON, hardening.NO_CONTENT)
    return answer


def _host(request: Request) -> str:
    """Return the name of the host that a request is for, without port and final dot."""
    return _PORT.sub("", request.host).rstrip(".").lower()


def _given_request_id(scope: Scope) -> str:
    return usable_request_id(header_value(scope["headers"], _REQUEST_ID).decode("latin-1"))
