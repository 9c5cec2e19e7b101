"""Rows of `cron_ticks`, the ledger of schedules: what has become of which tick."""

from typing import Any

from perilune.clock import WallClock
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.operations import Work
from perilune.store.database.pages import read_page
from perilune.store.database.statements import load_statements
from perilune.store.records import (
    CronJob,
    CronTick,
    Function,
    PaginationParams,
    TickOutcome,
)
from perilune.store.tables.functions import FUNCTION_COLUMNS, function_of_row, read_function

_ALWAYS = 2**62

_SQL = load_statements("ticks", columns_of_f=", ".join(f"f.{name}" for name in FUNCTION_COLUMNS))


class TickStore:
    """The ledger of schedules; the methods are those of `TickRows`."""

    def __init__(self, access: Access, clock: WallClock) -> None:
        """Use *access*; *clock* gives the time of claiming."""
        self._access = access
        self._clock = clock

    async def revision(self) -> int:
        """See `TickRows.revision`."""

        def read(connection: Connection) -> int:
            (value,) = connection.execute(_SQL["revision"]).fetchone()
            return int(value)

        return await self._access.look_up(read)

    async def jobs(self) -> list[CronJob]:
        """See `TickRows.jobs`."""
        now = int(self._clock())
        return await self._access.read(
            lambda connection: [
                _job_of_row(row) for row in connection.execute(_SQL["jobs"], (now,))
            ]
        )

    async def claim(
        self,
        job: CronJob,
        tick: int,
        passed_over: int,
        execution_id: str,
        busy_since: int,
        server_id: str | None = None,
    ) -> TickOutcome | None:
        """See `TickRows.claim`."""
        now = int(self._clock())
        params = (
            *(job.function_id, tick, passed_over, now, execution_id, busy_since),
            *(job.cron_schedule, job.cron_time_zone, server_id),
        )

        def insert(connection: Connection) -> TickOutcome | None:
            rows = connection.execute(_SQL["claim"], params).fetchall()
            return TickOutcome(rows[0][0]) if rows else None

        return await self._access.write(Work(insert))

    async def miss(self, job: CronJob, tick: int, passed_over: int, reason: str) -> bool:
        """See `TickRows.miss`."""
        now = int(self._clock())
        params = (
            *(job.function_id, tick, passed_over, now),
            *(job.cron_schedule, job.cron_time_zone, reason),
        )
        return await self._access.write(
            Work(lambda connection: bool(connection.execute(_SQL["miss"], params).fetchall()))
        )

    async def finish(
        self,
        function_id: str,
        tick: int,
        outcome: TickOutcome,
        reason: str | None = None,
        execution_id: str | None = None,
    ) -> None:
        """See `TickRows.finish`."""
        params = (function_id, tick, str(outcome), reason, execution_id)
        await self._access.write(
            Work(lambda connection: connection.execute(_SQL["finish"], params))
        )

    async def recover(self, before: int, dead_after_s: float | None = None) -> int:
        """See `TickRows.recover`."""
        return await self._recover(before, dead_after_s=dead_after_s)

    async def interrupted(self, execution_id: str) -> None:
        """See `TickRows.interrupted`."""
        await self._recover(_ALWAYS, execution_id)

    async def page(self, function_id: str, params: PaginationParams) -> tuple[list[CronTick], int]:
        """See `TickRows.page`."""
        page = params.normalized()

        def read(connection: Connection) -> tuple[list[CronTick], int]:
            with connection.snapshot():
                read_function(connection, function_id)
                rows = (_SQL["page"], (function_id, page.limit, page.offset))
                return read_page(connection, _tick_of_row, rows, (_SQL["count"], (function_id,)))

        return await self._access.read(read)

    async def scheduled(
        self, params: PaginationParams
    ) -> tuple[list[tuple[Function, CronTick | None]], int]:
        """See `TickRows.scheduled`."""
        page = params.normalized()

        def read(
            connection: Connection,
        ) -> tuple[list[tuple[Function, CronTick | None]], int]:
            with connection.snapshot():
                rows = connection.execute(_SQL["scheduled"], (page.limit, page.offset)).fetchall()
                functions = [function_of_row(row) for row in rows]
                found = [(one, _last_tick(connection, one.id)) for one in functions]
                (total,) = connection.execute(_SQL["count_scheduled"]).fetchone()
                return found, total

        return await self._access.read(read)

    async def _recover(
        self, before: int, execution_id: str | None = None, dead_after_s: float | None = None
    ) -> int:
        params = (before, execution_id, dead_after_s)
        return await self._access.write(
            Work(lambda connection: connection.execute(_SQL["recover"], params).rowcount)
        )


def _last_tick(connection: Connection, function_id: str) -> CronTick | None:
    row = connection.execute(_SQL["page"], (function_id, 1, 0)).fetchone()
    return None if row is None else _tick_of_row(row)


def _job_of_row(row: tuple[Any, ...]) -> CronJob:
    return CronJob(
        function_id=row[0],
        name=row[1],
        cron_schedule=row[2],
        cron_time_zone=row[3],
        runs_missed=bool(row[4]),
        since=row[5],
        last_tick=row[6],
    )


def _tick_of_row(row: tuple[Any, ...]) -> CronTick:
    return CronTick(
        function_id=row[0],
        tick=row[1],
        outcome=TickOutcome(row[2]),
        reason=row[3],
        passed_over=row[4],
        claimed_at=row[5],
        execution_id=row[6],
        execution_status=row[7],
    )
