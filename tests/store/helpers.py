"""Records to store, and a clock."""

import asyncio
import time
from collections.abc import Callable
from itertools import count

from perilune.store import Execution, Function, FunctionVersion, RecordDone, Store

NOW = 1_700_000_000

_numbers = count()


class SettableClock:
    """A wall clock that stands still until it is told otherwise."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def pass_a_moment() -> None:
    """Let the database's clock go on by the little that it can tell apart."""
    end = time.monotonic() + 0.003
    while time.monotonic() < end:
        pass


def fresh_id(prefix: str = "x") -> str:
    return f"{prefix}{next(_numbers):019d}"


async def some_function(store: Store, name: str = "fn") -> Function:
    return await store.create_function(Function(id=fresh_id("f"), name=name))


async def some_version(store: Store, name: str = "fn") -> FunctionVersion:
    """A new function with its first version."""
    function = await some_function(store, name)
    return await store.create_version(function.id, "return 1")


def execution_of(version: FunctionVersion, **changes: object) -> Execution:
    members: dict[str, object] = {
        "id": fresh_id("e"),
        "function_id": version.function_id,
        "function_version_id": version.id,
    }
    return Execution(**{**members, **changes})  # type: ignore[arg-type]  # members of any type


async def told(begin: Callable[[RecordDone], None]) -> Exception | None:
    """What is said at the end of what *begin* begins."""
    ended: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    begin(ended.set_result)
    return await ended
