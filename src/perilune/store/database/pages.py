"""Parts of lists, with how many rows there are in all."""

from collections.abc import Callable
from typing import Any, TypeVar

from perilune.store.database.connection import Connection, Params

R = TypeVar("R")


def read_page(
    connection: Connection,
    record_of_row: Callable[[tuple[Any, ...]], R],
    rows: tuple[str, Params],
    total: tuple[str, Params],
) -> tuple[list[R], int]:
    """Return what *rows* selects, as records, and the number that *total* selects.

    Both are a statement and its parameters, and see the same state.
    """
    with connection.snapshot():
        found = [record_of_row(row) for row in connection.execute(*rows)]
        (number,) = connection.execute(*total).fetchone()
        return found, number
