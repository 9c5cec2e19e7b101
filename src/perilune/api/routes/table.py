"""How a route of the management API is declared."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

from perilune.api.body import content_length, read_body_in_time
from perilune.api.scopes import Scope

MAX_BODY_BYTES = 2 * 1024 * 1024

Endpoint = Callable[..., Awaitable[Response]]


class RouteTable:
    """Takes the routes of the management API and hands them to the framework."""

    def __init__(self, app: FastAPI, body_timeout_s: float) -> None:
        self._app = app
        self._body_timeout_s = body_timeout_s

    def add(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        operation_id: str,
        tag: str,
        *,
        scope: Scope,
    ) -> None:
        """Serve *path*.

        Args:
            method: the HTTP method.
            path: the path, with its parameters in braces.
            endpoint: answers a request; its parameters are those of path and query.
            operation_id: the stable name of the operation for generated clients.
            tag: the group it is shown in.
            scope: the right that a caller needs.
        """
        self._app.add_api_route(
            path,
            endpoint,
            methods=[method],
            operation_id=operation_id,
            tags=[tag],
            response_model=None,
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
            declared=content_length(request.scope["headers"]),
        )
