"""Schedulers on a real store, with a clock that the test moves and a runtime it commands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from perilune.engine import Config, Engine, RuntimeRequest, RuntimeResult, new
from perilune.events import HTTPResponse
from perilune.scheduler import Scheduler
from perilune.services.logger import StoreLogger
from perilune.store import (
    CronTick,
    Execution,
    Function,
    PaginationParams,
    Store,
    UpdateFunctionRequest,
    open_store,
)
from tests.store.helpers import SettableClock
from tests.store.template import write_database

UTC = ZoneInfo("UTC")
ALL = PaginationParams(100, 0)


def at(text: str) -> int:
    """Return the instant of a time in UTC such as `2026-01-01 00:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOON = at("2026-01-01 12:00")


class Commanded:
    """A runtime that answers 200 at once, or when `gate` is opened."""

    def __init__(self) -> None:
        self.requests: list[RuntimeRequest] = []
        self.gate: asyncio.Event | None = None
        self.status = 200

    @property
    def headers(self) -> list[dict[str, str]]:
        """The headers of all events."""
        return [req.event.to_json()["headers"] for req in self.requests]

    async def execute(self, req: RuntimeRequest) -> RuntimeResult:
        self.requests.append(req)
        if self.gate is not None:
            await self.gate.wait()
        return RuntimeResult(response=HTTPResponse(status_code=self.status))


class World:
    """One server's scheduler, and what it works with."""

    def __init__(self, store: Store, clock: SettableClock, **more: Any) -> None:
        self.store = store
        self.clock = clock
        self.runtime = Commanded()
        self.engine: Engine = more.pop("engine", None) or new(
            Config(db=store, runtime=self.runtime, logger=StoreLogger(store.logs))
        )
        self.scheduler = Scheduler(
            more.pop("ticks", store.ticks),
            self.engine,
            clock=clock,
            zone=more.pop("zone", UTC),
            base_url="http://here",
            **more,
        )

    async def add(self, schedule: str | None = "* * * * *", **settings: Any) -> str:
        """Add a function that is active from now on; return its id."""
        number = (await self.store.list_functions(ALL))[1]
        members = {"id": f"f{number}", "name": "ticker", "cron_status": "active"} | settings
        function = await self.store.create_function(Function(cron_schedule=schedule, **members))
        await self.store.create_version(function.id, "code")
        return function.id

    async def change(self, function_id: str, **settings: Any) -> None:
        await self.store.update_function(function_id, UpdateFunctionRequest(**settings))

    async def pass_time(self, to: float) -> float:
        """Move the clock and do what is due by then; return how long the scheduler would sleep."""
        self.clock.now = to
        sleep_s = await self.scheduler.turn()
        await self.scheduler.quiet()
        return sleep_s

    async def ticks(self, function_id: str = "f0") -> list[CronTick]:
        """Return the ledger, oldest first."""
        found, _ = await self.store.ticks.page(function_id, ALL)
        return found[::-1]

    async def outcomes(self, function_id: str = "f0") -> list[tuple[int, str]]:
        """Return the ledger as minutes after noon and outcomes, oldest first."""
        return [
            ((one.tick - NOON) // 60, str(one.outcome)) for one in await self.ticks(function_id)
        ]

    async def executions(self, function_id: str = "f0") -> list[Execution]:
        found, _ = await self.store.list_executions(function_id, ALL)
        return found


@asynccontextmanager
async def open_world(path: Path, now: float = NOON, **more: Any) -> AsyncIterator[World]:
    clock = SettableClock(now)
    async with open_store(write_database(path), clock=clock) as store:
        world = World(store, clock, **more)
        yield world
        await world.scheduler.stop(0)
