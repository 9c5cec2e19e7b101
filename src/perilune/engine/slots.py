"""How many executions of a function run at a time, for functions that have a limit."""

from perilune.engine.errors import FunctionBusyError


class Slots:
    """Counts running executions; functions without a limit never come here."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}

    def acquire(self, function_id: str, limit: int) -> None:
        """Count one more; `release` must follow.  Raises `FunctionBusyError`."""
        running = self._running.get(function_id, 0)
        if running >= limit:
            raise FunctionBusyError(function_id, limit)
        self._running[function_id] = running + 1

    def release(self, function_id: str) -> None:
        """Count one less."""
        running = self._running[function_id] - 1
        if running:
            self._running[function_id] = running
        else:
            del self._running[function_id]
