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
from perilune.app.services import Services
from perilune.clock import find_zone, wall_clock
from perilune.config import Settings
from perilune.store import Maintenance, Store


def subjects(settings: Settings, store: Store, services: Services) -> tuple[AddRoutes, ...]:
    """Return what adds the routes."""
    schedules = Schedules(store, zone=find_zone(settings.time_zone))
    routes = [
        partial(add_environment_routes, environment=Environment(store, services.env)),
        partial(add_signing_routes, signing=Signing(store)),
        partial(add_statistics_routes, statistics=Statistics(store, schedules)),
        partial(add_schedule_routes, schedules=schedules),
    ]
    if store.maintenance is not None:
        backups = Backups(partial(_back_up, store.maintenance), settings.data_dir)
        routes.append(partial(add_backup_routes, backups=backups))
    return tuple(routes)


async def _back_up(maintenance: Maintenance, target: Path) -> None:
    await asyncio.to_thread(
        maintenance.back_up, target, program=__version__, now=int(wall_clock()), compress=True
    )
