"""Rows that every execution writes: those of one batch become one statement per kind.

Nothing is decided between them, so within a transaction their order matters only where they
belong to the same execution.  A group of rows is written kind by kind; where that would change
the order of the rows of one execution, or where another operation comes in between, a new group
begins.  Operations that write a value of a function and nothing else have no part in that: they
come after the group, in their order.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, ClassVar

from perilune.store.database.connection import Connection, Params
from perilune.store.database.counters import Counts
from perilune.store.database.operations import (
    AnyOperation,
    WriteOperation,
    in_savepoint,
)


class Row(WriteOperation[None]):
    """One row, written together with others of its batch.  Each kind is a class."""

    __slots__ = ("key", "params", "weight")

    is_short = True

    order: ClassVar[int]
    """Of the kinds of a group, those with a lower one are written first."""

    def __init__(self, key: str, params: Params, weight: int = 0) -> None:
        """Prepare the row with the values *params*; *key* is the execution it belongs to."""
        self.key = key
        self.params = params
        self.weight = weight
        self.invalidates = None
        self.future = None
        self.done = None
        self.result = None
        self.error = None

    @classmethod
    def write(cls, connection: Connection, rows: Sequence[Any], counts: Counts) -> None:
        """Write all *rows*, which are of this kind, and count what they change; or raise."""
        raise NotImplementedError

    def run(self, connection: Connection) -> None:
        """Write this row by itself."""
        in_savepoint(connection, partial(write_rows, [self]))


class Insertion(Row):
    """A row that is only inserted, that no counter counts and nobody waits for."""

    __slots__ = ()

    order = 1
    sql: ClassVar[str]
    """Has `{rows}` where the values go."""

    def __init__(self, key: str, params: Params) -> None:
        """See `Row`."""
        super().__init__(key, params, sum([len(one) for one in params if isinstance(one, str)]))

    @classmethod
    def write(cls, connection: Connection, rows: Sequence[Any], counts: Counts) -> None:
        """See `Row.write`."""
        connection.insert_rows(cls.sql, [row.params for row in rows])


def run_batch(connection: Connection, batch: Sequence[AnyOperation], *, again: bool = True) -> None:
    """Run the operations of *batch* in order, each with an outcome of its own.

    Raises only when the whole transaction, in which there must be nothing yet, is taken back;
    or, without *again*, what would take a second try.
    """
    if len({row.key for row in batch if isinstance(row, Row)}) == len(batch):
        # The usual case: a row each of some executions.
        _run_group(connection, batch, is_first=True, again=again)  # type: ignore[arg-type]
        return
    is_first = True
    for group in groups(batch):
        if isinstance(group, list):
            _run_group(connection, group, is_first=is_first, again=again)
        else:
            _run_alone(connection, group)
        is_first = False


def groups(batch: Iterable[AnyOperation]) -> Iterator[list[Row] | AnyOperation]:
    """Yield rows that may be written together as a list, other operations as they are."""
    group: list[Row] = []
    orders: dict[str, int] = {}
    changes: list[AnyOperation] = []
    for operation in batch:
        if operation.change is not None:
            changes.append(operation)
            continue
        if not isinstance(operation, Row):
            if group:
                yield group
                group, orders = [], {}
            yield from changes
            changes = []
            yield operation
            continue
        if orders.get(operation.key, 0) > operation.order:
            yield group
            group, orders = [], {}
        orders[operation.key] = operation.order
        group.append(operation)
    if group:
        yield group
    yield from changes


def _run_group(
    connection: Connection, group: Sequence[Row], *, is_first: bool, again: bool
) -> None:
    try:
        if is_first:
            write_rows(group, connection)
        else:
            in_savepoint(connection, partial(write_rows, group))
    except Exception:
        if not connection.in_transaction:
            raise
        if is_first:
            if not again:
                raise
            # There is nothing else to take back, so no savepoint was needed.
            connection.execute("ROLLBACK")
            connection.begin()
        # One by one, a row that is refused harms no other.
        for row in group:
            _run_alone(connection, row)


def _run_alone(connection: Connection, operation: AnyOperation) -> None:
    try:
        operation.run(connection)
    except Exception as error:
        operation.failed(connection, error)
        # Otherwise the database has taken back the whole batch by itself.
        if not connection.in_transaction:
            raise


def write_rows(rows: Sequence[Row], connection: Connection) -> None:
    """Write a group of rows and what they count; all of it, or raise."""
    counts = Counts()
    if len(rows) == 1:
        # The usual case of a server that is not busy.
        rows[0].write(connection, rows, counts)
    else:
        for kind in sorted({type(row) for row in rows}, key=attrgetter("order")):
            kind.write(connection, [row for row in rows if type(row) is kind], counts)
    counts.write(connection)
