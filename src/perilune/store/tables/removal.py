"""Removing executions with all that hangs on them, and pairs.

Children go explicitly, so that they can be counted; the cascade would find what was forgotten.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from perilune.store.database.connection import Connection
from perilune.store.database.counters import Counts
from perilune.store.database.statements import load_statements

AT_ONCE = 200
"""A function or version with at most so many executions loses them in the same transaction, and
so do functions with at most so many pairs."""

BYTES_AT_ONCE = 1024 * 1024
"""Pairs that hold more than that together go later."""

BYTES_IN_BATCH = 256 * 1024
"""What the pairs of a batch hold together, but for one that holds more by itself."""

FEW = 10_000
"""A function with at most so many executions is searched for those of one version at once."""

TABLES_OF_EXECUTIONS = ("logs", "ai_requests", "email_requests", "executions")
"""In the order in which rows are deleted."""

_SQL = load_statements("upkeep")
_KV = load_statements("kv")


def remove_executions(connection: Connection, seqs: Sequence[int]) -> Counter[str]:
    """Delete the executions with these `seq`s; return the number of rows per table."""
    chosen = (msgspec.json.encode(seqs).decode(),)
    rows: Counter[str] = Counter()
    for table in TABLES_OF_EXECUTIONS[:-1]:
        rows[table] = connection.execute(_SQL[f"delete_{table}"], chosen).rowcount
    counts = Counts()
    removed = connection.execute(_SQL["delete_executions"], chosen).fetchall()
    for function_id, version_id, status, trigger in removed:
        counts.execution(function_id, version_id, status, trigger, -1)
    counts.write(connection)
    rows["executions"] = len(removed)
    return rows


def remove_few_of_function(connection: Connection, function_id: str) -> None:
    """Delete the running executions of a function, and the others too if they are few."""
    (number,) = connection.execute(_SQL["count_of_function"], (function_id,)).fetchone()
    name = "all_of_function" if number <= AT_ONCE else "pending_of_function"
    _remove_found(connection, name, (function_id,))


def forget_empty_versions(connection: Connection, function_id: str) -> None:
    """Delete what is left of a deleted function's versions if no execution is left."""
    connection.execute(_SQL["forget_versions"], (function_id, 0))


def remove_few_entries(connection: Connection, function_id: str) -> None:
    """Delete the pairs of a function that is deleted with its counter, if they are few."""
    params = (function_id, AT_ONCE, BYTES_AT_ONCE)
    (are_few,) = connection.execute(_KV["are_few"], params).fetchone()
    if are_few:
        connection.execute(_KV["delete_all"], (function_id,))


def remove_leftover_entries(connection: Connection, function_id: str, most: int) -> int:
    """Delete some pairs, *most* or fewer, of a deleted function; return how many, 0 at the end.

    Its counter went with the function.
    """
    return connection.execute(_KV["delete_left"], (function_id, most, BYTES_IN_BATCH)).rowcount


def remove_few_of_version(connection: Connection, function_id: str, version_id: str) -> None:
    """Delete the running executions of a version, and the others too if they are few."""
    owner = (function_id, version_id)
    (of_all,) = connection.execute(_SQL["count_of_function"], (function_id,)).fetchone()
    (of_version,) = connection.execute(_SQL["count_of_version"], owner).fetchone()
    few = of_version <= AT_ONCE and of_all <= FEW
    _remove_found(connection, "all_of_version" if few else "pending_of_version", owner)


def _remove_found(connection: Connection, name: str, params: tuple[str, ...]) -> None:
    found = [seq for (seq,) in connection.execute(_SQL[name], params)]
    if found:
        remove_executions(connection, found)
