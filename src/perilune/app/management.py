"""The services behind the management API, built from the layers below it."""

import asyncio
from functools import partial
from pathlib import Path

from perilune import __version__
from perilune.api import (
    About,
    Access,
    Backups,
    Capabilities,
    Checks,
    Entries,
    Environment,
    Executions,
    Functions,
    Handlers,
    Schedules,
    Servers,
    Signing,
    Statistics,
    Streams,
    Trials,
    VersionPackages,
    Versions,
)
from perilune.app.membership import Membership
from perilune.app.runtimes import HostedRuntime, open_packages
from perilune.app.services import Services
from perilune.clock import find_zone, wall_clock
from perilune.config import MIB, Settings
from perilune.engine import Engine, ExecutionEventBus
from perilune.store import Maintenance, Store


def management_handlers(
    settings: Settings,
    *,
    store: Store,
    services: Services,
    runtime: HostedRuntime,
    engine: Engine,
    event_bus: ExecutionEventBus,
    access: Access,
    membership: Membership,
    url: str,
    public_url: str,
) -> Handlers:
    """Return them.

    *url* is the base URL as functions get it; *public_url* is the same, but empty where nobody
    has said how the server is reached from outside.
    """
    maintenance = store.maintenance
    packages = VersionPackages(open_packages(settings))
    schedules = Schedules(store, zone=find_zone(settings.time_zone), clock=membership.clock)
    capabilities = Capabilities(
        runtime.languages,
        memory_mb=settings.worker_memory // MIB,
        timeout_s=int(settings.execution_timeout),
    )
    return Handlers(
        about=About(
            version=__version__,
            runtimes=runtime.languages,
            store_bytes=lambda: 0 if maintenance is None else sum(maintenance.sizes()[:2]),
        ),
        access=access,
        backups=backups_of(store, settings),
        checks=Checks(store, runtime, capabilities, packages),
        environment=Environment(store, services.env),
        executions=Executions(
            store,
            services.logger,
            ai_requests=services.ai_tracker,
            email_requests=services.email_tracker,
        ),
        functions=Functions(
            store,
            services.env,
            capabilities,
            prepare=runtime.prepare,
            packages=packages,
            base_url=public_url,
        ),
        entries=Entries(store, services.kv),
        schedules=schedules,
        servers=Servers(membership.servers, membership.this.id),
        signing=Signing(store),
        statistics=Statistics(store, schedules, clock=membership.clock),
        streams=Streams(store, event_bus, services.logger),
        trials=Trials(store, engine, services.logger, secret=access.credentials, base_url=url),
        versions=Versions(store, packages),
    )


def backups_of(store: Store, settings: Settings) -> Backups:
    """Return what makes copies of *store*, or says that it can't."""
    back_up = None if store.maintenance is None else partial(_back_up, store.maintenance)
    return Backups(back_up, settings.data_dir)


async def _back_up(maintenance: Maintenance, target: Path) -> None:
    await asyncio.to_thread(
        maintenance.back_up, target, program=__version__, now=int(wall_clock()), compress=True
    )
