"""What the management API lets one follow, try and look after, built from the rooms below it."""

from functools import partial

from perilune.api import (
    Access,
    AddRoutes,
    Checks,
    Pairs,
    Streams,
    Trials,
    add_pair_routes,
    add_stream_routes,
    add_trial_routes,
)
from perilune.app.runtimes import HostedRuntime
from perilune.app.services import Services
from perilune.engine import Engine, ExecutionFeed
from perilune.store import Store


def execution_subjects(
    store: Store,
    services: Services,
    runtime: HostedRuntime,
    engine: Engine,
    feed: ExecutionFeed,
    *,
    access: Access,
    base_url: str,
) -> tuple[AddRoutes, ...]:
    """Return what adds the routes."""
    trials = Trials(store, engine, services.logger, secret=access.credentials, base_url=base_url)
    return (
        partial(add_stream_routes, streams=Streams(store, feed, services.logger)),
        partial(add_trial_routes, trials=trials, checks=Checks(store, runtime)),
        partial(add_pair_routes, pairs=Pairs(store, services.kv)),
    )
