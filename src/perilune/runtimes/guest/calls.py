"""Answers the calls that guest code makes to the host, for one execution.

The caller is untrusted: names are looked up in the guest API table, the
number and types of the arguments are checked again, and whose keys or
variables are meant is fixed when the execution starts.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from perilune.runtimes.contract import GuestError, RuntimeRequest, WorkerDiedError
from perilune.runtimes.guest.api import HOST_FUNCTIONS, ArgType
from perilune.runtimes.guest.outbound import OutboundCalls, OutboundServices
from perilune.runtimes.limits import WorkerLimits
from perilune.runtimes.shared_log import SharedLog
from perilune.services.env import Env, EnvError, EnvVariableNotFound
from perilune.services.kv import (
    DEFAULT_LIST_LIMIT,
    KV,
    MAX_LIST_LIMIT,
    KVError,
    KVKeyNotFound,
)
from perilune.services.logger import Logger, LogLevel
from perilune.store import ValueTables
from perilune.worker.frames import Call, Reply

LOG_LEVELS = {
    "log.info": LogLevel.INFO,
    "log.debug": LogLevel.DEBUG,
    "log.warn": LogLevel.WARN,
    "log.error": LogLevel.ERROR,
}
DONE = Reply(None, True)
NOTHING = Reply(None, None)
ENV_READ_ONLY = Reply("env is read-only for this function")

REFUSALS_PER_PAUSE = 64
"""After so many calls beyond a limit, a worker's next frames wait; each time longer, since
reading and refusing takes time that is everybody's."""
PAUSE_STEP_S = 0.002
MAX_PAUSE_S = 0.1
MAX_REFUSALS = 5000
"""An execution that goes on beyond a limit is ended after so many calls."""

Arguments = list[Any]  # Any: already checked against the table


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestServices:
    """The services that guest code reaches; what is None is not configured."""

    logger: Logger
    kv: KV | None = None
    env: Env | None = None
    outbound: OutboundServices = field(default_factory=OutboundServices)

    @property
    def tables(self) -> ValueTables | None:
        """What is in memory of both, if that is the same."""
        if self.kv is None or self.env is None or self.kv.tables is not self.env.tables:
            return None
        return self.kv.tables


