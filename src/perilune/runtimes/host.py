"""Runs functions in locked-down worker processes, whatever their language.

A `Language` says how its workers come into being and how its failures read;
pool, calls to the host, limits and kill rules are here, the same for all.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol
from weakref import WeakValueDictionary

from perilune.eager import run_task, settle
from perilune.errors import PeriluneError
from perilune.events import HTTPEvent, HTTPResponse
from perilune.runtimes.checking import source_report
from perilune.runtimes.contract import (
    Cancellable,
    CheckUnavailable,
    GuestError,
    RuntimeCaller,
    RuntimeRequest,
    RuntimeResult,
    SourceReport,
    Usage,
    WorkerDiedError,
)
from perilune.runtimes.conversation import BROKE_PROTOCOL, Conversation
from perilune.runtimes.guest.calls import GuestCalls, GuestServices
from perilune.runtimes.guest.outbound import OutboundServices
from perilune.runtimes.language import Language, WorkerKind
from perilune.runtimes.languages.installed import LANGUAGES
from perilune.runtimes.limits import MIB, WorkerLimits
from perilune.runtimes.workers.awaited import AwaitedInvocation
from perilune.runtimes.workers.plan import PoolMetrics
from perilune.runtimes.workers.pool import Pool
from perilune.runtimes.workers.process import NotStartedError, Owner
from perilune.runtimes.workers.starter import WorkerStarter
from perilune.services.ai import AIClient, AITracker
from perilune.services.email import EmailClient, EmailTracker
from perilune.services.env import Env
from perilune.services.http import HTTPClient
from perilune.services.kv import KV
from perilune.services.logger import Logger, LogLevel
from perilune.worker.frames import Failure, FrameError, Invoke, Result
from perilune.worker.lockdown import LAYERS, REQUIRED_LAYERS

CHECK_LIMIT_S = 10.0
CHECKING = "check"
"""Stands for the version of workers that only check; no version has this id."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """How well guest code is contained: `full`, `relaxed` or `none` (no worker yet)."""

    grade: str
    layers: tuple[str, ...]
    missing: tuple[str, ...]
    optional_missing: tuple[str, ...] = ()
    """Layers that this machine or the server's user does not offer, and nobody has required."""


class PackageFiles(Protocol):
    """What the runtime needs to know of installed packages."""

    def path_of(self, requirements: str) -> Path:
        """Return the file of a set of packages, which may not exist."""
        ...


