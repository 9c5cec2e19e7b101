"""What a language of functions consists of: how its workers come into being, how it words failures.

Everything else (pool, calls, limits, kill rules) is the same for all of them.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from perilune.runtimes.contract import RuntimeFailure
from perilune.runtimes.limits import MIB
from perilune.runtimes.spawned import Spawned


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class WorkerKind:
    """Workers of one kind are alike until they are given code.

    There is one object for each kind in use, so that kinds are compared by identity.
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
