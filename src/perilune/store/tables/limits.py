"""Rows of what servers count together: messages, calls, wrong credentials."""

from perilune.clock import WallClock
from perilune.store.contract.limits import FailedAttempts
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.operations import Statement, Work
from perilune.store.database.statements import load_statements

_SQL = load_statements("limits")


class Limits:
    """The counts; the methods are those of `LimitRows`."""

    def __init__(self, access: Access, clock: WallClock) -> None:
        """Use *access*; by *clock* calls come back."""
        self._access = access
        self._clock = clock

    async def is_new(self, function_id: str, message: bytes, until: float) -> bool:
        """See `LimitRows.is_new`."""
        params = (function_id, message, until)
        return await self._access.write(
            Work(lambda connection: connection.execute(_SQL["see"], params).rowcount == 1)
        )

    async def take(self, function_id: str, limit: int, window_s: int) -> tuple[bool, float]:
        """See `LimitRows.take`."""
        now = self._clock()
        params = (function_id, now, window_s / limit, float(window_s))

        def take(connection: Connection) -> tuple[bool, float]:
            row = connection.execute(_SQL["take"], params).fetchone()
            if row is not None:
                return True, row[0] - now
            connection.execute(_SQL["shorten"], (function_id, now + window_s))
            (full_at,) = connection.execute(_SQL["full_at"], (function_id,)).fetchone()
            return False, full_at - now

        return await self._access.write(Work(take))

    async def failed(self, address: str, forgotten_after_s: float) -> FailedAttempts:
        """See `LimitRows.failed`."""
        params = (address, self._clock(), forgotten_after_s)

        def count(connection: Connection) -> FailedAttempts:
            return FailedAttempts(*connection.execute(_SQL["fail"], params).fetchone())

        return await self._access.write(Work(count))

    async def failures(self, address: str) -> FailedAttempts | None:
        """See `LimitRows.failures`."""

        def read(connection: Connection) -> FailedAttempts | None:
            row = connection.execute(_SQL["failures"], (address,)).fetchone()
            return None if row is None else FailedAttempts(*row)

        return await self._access.look_up(read)

    async def succeeded(self, address: str) -> None:
        """See `LimitRows.succeeded`."""
        await self._access.write(Statement(_SQL["succeed"], (address,)))
