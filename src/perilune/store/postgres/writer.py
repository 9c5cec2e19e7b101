"""The one writer of this server: a thread that commits what came in together.

Rows of executions are written in one transaction, kind by kind and in the order of their keys, so
that servers that write at the same time wait for one another in the same order.  Everything else
has a transaction of its own: it locks rows, and whoever holds locks for longer than it must
meets others that wait for them.
"""

import random
import time
from collections.abc import Callable, Sequence
from functools import partial

from perilune.store.database.connection import Connection
from perilune.store.database.grouping import Row, groups, write_rows
from perilune.store.database.operations import AnyOperation, Tables, Work
from perilune.store.database.queue import Batch, WriteQueue
from perilune.store.database.transactions import Session
from perilune.store.errors import StoreError, StoreUnavailable
from perilune.store.postgres.connection import PostgresConnection
from perilune.store.postgres.errors import as_store_error, is_conflict

PATIENCE_S = 2.0
"""For so long after it was lost the database is waited for; from then on writes fail at once."""
RETRY_PAUSE_S = 0.05
MAX_RETRIES = 10
"""How often a transaction is begun again that clashes with others or loses its connection."""


class Writer(WriteQueue):
    """Runs operations on its own connection, in order."""

    def __init__(
        self,
        connection: PostgresConnection,
        tables: Tables,
        *,
        touched: Callable[[str], None],
        report: Callable[[StoreError], None],
    ) -> None:
        """Start the thread; *connection* is its own from now on.  See `WriteQueue`."""
        super().__init__(tables, touched=touched, report=report)
        self._connection = connection
        self._lost_at: float | None = None
        self._thread.start()

    async def close(self) -> None:
        """See `WriteQueue.close`."""
        await super().close()
        self._connection.close()

    # In the writer's thread.

    def _serve(self, session: Session) -> None:
        connection = self._connection
        connection.is_shared_by_operations = True
        try:
            session.serve(connection, partial(self._tell, self._settle))
        finally:
            connection.is_shared_by_operations = False
            connection.rollback()

    def _commit(self, batch: Batch) -> None:
        for group in groups(batch):
            if isinstance(group, list):
                self._commit_rows(group)
            else:
                self._commit_alone(group)
        self._tell(self._settle_batch, batch)

    def _commit_rows(self, rows: Sequence[Row]) -> None:
        try:
            self._transact(partial(write_rows, rows), waits_for_disk=False)
        except Exception as error:
            failure = as_store_error(error)
            if isinstance(failure, StoreUnavailable):
                for row in rows:
                    row.error = failure
                return
            # One by one, a row that is refused harms no other.
            for row in rows:
                self._commit_alone(row)

    def _commit_alone(self, operation: AnyOperation) -> None:
        waits = operation.is_relied_on or not operation.is_short
        try:
            self._transact(partial(_run, operation), waits_for_disk=waits)
        except Exception as error:
            try:
                operation.failed(self._connection, error)
            except Exception as failure:
                operation.error = as_store_error(failure)

    def _transact(self, work: Callable[[Connection], object], *, waits_for_disk: bool) -> None:
        """Run *work* in a transaction and commit it; again where that can't do harm."""
        connection = self._connection
        tries = 0
        while True:
            self._begin(waits_for_disk=waits_for_disk)
            is_undone = True
            try:
                work(connection)
                is_undone = False  # when the commit fails, nobody knows
                connection.commit()
            except Exception as error:
                connection.rollback()
                tries += 1
                if is_undone and connection.is_lost:
                    self._lost_at = time.monotonic()
                elif not is_conflict(error):
                    raise
                if tries > MAX_RETRIES:
                    raise
                time.sleep(RETRY_PAUSE_S * random.random())  # noqa: S311 - to be out of step
                continue
            self.committed_at = time.monotonic()
            return

    def _begin(self, *, waits_for_disk: bool) -> None:
        """Open a transaction, on a new connection if need be, for which there is some patience."""
        begin = self._connection.begin if waits_for_disk else self._connection.begin_hasty
        while True:
            try:
                begin()
            except Exception:
                self._connection.rollback()
                now = time.monotonic()
                self._lost_at = self._lost_at or now
                if now > self._lost_at + PATIENCE_S or not self._connection.is_lost:
                    raise
                time.sleep(RETRY_PAUSE_S)
                continue
            self._lost_at = None
            return


def _run(operation: AnyOperation, connection: Connection) -> None:
    """Run *operation*, which has the whole transaction."""
    if isinstance(operation, Work):
        operation.result = operation.work(connection)
    else:
        operation.run(connection)
