"""What a language of functions consists of: how its workers come into being, how it words failures.

Everything else (pool, calls, limits, kill rules) is the same for all of them.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from perilune.runtimes.contract import RuntimeFailure
from perilune.runtimes.limits import MIB
from perilune.runtimes.workers.zygote_client import Spawned, open_zygote


@dataclass(frozen=True, slots=True, eq=False)
class WorkerKind:
    """Workers of one kind are alike until they are given code.

    There is one object for each kind, so that kinds are compared by identity.
    """

    language: "Language"
    memory_bytes: int
    """Memory for guest code."""
    time_zone: str = ""
    """What they take for local time, as in the variable `TZ`; empty: the machine's zone."""
    packages: str | None = None
    """The file with the packages that their code needs."""


class Spawner(Protocol):
    """Creates the worker processes of one language."""

    async def spawn(self, kind: WorkerKind, *, relaxed: bool) -> Spawned:
        """Return a new process that is going to send `Ready`.

        Args:
            kind: what is wanted.
            relaxed: let it serve although layers of the sandbox are missing.

        Raises:
            PeriluneError: there is none to be had.
        """
        ...


OpenSpawner = Callable[[], AbstractAsyncContextManager[Spawner]]
"""Opens what creates the workers of one language, or of several."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How an interpreter words failures; what reports of them need to know."""

    line_in: Callable[[str], int | None]
    """Returns the line that a message names; for failures without a known line."""
    tip_for: Callable[[str, str, str], str | None]
    """Returns advice for a kind of failure, a message and the line of source it is about."""


HowEnded = Callable[[int, int], RuntimeFailure | None]
"""Returns what it says about the guest that a worker has ended by itself in the middle of an
execution; None if nothing.

Its arguments are the exit status, or the negative number of the signal that ended it, and the
bytes of memory that guest code may use.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """One language of functions."""

    name: str
    """As functions name it in `runtime`."""
    open_spawner: OpenSpawner
    """Opens what creates its workers.  Done when the first one is needed; languages that have
    the same share what it opens."""
    wording: Wording
    starts_at_once: bool = False
    """Whether workers are kept ready from the start, and not only once it has been used."""
    warm: int | None = None
    """Workers kept ready that belong to no function; None means as many as the limits say."""
    boots: bool = False
    """Whether its workers send a second `Ready`, without layers, when they can serve: for those
    that become another program after `Setup`."""
    can_check: bool = False
    """Whether its workers honour `Invoke.check_only`; otherwise they would run the code."""
    overhead_bytes: int = 64 * MIB
    """What a worker may hold resident beside the guest's memory (interpreter, frames, code)."""
    how_ended: HowEnded | None = None
    """For an interpreter that ends its process for what guest code does."""


class ZygoteSpawner:
    """Forks workers from a zygote that has one interpreter module imported."""

    def __init__(self, zygote: "ForkingZygote", module: str) -> None:
        self._zygote = zygote
        self._module = module

    async def spawn(self, kind: WorkerKind, *, relaxed: bool) -> Spawned:
        """Fork a worker.

        Raises:
            ZygoteFailed: the process can't be created.
        """
        return await self._zygote.spawn(
            self._module,
            kind.memory_bytes,
            relaxed=relaxed,
            time_zone=kind.time_zone or None,
            packages=kind.packages,
        )


class ForkingZygote(Protocol):
    """The part of the zygote's client that spawners need."""

    async def spawn(
        self,
        module: str,
        memory_bytes: int,
        *,
        relaxed: bool,
        time_zone: str | None,
        packages: str | None,
    ) -> Spawned:
        """Fork a worker that serves *module*."""
        ...


def forked(module: str, search_path: Sequence[str | Path] = ()) -> OpenSpawner:
    """Return the `open_spawner` of a language whose workers are forked from a zygote of its own.

    Args:
        module: what serves inside the workers: it has `PROFILE` and `serve(connection)`.
        search_path: where it is found, besides where Python finds its modules.
    """

    @asynccontextmanager
    async def open_spawner() -> AsyncIterator[Spawner]:
        async with open_zygote([module], search_path=search_path) as zygote:
            yield ZygoteSpawner(zygote, module)

    return open_spawner
