"""Executing on schedule, for as long as the server runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from perilune.app.membership import Membership
from perilune.clock import find_zone
from perilune.config import Settings
from perilune.engine import Engine
from perilune.scheduler import Scheduler
from perilune.store import Store


@asynccontextmanager
async def open_scheduler(
    settings: Settings, store: Store, engine: Engine, membership: Membership, url: str
) -> AsyncIterator[Scheduler]:
    """Execute functions on schedule until the block ends; what runs then is cancelled."""
    scheduler = Scheduler(
        store.ticks,
        engine,
        zone=find_zone(settings.time_zone),
        base_url=url,
        execution_timeout_s=settings.execution_timeout,
        clock=membership.clock,
        server_id=membership.server_id,
    )
    store.on_change(lambda _: scheduler.wake())
    scheduler.start()
    try:
        yield scheduler
    finally:
        await scheduler.stop(0)