class WorkerRuntime:
    """Runs functions in a pool of worker processes that all languages share.

    Use it as an async context manager, or call `start` and `close`.  An
    execution that comes before `start` starts it.  A store or client that is not
    given answers guests that it is not configured.  Without
    *packages*, versions that require some can't be executed.
    """

    def __init__(
        self,
        *,
        logger: Logger,
        kv_store: KV | None = None,
        env_store: Env | None = None,
        http_client: HTTPClient | None = None,
        ai_client: AIClient | None = None,
        ai_tracker: AITracker | None = None,
        email_client: EmailClient | None = None,
        email_tracker: EmailTracker | None = None,
        limits: WorkerLimits | None = None,
        languages: Iterable[Language] = LANGUAGES,
        packages: PackageFiles | None = None,
    ) -> None:
        self._languages = {language.name: language for language in languages}
        self.limits = limits or WorkerLimits()
        """What executions may use."""
        self._packages = packages
        # Those in use: the pool holds the kinds of its workers and of the versions that wait.
        self._kinds: WeakValueDictionary[tuple[str, int | None, str | None], WorkerKind] = (
            WeakValueDictionary()
        )
        self._services = GuestServices(
            logger=logger,
            kv=kv_store,
            env=env_store,
            outbound=OutboundServices(
                http=http_client,
                ai=ai_client,
                ai_tracker=ai_tracker,
                email=email_client,
                email_tracker=email_tracker,
            ),
        )
        self._checks = 0
        self._rooms = AsyncExitStack()
        self._pool: Pool | None = None
        self._starter: WorkerStarter | None = None
        self._starting = asyncio.Lock()
        self._preparing: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> "WorkerRuntime":
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
        """Start the warm workers of the languages that have some from the start.

        Raises:
            SandboxUnavailableError: workers can't be locked down as required.
        """
        async with self._starting:
            if self._pool is not None:
                return
            starter = await self._rooms.enter_async_context(WorkerStarter(self.limits))
            pool = Pool(starter, self.limits)
            self._rooms.push_async_callback(pool.close)
            at_once = [one for one in self._languages.values() if one.starts_at_once]
            try:
                await pool.start([self._kind(one.name) for one in at_once])
            except BaseException:
                await self._rooms.aclose()
                raise
            self._starter, self._pool = starter, pool

    async def close(self) -> None:
        """Stop all workers, and what creates them."""
        for task in self._preparing.values():
            task.cancel()
        await asyncio.gather(*self._preparing.values(), return_exceptions=True)
        self._preparing.clear()
        self._pool = None
        await self._rooms.aclose()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that functions can be written in, by name."""
        return tuple(self._languages)

    def prepare(self, name: str) -> None:
        """Get ready in the background for functions in a language, so that the first one is quick.

        A language that is not there, or is ready already, is left alone.
        """
        language = self._languages.get(name)
        if language is not None and not language.starts_at_once and name not in self._preparing:
            self._preparing[name] = asyncio.create_task(self._prepare(language))

    async def _prepare(self, language: Language) -> None:
        await self.start()
        if self._starter is None or self._pool is None:
            return
        try:
            await self._starter.prepare(language)
        except PeriluneError as error:
            _log.error("workers for %s can't be started: %s", language.name, error)
            return
        self._pool.keep_warm(self._kind(language.name))

    def sandbox(self) -> SandboxReport:
        """Return which layers of the sandbox are in force in the workers of every language."""
        grades = self._starter.grades if self._starter is not None else ()
        if not grades:
            return SandboxReport("none", (), REQUIRED_LAYERS)
        missing = tuple(dict.fromkeys(layer for grade in grades for layer in grade.missing))
        tolerated = dict.fromkeys(layer for grade in grades for layer in grade.optional_missing)
        in_force = tuple(
            layer for layer in LAYERS if all(layer in grade.in_force for grade in grades)
        )
        return SandboxReport("relaxed" if missing else "full", in_force, missing, tuple(tolerated))

    def pool(self) -> PoolMetrics:
        """Return how many workers there are and how many executions wait; from any thread."""
        return PoolMetrics() if self._pool is None else self._pool.metrics()

    def is_ready(self) -> bool:
        """Tell whether executions would find a worker."""
        return self._pool is not None and self._pool.has_workers()

    async def execute(self, req: RuntimeRequest) -> RuntimeResult:
        """Run the code once in a worker.

        Raises:
            RuntimeFailure: the guest failed, its worker ended, or all are busy.
        """
        caller = _WaitingCaller()
        running = self.begin(req, caller)
        try:
            return RuntimeResult(response=await caller.response)
        except asyncio.CancelledError:
            running.cancel()
            raise

    def begin(self, req: RuntimeRequest, caller: RuntimeCaller) -> Cancellable:
        """See `CallbackRuntime.begin`."""
        event, pool = req.event, self._pool
        if not isinstance(event, HTTPEvent):
            named = getattr(event, "type", type(event).__name__)
            caller.failed(GuestError(f"unsupported event type: {named}"))
            return _NOTHING
        owner = (req.version_id, req.runtime, req.memory_mb, req.requirements)
        conversation = Conversation(self, req, caller)
        if pool is None:
            run_task(self.start(), lambda _, error: self._converse(conversation, owner, error))
            return conversation
        version = pool.versions.get(owner)
        if version is None:
            self._converse(conversation, owner, None)
        else:
            conversation.begin(pool, version)
        return conversation

    def _converse(
        self, conversation: Conversation, owner: Owner, problem: BaseException | None
    ) -> None:
        """Have *conversation* take place at a worker of *owner*, unless there is a *problem*."""
        try:
            if problem is not None:
                raise problem
            pool = self._pool
            if pool is None:
                raise WorkerDiedError("the runtime is closed")
            version = pool.version(owner, self._kind(*owner[1:]))
        except (PeriluneError, asyncio.CancelledError) as error:
            conversation.refused(error)
            return
        conversation.begin(pool, version)

    # See `Host`

    def calls(self, req: RuntimeRequest) -> GuestCalls:
        """Return what answers the guest's calls."""
        return GuestCalls(self._services, req, self.limits)

    async def note_warnings(self, req: RuntimeRequest, frame: Result) -> None:
        """Log what the guest's response was warned about."""
        for warning in frame.warnings[:10]:
            await self._services.logger.log(req.context.execution_id, LogLevel.WARN, warning)

    async def check(self, code: str, runtime: str, requirements: str | None = None) -> SourceReport:
        """Look for mistakes in *code*, in a worker, without running it.

        Workers that check run no code of guests, so they can be the same for all functions.

        Raises:
            CheckUnavailable: no such language here, or it can't be checked.
            RuntimeFailure: it took too long, the worker ended, or all are busy.
        """
        language = self._languages.get(runtime)
        if language is None or not language.can_check:
            raise CheckUnavailable(runtime)
        if self._pool is None:
            await self.start()
        pool = self._pool
        if pool is None:
            raise WorkerDiedError("the runtime is closed")
        self._checks += 1
        check = Invoke(f"check {self._checks}", code, {}, {}, CHECK_LIMIT_S, check_only=True)
        try:
            async with asyncio.timeout(CHECK_LIMIT_S):
                kind = self._kind(runtime, None, requirements)
                frame = await _checked(pool, (CHECKING, runtime, None, requirements), kind, check)
        except TimeoutError:
            raise WorkerDiedError("checking the code took too long") from None
        if isinstance(frame, Failure):
            return source_report(frame, code, language.wording)
        return SourceReport()

    def _kind(
        self, name: str, memory_mb: int | None = None, requirements: str | None = None
    ) -> WorkerKind:
        """Return the one kind of workers for a language, a limit of memory and packages.

        Raises:
            GuestError: no such language here, or the packages are missing.
        """
        kind = self._kinds.get((name, memory_mb, requirements))
        if kind is not None:
            return kind
        language = self._languages.get(name)
        if language is None:
            raise GuestError(
                f"this server can't run functions in {name!r}, only in: {', '.join(self.languages)}"
            )
        limit = self.limits.memory_bytes
        memory_bytes = limit if memory_mb is None else min(memory_mb * MIB, limit)
        packages = self._packages_for(requirements) if requirements else None
        kind = WorkerKind(language, memory_bytes, self.limits.time_zone, packages)
        self._kinds[(name, memory_mb, requirements)] = kind
        return kind

    def _packages_for(self, requirements: str) -> str:
        if self._packages is None:
            raise GuestError("this version requires packages; they are switched off on this server")
        path = self._packages.path_of(requirements).absolute()
        if not path.exists():
            raise GuestError(
                "the packages of this version are not installed on this server; deploy it again"
            )
        return str(path)


