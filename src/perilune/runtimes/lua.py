"""The Lua runtime: LuaJIT in locked-down worker processes."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from perilune.events import Event, ExecutionContext, HTTPEvent, HTTPResponse
from perilune.runtimes.contract import (
    GuestError,
    GuestSyntaxError,
    MemoryLimitError,
    RuntimeFailure,
    RuntimeRequest,
    RuntimeResult,
    WorkerDiedError,
)
from perilune.runtimes.guest_calls import GuestCalls, GuestServices
from perilune.runtimes.limits import WorkerLimits
from perilune.runtimes.outbound_calls import OutboundServices
from perilune.runtimes.pool import Pool
from perilune.runtimes.report import format_report
from perilune.runtimes.starter import WorkerStarter
from perilune.runtimes.worker_process import Invocation, NotStartedError
from perilune.runtimes.zygote_client import open_zygote
from perilune.services.ai import AIClient, AITracker
from perilune.services.email import EmailClient, EmailTracker
from perilune.services.env import EnvStore, MemoryEnv
from perilune.services.http import HTTPClient
from perilune.services.kv import KVStore, MemoryKV
from perilune.services.logger import Logger, LogLevel
from perilune.worker.frames import Call, Failure, FrameError, Invoke, Reply, Result
from perilune.worker.lockdown import REQUIRED_LAYERS

INTERPRETER = "perilune.worker.lua_interpreter"


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """How well guest code is contained: `full`, `relaxed` or `none` (no worker yet)."""

    grade: str
    layers: tuple[str, ...]
    missing: tuple[str, ...]


class LuaRuntime:
    """Runs Lua functions in a pool of worker processes.

    Use it as an async context manager, or call `start` and `close`.  An
    execution that comes before `start` starts it.  Without a kv or env store
    functions get private ones that live in memory; a client that is not given
    answers guests that it is not configured.  `interpreter` names the
    module that serves inside the workers, found in `search_path` or where
    Python finds its modules.
    """

    def __init__(
        self,
        *,
        logger: Logger,
        kv_store: KVStore | None = None,
        env_store: EnvStore | None = None,
        http_client: HTTPClient | None = None,
        ai_client: AIClient | None = None,
        ai_tracker: AITracker | None = None,
        email_client: EmailClient | None = None,
        email_tracker: EmailTracker | None = None,
        limits: WorkerLimits | None = None,
        interpreter: str = INTERPRETER,
        search_path: Sequence[str | Path] = (),
    ) -> None:
        self._interpreter = interpreter
        self._search_path = search_path
        self._limits = limits or WorkerLimits()
        self._services = GuestServices(
            logger=logger,
            kv=kv_store or MemoryKV(),
            env=env_store or MemoryEnv(),
            outbound=OutboundServices(
                http=http_client,
                ai=ai_client,
                ai_tracker=ai_tracker,
                email=email_client,
                email_tracker=email_tracker,
            ),
        )
        self._rooms = AsyncExitStack()
        self._pool: Pool | None = None
        self._starter: WorkerStarter | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> "LuaRuntime":
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Start the zygote and the warm workers.

        Raises:
            SandboxUnavailableError: workers can't be locked down as required.
        """
        async with self._starting:
            if self._pool is not None:
                return
            zygote = await self._rooms.enter_async_context(
                open_zygote([self._interpreter], search_path=self._search_path)
            )
            starter = WorkerStarter(zygote, self._interpreter, self._limits)
            pool = Pool(starter, self._limits)
            self._rooms.push_async_callback(pool.close)
            try:
                await pool.start()
            except BaseException:
                await self._rooms.aclose()
                raise
            self._starter, self._pool = starter, pool

    async def close(self) -> None:
        """Stop all workers and the zygote."""
        self._pool = None
        await self._rooms.aclose()

    def sandbox(self) -> SandboxReport:
        """Return which layers of the sandbox are in force in the workers."""
        grade = self._starter.grade if self._starter is not None else None
        if grade is None:
            return SandboxReport("none", (), REQUIRED_LAYERS)
        return SandboxReport(grade.name, grade.in_force, grade.missing)

    def is_ready(self) -> bool:
        """Tell whether executions would find a worker."""
        return self._pool is not None and self._pool.has_workers()

    async def execute(self, req: RuntimeRequest) -> RuntimeResult:
        """Run the code once in a worker.

        Raises:
            RuntimeFailure: the guest failed, its worker ended, or all are busy.
        """
        if self._pool is None:
            await self.start()
        pool = self._pool
        if pool is None:
            raise WorkerDiedError("the runtime is closed")
        event = guest_event(req.event)
        context = req.context
        calls = GuestCalls(self._services, req, self._limits)
        while True:
            invocation = await pool.acquire(req.version_id)
            try:
                frame = await self._converse(invocation, calls, req, event)
                break
            except NotStartedError:
                continue
            except WorkerDiedError:
                # Whatever outcome came with it: who breaks the protocol is not used again.
                invocation.worker.kill()
                raise
            except FrameError as error:
                raise GuestError(f"the event is too large for the worker: {error}") from error
            finally:
                pool.release(invocation)
        if isinstance(frame, Result):
            return await self._result(frame, context)
        raise _failure(frame, req.code, self._limits)

    async def _converse(
        self, invocation: Invocation, calls: GuestCalls, req: RuntimeRequest, event: dict[str, Any]
    ) -> Result | Failure:
        """Send the invocation and answer the worker's calls until it has an outcome."""
        left_s = max(0.0, req.deadline - asyncio.get_running_loop().time())
        invoke = Invoke(
            req.version_id,
            None if invocation.worker.has_code else req.code,
            guest_context(req.context),
            event,
            left_s,
        )
        try:
            invocation.start(invoke)
        except UnicodeEncodeError:
            # Header bytes that are not UTF-8 are surrogate escapes here, and bytes in frames.
            invocation.start(msgspec.structs.replace(invoke, event=_as_bytes(event)))
        while True:
            frame = await invocation.receive()
            if isinstance(frame, Call):
                reply = await calls.answer(frame)
                if reply is not None:
                    _send_reply(invocation, reply)
            elif isinstance(frame, Result | Failure):
                return frame
            else:
                raise WorkerDiedError("the worker broke the protocol and was stopped")

    async def _result(self, frame: Result, context: ExecutionContext) -> RuntimeResult:
        """Check what the worker says the guest returned; the worker is not trusted."""
        if not 200 <= frame.status_code <= 599:
            raise GuestError(f"invalid statusCode: {frame.status_code}")
        for warning in frame.warnings[:10]:
            await self._services.logger.log(context.execution_id, LogLevel.WARN, warning)
        response = HTTPResponse(
            status_code=frame.status_code,
            headers={name: _header_text(value) for name, value in frame.headers.items()},
            body=frame.body,
            is_base64_encoded=frame.is_base64_encoded,
        )
        return RuntimeResult(response=response)


