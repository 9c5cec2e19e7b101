"""Whatever rows a Lunar database has, what belongs to something arrives, and nothing else."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from perilune.store import maintenance_of
from tests.lunar.database import (
    execution_row,
    function_row,
    log_row,
    version_row,
    write_database,
)
from tests.profiles import examples

numbers = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
pool = st.integers(0, 3)


@st.composite
def installations(draw):
    """Functions, versions, executions and the rest, with references into a small pool of ids."""
    functions = [
        function_row(n, name=draw(texts), description=draw(st.none() | texts),
                     created_at=draw(numbers), retention_days=draw(st.none() | numbers),
                     disabled=draw(st.sampled_from([0, 1, 7])),
                     cron_schedule=draw(st.none() | texts), cron_status=draw(st.none() | texts),
                     save_response=draw(st.sampled_from([None, 0, 1])))
        for n in draw(st.sets(pool))
    ]  # fmt: skip
    versions = [
        version_row(function_row(owner), number, code=draw(texts),
                    is_active=draw(st.integers(0, 1)))
        for owner, number in draw(st.sets(st.tuples(pool, st.integers(1, 3)), max_size=8))
    ]  # fmt: skip
    executions = [
        execution_row(version_row(function_row(owner), number), n, event_json=draw(texts),
                      status=draw(st.sampled_from(["pending", "success", "error", "?"])),
                      trigger=draw(st.none() | texts), created_at=draw(numbers))
        for n, (owner, number) in enumerate(
            draw(st.lists(st.tuples(pool, st.integers(1, 4)), max_size=12)))
    ]  # fmt: skip
    logs = [
        log_row(f"e0k3m2c9a8v7q1e5{owner:03d}0", n, message=draw(texts), level=draw(numbers))
        for n, owner in enumerate(draw(st.lists(st.integers(0, 14), max_size=20)))
    ]
    pairs = draw(st.dictionaries(st.tuples(pool, texts), st.binary(max_size=20), max_size=8))
    kv = [
        {"function_id": function_row(owner)["id"], "key": key, "value": value}
        for (owner, key), value in pairs.items()
    ]
    return {
        "functions": functions,
        "function_versions": versions,
        "executions": executions,
        "logs": logs,
        "kv_store": kv,
    }


def write(path: Path, rows, version: int) -> None:
    raw = {name: list(members) for name, members in rows.items()}
    raw["kv_store"] = [row | {"value": f"#{n}"} for n, row in enumerate(rows["kv_store"])]
    write_database(path, raw, version)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for n, row in enumerate(rows["kv_store"]):
            connection.execute(
                "UPDATE kv_store SET value = CAST(? AS TEXT) WHERE value = ?",
                (row["value"], f"#{n}"),
            )


@examples(60)
@given(installations(), st.integers(1, 9))
def test_only_rows_that_belong_to_something_arrive(rows, version):
    functions = {row["id"] for row in rows["functions"]}
    versions = {row["id"] for row in rows["function_versions"] if row["function_id"] in functions}
    executions = [row for row in rows["executions"] if row["function_version_id"] in versions]
    ids = {row["id"] for row in executions}
    logs = [row for row in rows["logs"] if row["execution_id"] in ids]
    pairs = [row for row in rows["kv_store"] if row["function_id"] in functions]

    with tempfile.TemporaryDirectory() as folder:
        lunar, ours = Path(folder, "lunar.db"), Path(folder, "data", "lunar.db")
        write(lunar, rows, version)
        report = maintenance_of(ours).import_lunar(lunar, now=5)
        with closing(sqlite3.connect(ours)) as connection:

            def all_of(sql: str) -> list[Any]:
                return connection.execute(sql).fetchall()

            arrived = all_of("SELECT id, created_at, event_json FROM executions ORDER BY seq")
            lines = all_of("SELECT execution_id, message, level FROM logs ORDER BY seq")
            kept = all_of("SELECT function_id, key, value FROM kv_store")
            counters = dict(all_of("SELECT function_id, last_version FROM function_counters"))
            active = all_of("SELECT function_id, version FROM function_versions WHERE is_active")
            assert all_of("PRAGMA foreign_key_check") == []

    events = version >= 3
    assert arrived == [
        (row["id"], row["created_at"], row["event_json"] if events else None) for row in executions
    ]
    assert lines == [(row["execution_id"], row["message"], row["level"]) for row in logs]
    assert sorted(kept) == sorted(
        (row["function_id"], row["key"].encode(), row["value"]) for row in pairs
    )
    assert {one: table.taken for one, table in report.tables.items() if one in rows} == {
        "functions": len(functions),
        "function_versions": len(versions),
        "executions": len(executions),
        "logs": len(logs),
        "kv_store": len(pairs),
    }
    assert all(table.found == table.taken + table.dropped for table in report.tables.values())
    for function_id in functions:
        own = [row for row in rows["function_versions"] if row["function_id"] == function_id]
        assert counters[function_id] == max((row["version"] for row in own), default=0)
        wanted = max((row["version"] for row in own if row["is_active"]), default=None)
        assert dict(active).get(function_id) == wanted
