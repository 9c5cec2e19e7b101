"""A store for tests of what stands above it: gone at the end, with the functions they need."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from perilune.clock import WallClock, wall_clock
from perilune.store import Function, Store, open_store
from tests.store.template import write_database


@asynccontextmanager
async def store_with(*function_ids: str, clock: WallClock = wall_clock) -> AsyncIterator[Store]:
    """Open a store that has functions of these ids, which are their names too."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(write_database(Path(folder) / "perilune.db"), clock=clock) as store:
            for function_id in function_ids:
                await store.create_function(Function(id=function_id, name=function_id))
            yield store


class NoRows:
    """Log lines and records of executions that are in no store: dropped."""

    def append(self, *row: object, **named: object) -> bool:
        return True

    async def page(
        self, execution_id: str, limit: int | None, offset: int
    ) -> tuple[list[Any], int]:
        return [], 0
