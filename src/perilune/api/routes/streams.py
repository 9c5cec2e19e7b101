"""Routes of what happens right now."""

from collections.abc import AsyncIterator
from functools import partial

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from perilune.api.errors import TooManyStreams
from perilune.api.handlers.streams import Streams
from perilune.api.routes.route import Route
from perilune.api.scopes import TokenScope
from perilune.store import ExecutionNotFound, FunctionNotFound

MEDIA_TYPE = "text/event-stream"

_read = partial(Route, "GET", tag="Executions", scope=TokenScope.READ, media_type=MEDIA_TYPE)


def stream_routes(streams: Streams) -> list[Route]:
    """Return what is followed while it happens."""

    async def stream_executions(request: Request, function_id: str | None = None) -> Response:
        return _stream(request, await streams.executions(function_id))

    async def stream_logs(request: Request, execution_id: str) -> Response:
        return _stream(request, await streams.logs(execution_id))

    return [
        _read(
            "/api/executions/stream",
            stream_executions,
            "streamExecutions",
            "Follow the executions of all functions as they begin and end",
            errors=(TooManyStreams,),
        ),
        _read(
            "/api/functions/{function_id}/executions/stream",
            stream_executions,
            "streamFunctionExecutions",
            "Follow the executions of a function as they begin and end",
            errors=(FunctionNotFound, TooManyStreams),
        ),
        _read(
            "/api/executions/{execution_id}/logs/stream",
            stream_logs,
            "streamExecutionLogs",
            "Follow the log of an execution",
            errors=(ExecutionNotFound, TooManyStreams),
        ),
    ]


def _stream(request: Request, parts: AsyncIterator[bytes]) -> Response:
    # Proxies that collect answers would hold back what is meant to be seen at once.
    headers = {"X-Accel-Buffering": "no"}
    # A HEAD request would see nothing of the stream, and wait for its end.
    shown = () if request.method == "HEAD" else parts
    return StreamingResponse(shown, headers=headers, media_type=MEDIA_TYPE)
