"""`GET /metrics`: the server's figures in the text format of Prometheus."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from perilune.api import hardening
from perilune.api.errors import (
    InsufficientScope,
    MethodNotAllowed,
    OperationFailed,
    management_failure,
    refusal,
)
from perilune.api.headers import header_value
from perilune.api.replies import json_error
from perilune.api.scopes import Caller, TokenScope
from perilune.clock import MonotonicClock, monotonic_clock
from perilune.errors import PeriluneError

REUSE_S = 1.0
"""A page is given again for this long, so that asking can't be used to load the server."""

_log = logging.getLogger(__name__)


class MetricSource(Protocol):
    """Tells some of the figures; called in a thread."""

    def collect(self) -> Iterable[Metric]:
        """Return the figures as they are now."""
        ...


@runtime_checkable
class RefreshedMetricSource(MetricSource, Protocol):
    """A source that has to ask the store before it can tell."""

    async def refresh(self) -> None:
        """Prepare for `collect`; on the event loop."""
        ...


class RequestAuthenticator(Protocol):
    """Tells callers from strangers."""

    async def authenticate(self, scope: Scope) -> Caller:
        """Return who makes a request, or raise."""
        ...


class Metrics:
    """Serves the figures of several sources, and those of the process, as an ASGI application."""

    def __init__(
        self,
        sources: Sequence[MetricSource],
        *,
        authenticator: RequestAuthenticator | None,
        clock: MonotonicClock = monotonic_clock,
    ) -> None:
        """Serve *sources* to who may read; without *authenticator* to everybody."""
        self._refreshed = [one for one in sources if isinstance(one, RefreshedMetricSource)]
        self._registry = CollectorRegistry()
        for source in sources:
            self._registry.register(source)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._authenticator = authenticator
        self._clock = clock
        self._known: dict[str, tuple[float, bytes]] = {}
        self._collecting = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = await self._answer(scope)
        answer.raw_headers += (*hardening.COMMON, hardening.NO_STORE, hardening.NO_CONTENT)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        try:
            if self._authenticator is not None:
                caller = await self._authenticator.authenticate(scope)
                if not caller.may(TokenScope.METRICS):
                    raise InsufficientScope(TokenScope.METRICS)
        except PeriluneError as error:
            return json_error(management_failure(error), scope)
        if scope["method"] not in ("GET", "HEAD"):
            return json_error(refusal(MethodNotAllowed("GET, HEAD")), scope)
        accepted = header_value(scope["headers"], b"accept").decode("latin-1")
        encode, content_type = choose_encoder(accepted)
        try:
            async with self._collecting:
                known = self._known.get(content_type)
                if known is None or self._clock() - known[0] > REUSE_S:
                    for source in self._refreshed:
                        await source.refresh()
                    # In a thread: the more functions there are, the longer it takes.
                    page = await asyncio.to_thread(encode, self._registry)
                    known = self._known[content_type] = (self._clock(), page)
        except Exception:
            _log.exception("the figures could not be collected")
            return json_error(
                management_failure(OperationFailed("Failed to collect metrics")), scope
            )
        return Response(known[1], headers={"Content-Type": content_type})
