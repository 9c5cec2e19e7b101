"""Subjects of the management API that are built from the rooms below it alone."""

from functools import partial

from perilune.api import (
    AddRoutes,
    Schedules,
    Statistics,
    add_schedule_routes,
    add_statistics_routes,
)
from perilune.clock import find_zone
from perilune.config import Settings
from perilune.store import SqliteStore


def subjects(settings: Settings, store: SqliteStore) -> tuple[AddRoutes, ...]:
    """Return what adds the routes."""
    schedules = Schedules(store, store.ticks, zone=find_zone(settings.time_zone))
    return (
        partial(add_statistics_routes, statistics=Statistics(store, store.statistics)),
        partial(add_schedule_routes, schedules=schedules),
    )
