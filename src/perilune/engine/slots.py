"""How many executions of a function run at a time, for functions that have a limit.

With several servers each has an equal share of the limit, rounded up.
"""

from collections.abc import Callable

from perilune.engine.errors import FunctionBusyError


class Slots:
    """Counts running executions; functions without a limit never come here."""

    def __init__(self, live_servers: Callable[[], int]) -> None:
        """Share limits with so many servers, this one included."""
        self._live_servers = live_servers
        self._running: dict[str, int] = {}

    def acquire(self, function_id: str, limit: int) -> None:
        """Count one more; `release` must follow.  Raises `FunctionBusyError`."""
        running = self._running.get(function_id, 0)
        if running >= -(-limit // self._live_servers()):
            raise FunctionBusyError(function_id, limit)
        self._running[function_id] = running + 1

    def release(self, function_id: str) -> None:
        """Count one less."""
        running = self._running[function_id] - 1
        if running:
            self._running[function_id] = running
        else:
            del self._running[function_id]
