"""Subjects of the management API that are built from the rooms below it alone."""

import asyncio
from functools import partial
from pathlib import Path

from perilune import __version__
from perilune.api import (
    AddRoutes,
    Backups,
    Environment,
    Schedules,
    Signing,
    Statistics,
    add_backup_routes,
    add_environment_routes,
    add_schedule_routes,
    add_signing_routes,
    add_statistics_routes,
)
from perilune.app.data_dir import DATABASE_FILE
from perilune.app.services import Services
from perilune.clock import find_zone, wall_clock
from perilune.config import Settings
from perilune.store import SqliteStore, back_up


def subjects(settings: Settings, store: SqliteStore, services: Services) -> tuple[AddRoutes, ...]:
    """Return what adds the routes."""
    schedules = Schedules(store, store.ticks, zone=find_zone(settings.time_zone))
    backups = Backups(partial(_back_up, settings.data_dir / DATABASE_FILE), settings.data_dir)
    return (
        partial(add_environment_routes, environment=Environment(store, services.env)),
        partial(add_signing_routes, signing=Signing(store, store.signing_secrets)),
        partial(add_backup_routes, backups=backups),
        partial(add_statistics_routes, statistics=Statistics(store, store.statistics, schedules)),
        partial(add_schedule_routes, schedules=schedules),
    )


async def _back_up(database: Path, target: Path) -> None:
    await asyncio.to_thread(
        back_up, database, target, program=__version__, now=int(wall_clock()), compress=True
    )