class GuestCalls:
    """The host side of the guest API, bound to one execution."""

    __slots__ = (
        "_calls_left",
        "_copy",
        "_env_writable",
        "_execution_id",
        "_function_id",
        "_limit",
        "_log_line_bytes",
        "_outbound",
        "_reads",
        "_refusals",
        "_services",
    )

    def __init__(
        self, services: GuestServices, request: RuntimeRequest, limits: WorkerLimits
    ) -> None:
        context = request.context
        self._services = services
        self._function_id = context.function_id
        self._execution_id = context.execution_id
        self._env_writable = request.env_writable
        self._limit = limits.host_calls
        self._log_line_bytes = 2 * limits.log_line_bytes  # so that what is cut here is seen to be
        self._calls_left = limits.host_calls
        self._reads = 0
        self._refusals = 0
        self._copy: SharedLog | None = None
        self._outbound = OutboundCalls(
            services.outbound,
            function_id=context.function_id,
            execution_id=context.execution_id,
            deadline=request.deadline,
            max_calls=limits.outbound_calls,
        )

    def show_values_in(self, copy: SharedLog | None) -> None:
        """Have the worker read values by itself, in *copy*, once it has asked for one."""
        self._copy = copy

    def note_reads(self, reads: int) -> None:
        """Count what the worker has read by itself in this execution so far.

        Raises:
            WorkerDiedError: that can't be.
        """
        if not self._reads <= reads <= self._limit:
            raise WorkerDiedError("the worker was stopped: it miscounted what it has read")
        self._reads = reads

    async def answer(self, call: Call) -> Reply | None:
        """Carry out *call*; None when the guest expects no answer.

        Raises:
            WorkerDiedError: the call can't come from the real bindings, so
                the worker must be stopped.
            GuestError: the guest goes on and on beyond a limit.
        """
        if call.reads != self._reads:
            self.note_reads(call.reads)
        name = call.name
        args = _checked(name, call.args)
        level = LOG_LEVELS.get(name)
        if level is not None:
            # The real bindings have cut it; decoding megabytes takes its time.
            text = args[0][: self._log_line_bytes].decode("utf-8", "replace")
            if not await self._services.logger.log(self._execution_id, level, text):
                await self._slow_down()
            return None
        if self._calls_left <= self._reads:
            await self._slow_down()
            return Reply(f"limit of {self._limit} host calls in one execution reached")
        self._calls_left -= 1
        handler = _HANDLERS.get(name)
        if handler is None:
            module, _, function = name.partition(".")
            # In a task, since clients set time limits.
            return await asyncio.create_task(self._outbound.answer(module, function, args))
        try:
            return await handler(self, args)
        except (KVError, EnvError) as error:
            return Reply(str(error))

    async def _slow_down(self) -> None:
        """Count a call beyond a limit, and let the guest wait now and then."""
        self._refusals += 1
        if self._refusals >= MAX_REFUSALS:
            raise GuestError(
                f"the function was stopped: it made {MAX_REFUSALS} calls after it had reached "
                "the limit of its log or of host calls"
            )
        pauses, others = divmod(self._refusals, REFUSALS_PER_PAUSE)
        if not others:
            await asyncio.sleep(min(pauses * PAUSE_STEP_S, MAX_PAUSE_S))

    @property
    def _kv(self) -> KV:
        if self._services.kv is None:
            raise KVError("kv is not configured")
        return self._services.kv

    @property
    def _env(self) -> Env:
        if self._services.env is None:
            raise EnvError("env is not configured")
        return self._services.env

    def _share(self) -> None:
        """Let the worker read the next values by itself, if there is a table of them."""
        copy = self._copy
        if copy is not None and copy.is_wanted(self._function_id):
            tables = self._services.tables
            if tables is not None:
                tables.copy(self._function_id, copy)

    async def _kv_get(self, args: Arguments) -> Reply:
        try:
            return Reply(None, await self._kv.get(self._function_id, args[0]))
        except KVKeyNotFound:
            return NOTHING
        finally:
            self._share()

    async def _kv_set(self, args: Arguments) -> Reply:
        ttl_s = None
        options = args[2] if len(args) > 2 else None
        if options:
            ttl_s = options.get(b"ttl") if isinstance(options, dict) else None
            if ttl_s is not None and not _is_number(ttl_s):
                return Reply("ttl must be a number of seconds")
        await self._kv.set(self._function_id, args[0], args[1], ttl_s=ttl_s)
        return DONE

    async def _kv_delete(self, args: Arguments) -> Reply:
        await self._kv.delete(self._function_id, args[0])
        return DONE

    async def _kv_incr(self, args: Arguments) -> Reply:
        amount = args[1] if len(args) > 1 and args[1] is not None else 1
        return Reply(None, await self._kv.incr(self._function_id, args[0], amount))

    async def _kv_cas(self, args: Arguments) -> Reply:
        return Reply(None, await self._kv.cas(self._function_id, *args[:3]))

    async def _kv_list(self, args: Arguments) -> Reply:
        prefix, limit, cursor = (*args, None, None, None)[:3]
        if limit is None:
            limit = DEFAULT_LIST_LIMIT
        elif math.isnan(limit):
            return Reply("KV error: limit must be a number")
        wanted = int(max(1, min(limit, MAX_LIST_LIMIT)))
        page = await self._kv.list(self._function_id, prefix or b"", wanted, cursor)
        answer: dict[bytes, Any] = {
            b"items": [{b"key": key, b"value": value} for key, value in page.items]
        }
        if page.cursor is not None:
            answer[b"cursor"] = page.cursor
        return Reply(None, answer)

    async def _env_get(self, args: Arguments) -> Reply:
        try:
            value = await self._env.get(self._function_id, _text(args[0]))
        except EnvVariableNotFound:
            return NOTHING
        finally:
            self._share()
        return Reply(None, value.encode("utf-8", "surrogateescape"))

    async def _env_set(self, args: Arguments) -> Reply:
        if not self._env_writable:
            return ENV_READ_ONLY
        await self._env.set(self._function_id, _text(args[0]), _text(args[1]))
        await self._note(f"environment variable {_text(args[0])} was set by the function")
        return DONE

    async def _env_delete(self, args: Arguments) -> Reply:
        if not self._env_writable:
            return ENV_READ_ONLY
        await self._env.delete(self._function_id, _text(args[0]))
        await self._note(f"environment variable {_text(args[0])} was removed by the function")
        return DONE

    async def _note(self, message: str) -> None:
        await self._services.logger.info(self._execution_id, message)


_HANDLERS: dict[str, Callable[[GuestCalls, Arguments], Awaitable[Reply]]] = {
    "kv.get": GuestCalls._kv_get,
    "kv.set": GuestCalls._kv_set,
    "kv.delete": GuestCalls._kv_delete,
    "kv.incr": GuestCalls._kv_incr,
    "kv.cas": GuestCalls._kv_cas,
    "kv.list": GuestCalls._kv_list,
    "env.get": GuestCalls._env_get,
    "env.set": GuestCalls._env_set,
    "env.delete": GuestCalls._env_delete,
}


_KINDS: dict[ArgType, frozenset[type]] = {
    ArgType.STRING: frozenset({bytes}),
    ArgType.INT: frozenset({int, float}),
    ArgType.NUMBER: frozenset({int, float}),
    ArgType.TABLE: frozenset({dict, list}),
    ArgType.ANY: frozenset({bytes, int, float, bool, dict, list}),
}
"""What frames have as an argument of each type; booleans are numbers for Python alone."""

_ACCEPTED = {
    name: [
        _KINDS[argument.type] | ({type(None)} if argument.optional else frozenset())
        for argument in function.args
    ]
    for name, function in HOST_FUNCTIONS.items()
}


def _checked(name: str, args: Arguments) -> Arguments:
    """Return *args* if a call of *name* may have them; the bindings never send others."""
    accepted = _ACCEPTED.get(name)
    if accepted is None:
        raise WorkerDiedError(f"the worker was stopped: it called the unknown {name[:60]!r}")
    if len(args) <= len(accepted):
        for kinds, value in zip_longest(accepted, args):
            if type(value) not in kinds:
                break
        else:
            return args
    raise WorkerDiedError(f"the worker was stopped: it called {name} with impossible arguments")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