def guest_context(context: ExecutionContext) -> dict[str, Any]:
    """Return *context* as guests know it: camelCase, empty members left out."""
    members: dict[str, Any] = {
        "executionId": context.execution_id,
        "functionId": context.function_id,
        "startedAt": context.started_at,
    }
    if context.request_id:
        members["requestId"] = context.request_id
    if context.version:
        members["version"] = context.version
    if context.function_name:
        members["functionName"] = context.function_name
    if context.base_url:
        members["baseUrl"] = context.base_url
    return members


def guest_event(event: Event) -> dict[str, Any]:
    """Return *event* as guests know it.

    Raises:
        GuestError: this kind of event can't be given to functions.
    """
    if not isinstance(event, HTTPEvent):
        raise GuestError(f"unsupported event type: {event.type}")
    members: dict[str, Any] = {
        "method": event.method,
        "path": event.path,
        "relativePath": event.relative_path,
        "headers": event.headers,
        "body": event.body,
        "query": event.query,
        "multiHeaders": event.multi_headers,
        "multiQuery": event.multi_query,
        "rawQuery": event.raw_query,
        "host": event.host,
        "scheme": event.scheme,
        "remoteAddr": event.remote_addr,
        "trigger": event.trigger,
    }
    return members


def _header_text(value: str | list[str]) -> str | list[str]:
    """Return header values as text: frames hold their bytes as Latin-1."""
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    return _decoded(value)


def _decoded(value: str) -> str:
    if value.isascii():
        return value
    return value.encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def _as_bytes(value: Any) -> Any:
    """Return *value* with every text in it as bytes, surrogate escapes turned back."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        # The members of the event are named by us; only what they hold comes from outside.
        return {k if k.isascii() else _as_bytes(k): _as_bytes(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_as_bytes(one) for one in value]
    return value


def _send_reply(invocation: Invocation, reply: Reply) -> None:
    try:
        invocation.reply(reply)
    except FrameError:
        invocation.reply(Reply("the result is too large for one call; ask for less"))


def _failure(frame: Failure, source: str, limits: WorkerLimits) -> RuntimeFailure:
    """Return the error that an execution's record shows for *frame*."""
    if frame.kind == "memory":
        text = f"memory limit exceeded: the function may use {limits.memory_bytes >> 20} MiB"
        return MemoryLimitError(
            format_report(kind="memory", message=text, line=frame.line, column=None, source=source)
        )
    text = format_report(
        kind=frame.kind,
        message=frame.message,
        line=frame.line,
        column=frame.column,
        source=source,
    )
    if frame.kind == "syntax":
        return GuestSyntaxError(text)
    return GuestError(text)
