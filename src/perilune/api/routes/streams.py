"""Routes of what happens right now."""

from collections.abc import AsyncIterator

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from perilune.api.errors import TooManyStreams
from perilune.api.routes.table import IS_HEAD, Endpoint, RouteTable
from perilune.api.scopes import Scope
from perilune.api.subjects.streams import Streams
from perilune.errors import PeriluneError
from perilune.store import ExecutionNotFound, FunctionNotFound

MEDIA_TYPE = "text/event-stream"


def add_stream_routes(routes: RouteTable, streams: Streams) -> None:
    """Add streams; before the routes of single executions, whose paths look like theirs."""

    async def stream_all(request: Request) -> Response:
        return _stream(request, await streams.executions())

    async def stream_function(function_id: str, request: Request) -> Response:
        return _stream(request, await streams.executions(function_id))

    async def stream_logs(execution_id: str, request: Request) -> Response:
        return _stream(request, await streams.logs(execution_id))

    def add(
        path: str,
        endpoint: Endpoint,
        operation_id: str,
        summary: str,
        *missing: type[PeriluneError],
    ) -> None:
        routes.add(
            "GET",
            path,
            endpoint,
            operation_id,
            "Executions",
            scope=Scope.READ,
            summary=summary,
            media_type=MEDIA_TYPE,
            errors=(*missing, TooManyStreams),
        )

    add(
        "/api/executions/stream",
        stream_all,
        "streamExecutions",
        "Follow the executions of all functions as they begin and end",
    )
    add(
        "/api/functions/{function_id}/executions/stream",
        stream_function,
        "streamFunctionExecutions",
        "Follow the executions of a function as they begin and end",
        FunctionNotFound,
    )
    add(
        "/api/executions/{execution_id}/logs/stream",
        stream_logs,
        "streamExecutionLogs",
        "Follow the log of an execution",
        ExecutionNotFound,
    )


def _stream(request: Request, parts: AsyncIterator[bytes]) -> Response:
    # Proxies that collect answers would hold back what is meant to be seen at once.
    headers = {"X-Accel-Buffering": "no"}
    # Whoever asks for the head only would see nothing of it, and wait for its end.
    shown = () if IS_HEAD in request.scope else parts
    return StreamingResponse(shown, headers=headers, media_type=MEDIA_TYPE)
