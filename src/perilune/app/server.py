"""The server: opens every layer from the bottom up, and closes them in reverse."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from perilune.api import (
    Access,
    AccessLog,
    ApiKey,
    CallLimits,
    Certificate,
    ConnectionLimits,
    Documentation,
    FunctionEndpoint,
    Gateway,
    Guards,
    HttpServer,
    ManagementApi,
    Metrics,
    MetricSource,
    NotReady,
    Readiness,
    bind_sockets,
    build_access,
    open_calls,
)
from perilune.app.data import open_data
from perilune.app.management import management_handlers
from perilune.app.membership import Membership, open_membership
from perilune.app.metrics import all_metrics
from perilune.app.runtimes import HostedRuntime, OpenRuntime, open_packages, open_workers
from perilune.app.schedule import open_scheduler
from perilune.app.services import Services, open_services
from perilune.clock import CorrectedClock, WallClock, wall_clock
from perilune.config import Settings
from perilune.dashboard import Dashboard
from perilune.engine import Config, DefaultEngine, Engine, ExecutionEventBus
from perilune.engine import new as new_engine
from perilune.engine.outcomes import Outcomes
from perilune.errors import PeriluneError
from perilune.housekeeping import Housekeeper, open_housekeeping
from perilune.masking import Masker
from perilune.scheduler import Scheduler
from perilune.services.maskers import ExecutionMaskers
from perilune.store import DiskFull, DiskNearlyFull, Store

_log = logging.getLogger(__name__)


class NoWorkersError(PeriluneError):
    """No worker has been started yet, or none can be."""

    code = "no_workers"


@dataclass(slots=True, kw_only=True)
class RunningServer:
    """A server that accepts requests."""

    settings: Settings
    key: ApiKey
    store: Store
    engine: Engine
    runtime: HostedRuntime
    port: int
    url: str
    """Base URL as functions get it."""
    local_url: str
    """Where this machine reaches it."""
    http: HttpServer
    scheduler: Scheduler
    event_bus: ExecutionEventBus
    membership: Membership

    async def drain(self) -> None:
        """Say that no calls are wanted any more, and accept them until that is known everywhere."""
        if self.settings.drain_delay:
            _log.info("draining: not ready, calls are accepted for %g s", self.settings.drain_delay)
            await self.membership.drain()
            await asyncio.sleep(self.settings.drain_delay)

    async def stop(self) -> bool:
        """Stop accepting and drain; return whether all executions finished by themselves.

        Requests and scheduled executions get the same time, and then are cancelled (KD-91).
        """
        # Open streams would never end by themselves.
        self.event_bus.close()
        grace_s = self.settings.shutdown_grace
        # Each stops accepting, respectively starting, before it waits for the first time.
        finished = await asyncio.gather(self.http.stop(grace_s), self.scheduler.stop(grace_s))
        return all(finished)


@asynccontextmanager
async def open_server(
    settings: Settings, open_runtime: OpenRuntime = open_workers
) -> AsyncIterator[RunningServer]:
    """Open every layer and serve until the block ends.

    Raises:
        PeriluneError: a layer can't be opened; those already open are closed again.
    """
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        clock: WallClock = CorrectedClock() if settings.database_url else wall_clock
        key, store = await enter(open_data(settings, clock))
        sockets, port = _bind(settings, stack)
        event_bus = ExecutionEventBus()
        membership = await enter(
            open_membership(store, clock, port, is_watching=lambda: event_bus.subscribers)
        )
        housekeeper = await enter(_housekeeping(settings, store, membership))
        maskers = ExecutionMaskers(Masker(settings.mask_names), store)
        services = await enter(open_services(settings, store, maskers, clock))
        local_url = f"{'https' if settings.tls_certificate else 'http'}://localhost:{port}"
        url = settings.base_url or local_url
        base = _calls_url(url, settings.function_host)
        runtime = await enter(open_runtime(settings, services))
        await _prepare(store, runtime)
        engine = _engine(settings, store, services, runtime, maskers, event_bus, membership)
        stack.push_async_callback(engine.close)
        scheduler = await enter(open_scheduler(settings, store, engine, membership, base))
        metrics = all_metrics(engine, store, services, runtime, housekeeper, scheduler, membership)
        gateway = _gateway(
            settings,
            key=key,
            store=store,
            services=services,
            runtime=runtime,
            engine=engine,
            masker=maskers.masker,
            url=url,
            calls_url=base,
            metrics=metrics,
            event_bus=event_bus,
            membership=membership,
        )
        http = await _serve(settings, gateway, sockets)
        server = RunningServer(
            settings=settings,
            key=key,
            store=store,
            engine=engine,
            runtime=runtime,
            port=port,
            url=base,
            local_url=local_url,
            http=http,
            scheduler=scheduler,
            event_bus=event_bus,
            membership=membership,
        )
        stack.push_async_callback(server.stop)
        yield server


def _calls_url(url: str, function_host: str) -> str:
    """Return the base URL below which functions are called: *url*, but on a host of their own."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=function_host + port).geturl() if function_host else url


def _bind(settings: Settings, stack: AsyncExitStack) -> tuple[list[socket.socket], int]:
    """Return the sockets that requests come to, and their port; they are closed with *stack*."""
    sockets = bind_sockets(settings.host, settings.port)
    for sock in sockets:
        stack.callback(sock.close)
    return sockets, sockets[0].getsockname()[1]