class _WaitingCaller:
    """Waits for one execution in a task."""

    def __init__(self) -> None:
        self.response: asyncio.Future[HTTPResponse | None] = (
            asyncio.get_running_loop().create_future()
        )

    def answered(self, response: HTTPResponse | None, _usage: Usage | None = None) -> None:
        """See `RuntimeCaller.answered`."""
        settle(self.response, response, None)

    def failed(self, error: BaseException, _usage: Usage | None = None) -> None:
        """See `RuntimeCaller.failed`."""
        settle(self.response, None, error)


class _Nothing:
    """What could not begin."""

    def cancel(self) -> None:
        """Do nothing."""


_NOTHING = _Nothing()


async def _checked(pool: Pool, owner: Owner, kind: WorkerKind, check: Invoke) -> Result | Failure:
    """Have a worker of *owner* carry out *check*; return how it ended."""
    while True:
        invocation = AwaitedInvocation()
        worker = await invocation.place(pool, pool.version(owner, kind))
        try:
            worker.take(invocation, check)
            frame = await invocation.receive()
        except NotStartedError:
            continue
        except FrameError as error:
            raise GuestError(f"the code is too large for the worker: {error}") from error
        finally:
            pool.release(invocation)
        if isinstance(frame, Result | Failure):
            return frame
        worker.kill()
        raise WorkerDiedError(BROKE_PROTOCOL)
