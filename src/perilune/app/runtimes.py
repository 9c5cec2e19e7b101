"""The runtimes that ship, built from settings and services."""

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from perilune.app.memory import available_bytes
from perilune.app.services import Services
from perilune.config import Settings
from perilune.runtimes import (
    Packages,
    PoolMetrics,
    RuntimeRequest,
    RuntimeResult,
    SandboxReport,
    SourceReport,
    WorkerLimits,
    WorkerRuntime,
    find_languages,
    remove_leftovers,
)


class HostedRuntime(Protocol):
    """A runtime that the server opens and closes."""

    async def execute(self, req: RuntimeRequest) -> RuntimeResult | None:
        """Run the code for one event."""
        ...

    async def check(self, code: str, runtime: str, requirements: str | None = None) -> SourceReport:
        """Say what is wrong with code of a language without running it."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of functions, by name; the default one first."""
        ...

    def prepare(self, name: str) -> None:
        """Get ready in the background for functions in this language."""
        ...

    def is_ready(self) -> bool:
        """Tell whether executions would find a worker."""
        ...

    def pool(self) -> PoolMetrics:
        """Return how many workers there are and how many executions wait; from any thread."""
        ...

    def sandbox(self) -> SandboxReport:
        """Return how completely workers are locked down."""
        ...


PACKAGES_DIRECTORY = "packages"

OpenRuntime = Callable[[Settings, Services], AbstractAsyncContextManager[HostedRuntime]]


def open_workers(
    settings: Settings, services: Services
) -> AbstractAsyncContextManager[HostedRuntime]:
    """Return the runtime that ships, to be opened."""
    limits = WorkerLimits(
        warm=settings.workers_warm,
        maximum=settings.workers_max,
        queue=settings.queue,
        memory_bytes=settings.worker_memory,
        total_bytes=min(settings.workers_memory, available_bytes() // 2),
        idle_s=settings.worker_idle,
        response_body_bytes=settings.response_body,
        outbound_calls=settings.http_calls,
        time_zone=settings.time_zone,
        relaxed=settings.sandbox == "relaxed",
        required_layers=settings.sandbox_require,
    )
    return WorkerRuntime(
        logger=services.logger,
        kv_store=services.kv,
        env_store=services.env,
        http_client=services.http,
        ai_client=services.ai,
        ai_tracker=services.ai_tracker,
        email_client=services.email,
        email_tracker=services.email_tracker,
        limits=limits,
        languages=find_languages(),
        packages=open_packages(settings),
    )


def open_packages(settings: Settings) -> Packages | None:
    """Return what installs packages for Python functions, None where that is switched off."""
    if settings.python_packages == "off":
        return None
    directory = settings.data_dir / PACKAGES_DIRECTORY
    remove_leftovers(directory)
    return Packages(directory, os.environ)
