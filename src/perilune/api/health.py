"""Whether the server lives (`/healthz`) and whether it can do its work (`/readyz`)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from perilune.clock import MonotonicClock, monotonic_clock

CHECK_LIMIT_S = 2.0
REUSE_S = 1.0
"""An answer is given again for this long, so that probing can't be used to load the server."""

_log = logging.getLogger(__name__)


class Sandbox(Protocol):
    """How completely workers are locked down."""

    @property
    def grade(self) -> str:
        """`full` or `relaxed`."""
        ...

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers in force."""
        ...

    @property
    def missing(self) -> tuple[str, ...]:
        """The required layers that this machine does not offer."""
        ...

    @property
    def optional_missing(self) -> tuple[str, ...]:
        """The optional layers that this machine does not offer."""
        ...


Check = Callable[[], Awaitable[object]]
"""Returns if a part works; raises if not."""


class NotReady(Exception):
    """A part does not work; the text is told to everybody."""


class Readiness:
    """Checks the parts without which no execution can succeed."""

    def __init__(
        self,
        checks: dict[str, Check],
        sandbox: Callable[[], Sandbox],
        clock: MonotonicClock = monotonic_clock,
    ) -> None:
        self._checks = checks
        self._sandbox = sandbox
        self._clock = clock
        self._known: tuple[float, bool, dict[str, Any]] | None = None
        self._checking = asyncio.Lock()

    async def report(self) -> tuple[bool, dict[str, Any]]:
        """Return whether everything works, and the document that says so.

        Why a part fails is logged and not told, unless it is a `NotReady`: the endpoint is public.
        """
        async with self._checking:
            if self._known is None or self._clock() - self._known[0] > REUSE_S:
                is_ready, document = await self._look()
                self._known = (self._clock(), is_ready, document)
            return self._known[1], self._known[2]

    async def _look(self) -> tuple[bool, dict[str, Any]]:
        problems = await asyncio.gather(*(self._try(n, c) for n, c in self._checks.items()))
        is_ready = not any(problems)
        parts = {n: "failed" if p else "ok" for n, p in zip(self._checks, problems, strict=True)}
        document: dict[str, Any] = {"status": "ok" if is_ready else "unavailable"}
        if reasons := [str(one) for one in problems if isinstance(one, NotReady)]:
            document["reason"] = ", ".join(reasons)
        try:
            sandbox = self._sandbox()
        except Exception:
            _log.exception("the sandbox has no grade")
            return False, {"status": "unavailable", **parts}
        document["sandbox"] = {
            "grade": sandbox.grade,
            "layers": list(sandbox.layers),
            "missing": list(sandbox.missing),
            "optional_missing": list(sandbox.optional_missing),
        }
        return is_ready, document | parts

    async def _try(self, name: str, check: Check) -> Exception | None:
        try:
            async with asyncio.timeout(CHECK_LIMIT_S):
                await check()
        except Exception as problem:
            _log.error("readiness: %s failed: %r", name, problem)
            return problem
        return None
