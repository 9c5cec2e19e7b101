"""The composition root: builds the server out of its rooms, bottom up, and takes it down again.

It knows every room and decides nothing.
"""

import logging
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from perilune import __version__
from perilune.api import (
    AccessLog,
    ApiKey,
    CallLimits,
    ConnectionLimits,
    Executions,
    FunctionEndpoint,
    Functions,
    Gateway,
    HttpServer,
    KeyHolder,
    ManagementApi,
    Readiness,
    bind_sockets,
    load_api_key,
)
from perilune.clock import wall_clock
from perilune.config import SettingError, Settings
from perilune.engine import Config, DefaultEngine, Engine
from perilune.engine import new as new_engine
from perilune.errors import PeriluneError
from perilune.ids import new_function_id
from perilune.masking import Masker
from perilune.runtimes import (
    LuaRuntime,
    RuntimeRequest,
    RuntimeResult,
    SandboxReport,
    WorkerLimits,
)
from perilune.services.ai import ChatClient, StoreAITracker
from perilune.services.email import DefaultEmailClient, StoreEmailTracker
from perilune.services.env import Env
from perilune.services.http import Client, EgressPolicy, HTTPLimits
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from perilune.store import DB, Function, PaginationParams, SqliteStore, open_store

DATABASE_FILE = "lunar.db"
"""Lunar's name, so that its data directory can be taken over."""

PROVIDER_TIMEOUT_S = 600.0
"""Longest time that a provider of AI or e-mail gets to answer."""

EXAMPLE_NAME = "hello"
EXAMPLE_CODE = """\
-- Answers GET /fn/<id>?name=you with a greeting, and counts how often it did.
function handler(ctx, event)
  local name = event.query.name or "world"
  local count = tonumber(kv.get("count") or "0") + 1
  kv.set("count", tostring(count))
  log.info("greeting " .. name)
  return {
    statusCode = 200,
    headers = { ["Content-Type"] = "text/plain; charset=utf-8" },
    body = "Hello, " .. name .. "! This is greeting number " .. tostring(count) .. ".\\n",
  }
end
"""

_log = logging.getLogger(__name__)


class DataDirError(PeriluneError):
    """The data directory can't be created or used."""

    code = "data_dir_error"


class HostedRuntime(Protocol):
    """A runtime that the server opens and closes."""

    async def execute(self, req: RuntimeRequest) -> RuntimeResult | None:
        """Run the code for one event."""
        ...

    def is_ready(self) -> bool:
        """Tell whether executions would find a worker."""
        ...

    def sandbox(self) -> SandboxReport:
        """Return how completely workers are locked down."""
        ...


class NoWorkersError(PeriluneError):
    """No worker has been started yet, or none can be."""

    code = "no_workers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What guest code may use, as the runtime gets it."""

    logger: StoreLogger
    kv: KV
    env: Env
    http: Client
    ai: ChatClient
    ai_tracker: StoreAITracker
    email: DefaultEmailClient
    email_tracker: StoreEmailTracker


OpenRuntime = Callable[[Settings, Services], AbstractAsyncContextManager[HostedRuntime]]


@dataclass(slots=True, kw_only=True)
class RunningServer:
    """A server that accepts requests."""

    settings: Settings
    key: ApiKey
    store: SqliteStore
    engine: Engine
    sandbox: SandboxReport
    port: int
    url: str
    """Base URL as functions get it."""
    http: HttpServer

    async def stop(self) -> bool:
        """Stop accepting and drain; return whether all requests finished by themselves."""
        return await self.http.stop(self.settings.shutdown_grace)


@asynccontextmanager
async def open_data(settings: Settings) -> AsyncIterator[tuple[ApiKey, SqliteStore]]:
    """Open what outlives the server: the data directory, the key and the database.

    Raises:
        PeriluneError: one of them can't be created or used.
    """
    prepare_data_dir(settings.data_dir)
    key = load_api_key(settings.api_key, settings.data_dir)
    async with open_store(settings.data_dir / DATABASE_FILE) as store:
        yield key, store


def open_lua(settings: Settings, services: Services) -> AbstractAsyncContextManager[HostedRuntime]:
    """Return the runtime that ships, to be opened."""
    limits = WorkerLimits(
        warm=settings.workers_warm,
        maximum=settings.workers_max,
        queue=settings.queue,
        memory_bytes=settings.worker_memory,
        idle_s=settings.worker_idle,
        response_body_bytes=settings.response_body,
        outbound_calls=settings.http_calls,
        relaxed=settings.sandbox == "relaxed",
    )
    return LuaRuntime(
        logger=services.logger,
        kv_store=services.kv,
        env_store=services.env,
        http_client=services.http,
        ai_client=services.ai,
        ai_tracker=services.ai_tracker,
        email_client=services.email,
        email_tracker=services.email_tracker,
        limits=limits,
    )


