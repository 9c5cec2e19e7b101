"""Languages whose workers are forked from a zygote of their own."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from perilune.runtimes.language import OpenSpawner, Spawner, WorkerKind
from perilune.runtimes.spawned import Spawned
from perilune.runtimes.workers.zygote_client import open_zygote


class ZygoteSpawner:
    """Forks workers from a zygote that has one interpreter module imported."""

    def __init__(
        self, zygote: "ForkingZygote", module: str, *, shares_values: bool = False
    ) -> None:
        self._zygote = zygote
        self._module = module
        self._shares_values = shares_values

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
            shares_values=self._shares_values,
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
        shares_values: bool,
    ) -> Spawned:
        """Fork a worker that serves *module*."""
        ...


def forked(
    module: str,
    search_path: Sequence[str | Path] = (),
    without: Collection[str] = (),
    *,
    shares_values: bool = False,
) -> OpenSpawner:
    """Return the `open_spawner` of a language whose workers are forked from a zygote of its own.

    Args:
        module: what serves inside the workers: it has `PROFILE` and `serve(connection)`.
        search_path: where it is found, besides where Python finds its modules.
        without: layers of the sandbox that are left out, for tests and diagnosis.
        shares_values: whether workers read their function's values in memory; see `Zygote.spawn`.
    """

    @asynccontextmanager
    async def open_spawner() -> AsyncIterator[Spawner]:
        async with open_zygote([module], search_path=search_path, without=without) as zygote:
            yield ZygoteSpawner(zygote, module, shares_values=shares_values)

    return open_spawner