def _housekeeping(
    settings: Settings, store: Store, membership: Membership
) -> AbstractAsyncContextManager[Housekeeper]:
    return open_housekeeping(
        store,
        open_packages(settings),
        leads=lambda: membership.leads,
        clock=membership.clock,
    )


def _engine(
    settings: Settings,
    store: Store,
    services: Services,
    runtime: HostedRuntime,
    maskers: ExecutionMaskers,
    event_bus: ExecutionEventBus,
    membership: Membership,
) -> DefaultEngine:
    return new_engine(
        Config(
            db=store,
            logger=services.logger,
            runtime=runtime,
            execution_timeout=settings.execution_timeout,
            maskers=maskers,
            event_bus=event_bus,
            clock=membership.clock,
            server_id=membership.server_id,
            live_servers=lambda: membership.live_servers,
        )
    )


def _certificate(settings: Settings) -> Certificate | None:
    if not settings.tls_certificate:
        return None
    return Certificate(settings.tls_certificate, settings.tls_key)


async def _prepare(store: Store, runtime: HostedRuntime) -> None:
    """Have workers ready for the languages that functions are written in."""
    for language in await store.runtimes_in_use():
        runtime.prepare(language)


async def _serve(settings: Settings, gateway: Gateway, sockets: list[socket.socket]) -> HttpServer:
    http = HttpServer(
        gateway.open,
        sockets,
        _connection_limits(settings),
        trusted_proxies=settings.trusted_proxies,
        certificate=_certificate(settings),
    )
    await http.start()
    return http


def _connection_limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        head_timeout_s=settings.header_timeout,
        keep_alive_s=settings.keep_alive,
        max_connections=settings.max_connections,
        body_bytes=settings.request_body,
        large_bodies_bytes=settings.body_memory,
    )


def _metrics(settings: Settings, metrics: Sequence[MetricSource], access: Access) -> Metrics | None:
    if settings.metrics == "off":
        return None
    return Metrics(
        metrics, authenticator=None if settings.metrics == "public" else access.authenticator
    )


def _access_log(settings: Settings, masker: Masker) -> AccessLog:
    return AccessLog(
        api=settings.access_log != "off",
        functions=settings.access_log == "all",
        hide=masker.path,
    )


def _endpoint(
    settings: Settings,
    store: Store,
    services: Services,
    engine: DefaultEngine,
    access: Access,
    membership: Membership,
    url: str,
) -> FunctionEndpoint:
    return FunctionEndpoint(
        engine,
        functions=store,
        guards=Guards(
            access.authenticator,
            store.signing_secrets,
            shared=store.limits if store.is_shared else None,
            clock=membership.clock,
        ),
        secret=access.credentials,
        notes=services.logger,
        count_refusal=engine.metrics.count_refusal,
        base_url=url,
        limits=CallLimits(body_bytes=settings.request_body, body_timeout_s=settings.body_timeout),
    )


def _readiness(
    store: Store, engine: DefaultEngine, runtime: HostedRuntime, membership: Membership
) -> Readiness:
    async def check_workers() -> None:
        if not runtime.is_ready():
            raise NoWorkersError("no worker is running")

    return Readiness(
        {
            "store": _store_check(store, engine.outcomes),
            "workers": check_workers,
            "server": membership.check,
        },
        runtime.sandbox,
    )


def _store_check(store: Store, outcomes: Outcomes) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        try:
            await store.ping()
        except DiskFull:
            raise NotReady("the disk is full") from None
        except DiskNearlyFull as problem:
            raise NotReady(str(problem)) from None
        if outcomes.unwritten:
            raise NotReady("outcomes of executions are not written yet")

    return check


def _gateway(
    settings: Settings,
    *,
    key: ApiKey,
    store: Store,
    services: Services,
    runtime: HostedRuntime,
    engine: DefaultEngine,
    masker: Masker,
    url: str,
    calls_url: str,
    metrics: Sequence[MetricSource],
    event_bus: ExecutionEventBus,
    membership: Membership,
) -> Gateway:
    access = build_access(
        key,
        token_rows=store.tokens,
        session_rows=store.sessions,
        session_lifetime_s=int(settings.session_lifetime),
        base_url=url,
        cors_origins=settings.cors_origins,
        function_host=settings.function_host,
        limits=store.limits if store.is_shared else None,
        clock=membership.clock,
    )
    handlers = management_handlers(
        settings,
        store=store,
        services=services,
        runtime=runtime,
        engine=engine,
        event_bus=event_bus,
        access=access,
        membership=membership,
        url=calls_url,
        public_url=calls_url if settings.base_url or settings.function_host else "",
    )
    management = ManagementApi(handlers, body_timeout_s=settings.body_timeout)
    return Gateway(
        functions=open_calls(
            _endpoint(settings, store, services, engine, access, membership, calls_url)
        ),
        management=management,
        documentation=Documentation(management.describe),
        readiness=_readiness(store, engine, runtime, membership),
        metrics=_metrics(settings, metrics, access),
        dashboard=Dashboard(),
        function_host=settings.function_host,
        access_log=_access_log(settings, masker),
    )