@asynccontextmanager
async def open_server(
    settings: Settings, open_runtime: OpenRuntime = open_lua
) -> AsyncIterator[RunningServer]:
    """Open every room and serve until the block ends.

    Raises:
        PeriluneError: a room can't be opened; those already open are closed again.
    """
    async with AsyncExitStack() as rooms:
        key, store = await rooms.enter_async_context(open_data(settings))
        # One second on, so that rows of a server that died within this very second count too.
        recovered = await store.recover_pending(int(wall_clock()) + 1)
        if recovered:
            _log.warning("%d executions were interrupted by the last stop", recovered)
        masker = Masker(settings.mask_names)
        services = await rooms.enter_async_context(_open_services(settings, store, masker))
        sockets = bind_sockets(settings.host, settings.port)
        for sock in sockets:
            rooms.callback(sock.close)
        port = sockets[0].getsockname()[1]
        url = settings.base_url or f"http://localhost:{port}"
        runtime = await rooms.enter_async_context(open_runtime(settings, services))
        engine = _engine(settings, store, services, runtime, masker)
        rooms.push_async_callback(engine.close)
        gateway = _gateway(
            settings,
            key=key,
            store=store,
            services=services,
            runtime=runtime,
            engine=engine,
            masker=masker,
            url=url,
        )
        http = HttpServer(gateway, sockets, _connection_limits(settings))
        await http.start()
        server = RunningServer(
            settings=settings,
            key=key,
            store=store,
            engine=engine,
            sandbox=runtime.sandbox(),
            port=port,
            url=url,
            http=http,
        )
        rooms.push_async_callback(server.stop)
        yield server


def prepare_data_dir(path: Path) -> None:
    """Create the data directory for its owner alone, if it does not exist (KD-19).

    Raises:
        DataDirError: it can't be created, or is no directory.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        mode = path.stat().st_mode
    except OSError as problem:
        raise DataDirError(f"can't use the data directory {path}: {problem}") from problem
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        _log.warning("the data directory %s is open to others; run: chmod 700 %s", path, path)


async def ensure_example(db: DB) -> Function | None:
    """Create the example function if there are no functions at all.

    Returns:
        The example function, also when it exists from an earlier start; None
        if there are only other functions.
    """
    found, total = await db.list_functions(PaginationParams(limit=100))
    if total:
        names = (one.function for one in found if one.function.name == EXAMPLE_NAME)
        return next(names, None)
    new = Function(id=new_function_id(), name=EXAMPLE_NAME, description="Greets whoever calls it")
    async with db.transaction() as transaction:
        function = await transaction.create_function(new)
        await transaction.create_version(function.id, EXAMPLE_CODE)
    return function


@asynccontextmanager
async def _open_services(
    settings: Settings, store: SqliteStore, masker: Masker
) -> AsyncIterator[Services]:
    """Open what guest code may use.  Raises `SettingError` for a list that can't be understood."""
    try:
        policy = EgressPolicy(settings.http_allow)
    except ValueError as problem:
        raise SettingError("PERILUNE_HTTP_ALLOW", str(problem)) from None
    env = Env(store.env)
    limits = HTTPLimits(timeout_s=settings.http_timeout, max_bytes=settings.http_response_body)
    async with Client(policy, limits) as http:
        providers = http.with_limits(HTTPLimits(timeout_s=PROVIDER_TIMEOUT_S))
        yield Services(
            logger=StoreLogger(store.logs, masker=masker),
            kv=KV(store.kv),
            env=env,
            http=http,
            ai=ChatClient(providers, env),
            ai_tracker=StoreAITracker(store.ai_requests, masker=masker),
            email=DefaultEmailClient(providers, env, policy),
            email_tracker=StoreEmailTracker(store.email_requests, masker=masker),
        )


def _engine(
    settings: Settings,
    store: SqliteStore,
    services: Services,
    runtime: HostedRuntime,
    masker: Masker,
) -> DefaultEngine:
    return new_engine(
        Config(
            db=store,
            logger=services.logger,
            runtime=runtime,
            kv_store=services.kv,
            env_store=services.env,
            http_client=services.http,
            ai_client=services.ai,
            ai_tracker=services.ai_tracker,
            email_client=services.email,
            email_tracker=services.email_tracker,
            execution_timeout=settings.execution_timeout,
            masker=masker,
        )
    )


def _connection_limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        head_timeout_s=settings.header_timeout,
        keep_alive_s=settings.keep_alive,
        max_connections=settings.max_connections,
    )


def _gateway(
    settings: Settings,
    *,
    key: ApiKey,
    store: SqliteStore,
    services: Services,
    runtime: HostedRuntime,
    engine: Engine,
    masker: Masker,
    url: str,
) -> Gateway:
    holder = KeyHolder(key)

    async def check_workers() -> None:
        if not runtime.is_ready():
            raise NoWorkersError("no worker is running")

    return Gateway(
        functions=FunctionEndpoint(
            engine,
            secret=holder,
            notes=services.logger,
            base_url=url,
            limits=CallLimits(
                body_bytes=settings.request_body, body_timeout_s=settings.body_timeout
            ),
        ),
        management=ManagementApi(
            Functions(store, services.env),
            Executions(
                store,
                services.logger,
                ai_requests=services.ai_tracker,
                email_requests=services.email_tracker,
            ),
            doorkeeper=holder,
            body_timeout_s=settings.body_timeout,
        ),
        readiness=Readiness({"store": store.ping, "workers": check_workers}, runtime.sandbox),
        version=__version__,
        access_log=AccessLog(
            api=settings.access_log != "off",
            functions=settings.access_log == "all",
            hide=masker.path,
        ),
    )
