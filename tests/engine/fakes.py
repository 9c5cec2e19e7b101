"""Stand-ins at the engine's borders: a runtime told what to do, and a store that fails."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from perilune.engine import RuntimeRequest, RuntimeResult
from perilune.events import HTTPResponse

Behaviour = Callable[[RuntimeRequest], Awaitable[RuntimeResult | None]]


class FakeRuntime:
    """Answers every execution by calling a function; remembers what it was asked."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self.requests: list[RuntimeRequest] = []

    async def execute(self, req: RuntimeRequest) -> RuntimeResult | None:
        self.requests.append(req)
        return await self._behaviour(req)


def answering(status: int = 200, body: str | bytes = "ok", **more: Any) -> FakeRuntime:
    """Return a runtime that always gives this response."""

    async def behave(_req: RuntimeRequest) -> RuntimeResult:
        return RuntimeResult(response=HTTPResponse(status_code=status, body=body, **more))

    return FakeRuntime(behave)


def raising(error: BaseException) -> FakeRuntime:
    """Return a runtime that always raises *error*."""

    async def behave(_req: RuntimeRequest) -> RuntimeResult:
        raise error

    return FakeRuntime(behave)


def giving(result: RuntimeResult | None) -> FakeRuntime:
    """Return a runtime that always gives *result*."""

    async def behave(_req: RuntimeRequest) -> RuntimeResult | None:
        return result

    return FakeRuntime(behave)


def endless(started: asyncio.Event | None = None) -> FakeRuntime:
    """Return a runtime that never comes back by itself."""

    async def behave(_req: RuntimeRequest) -> RuntimeResult:
        if started is not None:
            started.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    return FakeRuntime(behave)


class Failing:
    """A store whose named methods fail; everything else goes to the real one."""

    execution_records = None
    """So that engines call its methods."""

    def __init__(self, store: Any, **failures: BaseException) -> None:
        self._store = store
        self._failures = failures
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        failure = self._failures.get(name)
        if failure is None:
            return getattr(self._store, name)

        async def fail(*_args: Any, **_kwargs: Any) -> Any:
            raise failure

        return fail
