"""What arrives from a database of Lunar, and what becomes of what can't."""

import json
import sqlite3
from contextlib import closing

import pytest

from perilune.store import PaginationParams, StoreNotEmpty, maintenance_of, open_store
from tests.lunar.database import (
    CREATED,
    SINCE,
    bytes_as_text,
    email_row,
    execution_row,
    function_row,
    log_row,
    some_rows,
    version_row,
    write_database,
)

NOW = 1_800_000_000
DEFAULTS = {
    "disabled": 0,
    "retention_days": None,
    "cron_schedule": None,
    "cron_status": "paused",
    "save_response": 0,
    "event_json": None,
    "trigger": "http",
    "response_json": None,
}


@pytest.fixture
def lunar(tmp_path):
    (tmp_path / "lunar").mkdir()
    return tmp_path / "lunar" / "lunar.db"


@pytest.fixture
def ours(tmp_path):
    return tmp_path / "data" / "lunar.db"


def stored(path, table: str, columns: list[str]) -> list[dict[str, object]]:
    """Rows in the order of insertion, or of their key."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    return [dict(zip(columns, row, strict=True)) for row in rows]


def expected(table: str, row: dict[str, object], version: int) -> dict[str, object]:
    wanted = {}
    for name, value in row.items():
        if SINCE.get((table, name), 1) > version:
            value = DEFAULTS[name]
        elif table == "kv_store" and name in ("key", "value"):
            value = str(value).encode()
        elif name == "cron_schedule":
            value = value or None
        elif name == "save_response":
            value = value or 0
        elif name == "to_addresses":
            first = ["a@example.org", "b@example.org"]
            second = ['"Doe, Jane" <j@example.org>', "x@example.org"]
            value = json.dumps(first if "Doe" not in str(value) else second)
        wanted[name] = value
    return wanted


@pytest.mark.parametrize("version", range(1, 10))
def test_every_row_arrives_from_every_version(lunar, ours, version):
    rows = some_rows()
    write_database(lunar, rows, version)
    before = lunar.read_bytes()

    report = maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert report.version == version
    for table, members in rows.items():
        if SINCE.get((table, ""), 1) > version:
            assert table not in report.tables
            continue
        wanted = [expected(table, row, version) for row in members]
        found = stored(ours, table, list(members[0]))
        by_key = (lambda row: str(list(row.values()))) if table != "logs" else (lambda row: "")
        assert sorted(found, key=by_key) == sorted(wanted, key=by_key)
        assert report.tables[table].taken == report.tables[table].found == len(members)
        assert report.tables[table].dropped == report.tables[table].present == 0
    assert lunar.read_bytes() == before
    assert [one.name for one in lunar.parent.iterdir()] == ["lunar.db"]
    assert [one.name for one in ours.parent.iterdir()] == ["lunar.db"]


async def test_the_store_shows_what_lunar_had(lunar, ours):
    write_database(lunar, some_rows())
    maintenance_of(ours).import_lunar(lunar, now=NOW)

    async with open_store(ours) as store:
        (idle, greeter), total = await store.list_functions(PaginationParams())
        executions, counted = await store.list_executions(greeter.function.id, PaginationParams())
        emails, _ = await store.email_requests.page(executions[1].id, 10, 0)
        new = await store.create_version(greeter.function.id, "return 1")

        assert await store.check_integrity() == []
    assert total == 2 and idle.function.disabled and idle.function.cron_schedule is None
    assert greeter.function.cron_schedule == "*/5 * * * *"
    assert greeter.function.cron_status == "active" and greeter.function.retention_days == 30
    assert greeter.active_version is not None and greeter.active_version.version == 2
    assert [one.id[-4:] for one in executions] == ["0030", "0020", "0010"]
    assert counted == 3
    assert emails[0].to == ['"Doe, Jane" <j@example.org>', "x@example.org"]
    assert new.version == 3


def test_kd_33_and_62_log_lines_of_nothing_are_left_out(lunar, ours):
    rows = some_rows()
    function_id = rows["functions"][0]["id"]
    rows["logs"] += [log_row(function_id, 4), log_row("gone", 5)]
    write_database(lunar, rows)

    report = maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert (report.tables["logs"].taken, report.tables["logs"].dropped) == (3, 2)
    assert report.repaired["log_lines_under_a_function_id"] == 1


def test_kd_63_secrets_of_deleted_functions_do_not_arrive(lunar, ours):
    rows = some_rows()
    rows["env_vars"].append({"function_id": "gone", "key": "TOKEN", "value": "s3cret-of-old"})
    rows["kv_store"].append({"function_id": "gone", "key": "k", "value": "s3cret-of-old"})
    write_database(lunar, rows)

    report = maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert report.tables["env_vars"].dropped == report.tables["kv_store"].dropped == 1
    assert b"s3cret-of-old" not in ours.read_bytes()


def test_executions_of_missing_versions_are_left_out_with_what_is_theirs(lunar, ours):
    rows = some_rows()
    gone = version_row(rows["functions"][0], 9)
    stranger = version_row(rows["functions"][1], 1)
    rows["executions"] += [
        execution_row(gone, 50),
        execution_row(stranger | {"function_id": rows["functions"][0]["id"]}, 51),
    ]
    rows["logs"].append(log_row(rows["executions"][-2]["id"], 9))
    write_database(lunar, rows)

    report = maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert report.tables["executions"].dropped == 2
    assert report.tables["logs"].dropped == 1


async def test_the_highest_of_several_active_versions_wins(lunar, ours):
    rows = some_rows()
    for version in rows["function_versions"]:
        version["is_active"] = 1
    none = function_row(7)
    rows["functions"].append(none)
    rows["function_versions"].append(version_row(none, 4))
    write_database(lunar, rows)

    report = maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert report.repaired["functions_with_several_active_versions"] == 1
    assert report.repaired["functions_without_active_version"] == 1
    async with open_store(ours) as store:
        active = await store.get_active_version(rows["functions"][0]["id"])
        assert active.version == 2
        assert (await store.create_version(none["id"], "return 1")).version == 5


def test_kd_74_bytes_stay_bytes_where_they_can(lunar, ours):
    rows = some_rows()
    rows["kv_store"] = [{"function_id": rows["functions"][0]["id"], "key": "b", "value": "?"}]
    write_database(lunar, rows)
    with closing(sqlite3.connect(lunar, isolation_level=None)) as connection:
        bytes_as_text(connection, "kv_store", "value", b"\x00\xff")
        bytes_as_text(connection, "env_vars", "value", b"a\xc3(")
        bytes_as_text(connection, "logs", "message", b"\xed\xa0\x80\x00end")

    report = maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert stored(ours, "kv_store", ["value"]) == [{"value": b"\x00\xff"}]
    assert stored(ours, "env_vars", ["value"])[0] == {"value": "a\ufffd("}
    assert stored(ours, "logs", ["message"])[0] == {"message": "\ufffd\ufffd\ufffd\x00end"}
    assert report.repaired["texts_not_utf8"] == 2 + 3


@pytest.mark.parametrize(
    ("joined", "request_json", "recipients"),
    [
        pytest.param("", "{}", [], id="none"),
        pytest.param("a@x.org", "{}", ["a@x.org"], id="one"),
        pytest.param('"D, \\"J\\"" <d@x.org>,b@x.org', "", ['"D, \\"J\\"" <d@x.org>', "b@x.org"],
                     id="quoted"),
        pytest.param("Doe, J <d@x.org>", '{"to":["Doe, J <d@x.org>"]}', ["Doe, J <d@x.org>"],
                     id="as asked"),
        pytest.param("a@x.org,b@x.org", '{"to":["[REDACTED]"]}', ["a@x.org", "b@x.org"],
                     id="masked"),
    ],
)  # fmt: skip
def test_kd_73_recipients_come_apart(lunar, ours, joined, request_json, recipients):
    rows = some_rows()
    first = rows["executions"][0]["id"]
    rows["email_requests"] = [email_row(first, 1, joined, request_json=request_json)]
    write_database(lunar, rows)

    maintenance_of(ours).import_lunar(lunar, now=NOW)

    (row,) = stored(ours, "email_requests", ["to_addresses"])
    assert json.loads(str(row["to_addresses"])) == recipients


def test_a_second_time_is_refused(lunar, ours):
    write_database(lunar, some_rows())
    maintenance_of(ours).import_lunar(lunar, now=NOW)

    with pytest.raises(StoreNotEmpty, match="has 2 functions already; with --merge"):
        maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert len(stored(ours, "logs", ["id"])) == 3


def test_merging_adds_missing_rows(lunar, ours):
    rows = some_rows()
    write_database(lunar, rows)
    maintenance_of(ours).import_lunar(lunar, now=NOW)
    lunar.unlink()
    third = function_row(3)
    version = version_row(third, 1, is_active=1)
    rows["functions"].append(third)
    rows["functions"][0]["name"] = "renamed meanwhile"
    rows["function_versions"].append(version)
    rows["executions"].append(execution_row(version, 60))
    rows["logs"] += [log_row(rows["executions"][-1]["id"], 7), log_row("gone", 8)]
    write_database(lunar, rows)

    first = maintenance_of(ours).import_lunar(lunar, now=NOW, merge=True)
    second = maintenance_of(ours).import_lunar(lunar, now=NOW, merge=True)

    counts = {name: (one.taken, one.present, one.dropped) for name, one in first.tables.items()}
    assert counts["functions"] == (1, 2, 0) and counts["executions"] == (1, 4, 0)
    assert counts["logs"] == (1, 3, 1) and counts["kv_store"] == (0, 2, 0)
    assert all(one.taken == 0 for one in second.tables.values())
    names = [row["name"] for row in stored(ours, "functions", ["name"])]
    assert sorted(map(str, names)) == ["function 2", "function 3", "greeter"]


def test_metrics_count_executions_of_lunar(lunar, ours):
    write_database(lunar, some_rows())

    maintenance_of(ours).import_lunar(lunar, now=NOW)

    found = stored(ours, "execution_stats", ["executions", "errors", "bucket"])
    assert sum(int(str(row["executions"])) for row in found) == 3
    assert sum(int(str(row["errors"])) for row in found) == 1
    assert all(int(str(row["bucket"])) + 300 >= CREATED for row in found)


def test_nothing_is_active_without_a_schedule_and_what_is_never_due_is_counted(lunar, ours):
    rows = some_rows()
    rows["functions"][1] |= {"cron_schedule": " ", "cron_status": "active"}
    never = {"cron_schedule": "0 0 30 2 *", "cron_status": "active"}
    rows["functions"].append(function_row(3, **never))
    write_database(lunar, rows)

    report = maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert report.repaired["schedules_that_are_never_due"] == 1
    assert stored(ours, "functions", ["cron_schedule", "cron_status"])[1:] == [
        {"cron_schedule": None, "cron_status": "paused"},
        never,
    ]


def test_schedules_are_due_from_now_on(lunar, ours):
    write_database(lunar, some_rows())

    maintenance_of(ours).import_lunar(lunar, now=NOW)

    since = [row["cron_since"] for row in stored(ours, "functions", ["cron_since"])]
    assert since == [NOW, None] and CREATED < NOW
