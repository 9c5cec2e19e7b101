"""What the management API shows of executions and lets one try, built from the rooms below it."""

from functools import partial

from perilune.api import AddRoutes, Statistics, add_statistics_routes
from perilune.store import SqliteStore


def execution_subjects(store: SqliteStore) -> tuple[AddRoutes, ...]:
    """Return what adds the routes."""
    return (partial(add_statistics_routes, statistics=Statistics(store, store.statistics)),)
