"""One test per defect of the predecessor in storage; KD-nn names it.

Details are tested beside the code; here stands that the defect is not there.
"""

import asyncio
import random

import pytest

from perilune.services.kv import KV, KVError, KVKeyNotFound, KVLimitError, KVLimits
from perilune.services.logger import LogLevel, StoreLogger
from perilune.store import (
    IN_MEMORY,
    EmailRequest,
    PaginationParams,
    RequestStatus,
    StoreUnavailable,
    UpdateFunctionRequest,
    open_store,
)
from perilune.store.sqlite.connection.connect import connect
from perilune.store.sqlite.connection.migrate import shipped_migrations
from perilune.store.sqlite.connection.prepare import prepare_file
from perilune.store.sqlite.tables.removal import AT_ONCE
from tests.services.conftest import BrokenRows
from tests.store.helpers import (
    NOW,
    add_executions,
    execution_of,
    fresh_id,
    other_connection,
    row_count,
    rows,
    some_function,
    some_version,
)

DAY_S = 86400
ALL = PaginationParams(100, 0)
OF_FUNCTIONS = (
    "functions",
    "function_counters",
    "function_versions",
    "execution_counters",
    "executions",
    "logs",
    "kv_store",
    "env_vars",
)


async def filled_version(store):
    """A version with an execution, a log line, a pair and a variable."""
    version = await some_version(store)
    made = await store.create_execution(execution_of(version, status="success"))
    store.logs.append(fresh_id(), made.id, 0, "line", NOW)
    await store.kv.set(version.function_id, b"k", b"v", None, 1000)
    await store.env.set(version.function_id, "KEY", "secret")
    return version


async def test_kd_60_every_connection_keeps_references_whole(store, path):
    """Also after many parallel readers."""
    versions = [await filled_version(store) for _ in range(40)]
    await asyncio.gather(
        *(store.list_executions(one.function_id, ALL) for one in versions for _ in range(4))
    )

    await asyncio.gather(*(store.delete_function(one.function_id) for one in versions))

    assert {table: row_count(path, table) for table in OF_FUNCTIONS} == dict.fromkeys(
        OF_FUNCTIONS, 0
    )
    for read_only in (False, True):
        connection = connect(path, read_only=read_only)
        pragmas = ("foreign_keys", "journal_mode", "busy_timeout", "synchronous")
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
        connection.close()
        assert found == [1, "wal", 5000, 1]


async def test_kd_61_a_busy_database_is_waited_for_and_read_meanwhile(store, path):
    version = await some_version(store)
    with other_connection(path) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        writing = asyncio.ensure_future(store.create_execution(execution_of(version)))
        assert (await store.list_executions(version.function_id, ALL))[1] == 0
        assert not writing.done()
        somebody.execute("COMMIT")

    await writing

    assert (await store.list_executions(version.function_id, ALL))[1] == 1


async def test_kd_62_log_lines_go_with_their_execution(store, path):
    by_function, by_version, by_age = [await filled_version(store) for _ in range(3)]
    await store.create_version(by_version.function_id, "two")
    with other_connection(path) as somebody:
        somebody.execute(
            "UPDATE executions SET created_at = ? WHERE function_id = ?",
            (NOW - 8 * DAY_S, by_age.function_id),
        )

    await store.delete_function(by_function.function_id)
    await store.delete_version(by_version.id)
    await store.purge_expired(NOW)

    assert row_count(path, "logs") == 0


@pytest.mark.parametrize("executions", [1, AT_ONCE + 1])
async def test_kd_63_nothing_of_a_deleted_function_stays(store, path, executions):
    version = await filled_version(store)
    add_executions(path, version, executions - 1)
    with other_connection(path) as somebody:
        somebody.execute(
            "INSERT INTO signing_secrets (function_id, id, value, created_at)"
            " VALUES (?, 's', 'x', 1)",
            (version.function_id,),
        )

    await store.delete_function(version.function_id)

    for table in ("functions", "function_versions", "kv_store", "env_vars", "signing_secrets"):
        assert row_count(path, table) == 0, table


async def test_kd_64_a_request_is_stored_whole_or_not_at_all(site, tmp_path):
    path = tmp_path / "data" / "lunar.db"
    function_id = await site.answering(body="x")
    before = (await site.client.get(f"/api/functions/{function_id}")).json()
    fail = "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    with other_connection(path) as somebody:
        somebody.execute(f"CREATE TRIGGER a BEFORE INSERT ON function_versions {fail}")
        somebody.execute(f"CREATE TRIGGER b BEFORE INSERT ON env_vars WHEN NEW.key = 'LAST' {fail}")

    answers = [
        await site.client.post("/api/functions", json={"name": "new", "code": "x"}),
        await site.client.put(
            f"/api/functions/{function_id}", json={"name": "changed", "code": "changed"}
        ),
        await site.client.put(
            f"/api/functions/{function_id}/env", json={"env_vars": {"FIRST": "1", "LAST": "2"}}
        ),
    ]

    assert [one.status_code for one in answers] == [500] * 3
    assert row_count(path, "functions") == 1
    assert (await site.client.get(f"/api/functions/{function_id}")).json() == before


async def test_kd_66_rows_of_one_second_have_one_order_on_all_pages(store):
    version = await some_version(store)
    made = [
        (await store.create_execution(execution_of(version, id=fresh_id()[::-1]))).id
        for _ in range(25)
    ]
    for number in range(25):
        store.logs.append(fresh_id()[::-1], made[0], 0, f"{number}", NOW)
    await store.kv.delete(version.function_id, b"after the lines")

    seen, lines = [], []
    for offset in range(0, 25, 4):
        page, _ = await store.list_executions(version.function_id, PaginationParams(4, offset))
        seen += [one.id for one in page]
        lines += [one.message for one in (await store.logs.page(made[0], 4, offset))[0]]

    assert seen == made[::-1]
    assert lines == [f"{number}" for number in range(25)]


async def test_kd_67_version_numbers_are_never_used_again(store):
    first = await some_version(store)
    for expected in (2, 3, 4):
        made = await store.create_version(first.function_id, "x")
        assert (made.version, made.id) == (expected, f"ver_{first.function_id}_v{expected}")
        await store.activate_version(first.id)
        await store.delete_version(made.id)


async def test_kd_70_lists_and_clean_up_have_their_index_and_no_table_has_idle_ones(store, path):
    found = rows(path, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    columns = {
        name: [row[2] for row in rows(path, f"PRAGMA index_info({name})")] for (name,) in found
    }

    assert columns["executions_newest"][:2] == ["function_id", "created_at"]
    assert "executions_pending" in columns
    for idle in ("level", "timestamp", "disabled"):
        assert all(first != idle for first, *_ in columns.values())
    for condition, index in (
        ("function_id = 'f' ORDER BY created_at DESC, seq DESC", "executions_newest"),
        ("function_id = 'f' AND created_at < 5", "executions_newest"),
        ("status = 'pending' AND created_at < 5", "executions_pending"),
    ):
        plan = f"EXPLAIN QUERY PLAN SELECT 1 FROM executions WHERE {condition}"
        steps = str(rows(path, plan))
        assert index in steps and "SCAN" not in steps and "TEMP B-TREE" not in steps


async def test_kd_71_a_change_of_the_schema_leaves_a_copy_and_never_goes_back(
    path, clock, monkeypatch
):
    steps = shipped_migrations()
    monkeypatch.setattr(
        "perilune.store.sqlite.connection.prepare.shipped_migrations", lambda: steps[:3]
    )
    prepare_file(path, NOW).close()
    monkeypatch.undo()

    async with open_store(path, clock=clock):
        pass

    copy = path.with_name(f"{path.name}.before-v{len(steps)}")
    newest = "SELECT max(version) FROM perilune_migrations"
    assert (rows(copy, newest), rows(path, newest)) == ([(3,)], [(len(steps),)])
    assert [one for one in steps if "down" in one.name] == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s, v, _: s.create_version(v.function_id, "x"), id="code"),
        pytest.param(lambda s, _, other: s.activate_version(other.id), id="active-version"),
        pytest.param(
            lambda s, v, _: s.update_function(v.function_id, UpdateFunctionRequest(name="x")),
            id="settings",
        ),
        pytest.param(lambda s, v, _: s.env.replace(v.function_id, {"A": "1"}), id="environment"),
    ],
)
async def test_kd_72_every_change_of_a_function_is_dated(store, clock, change):
    version = await some_version(store)
    other = await store.create_version(version.function_id, "other")
    await store.activate_version(version.id)
    clock.now += 100

    await change(store, version, other)

    assert (await store.get_function(version.function_id)).updated_at == NOW + 100


@pytest.mark.parametrize(
    "recipients",
    [
        pytest.param(['"Doe, Jane" <j@example.org>', "a@example.org"], id="comma"),
        pytest.param([], id="none"),
        pytest.param([""], id="empty"),
    ],
)
async def test_kd_73_recipients_come_back_as_they_were(store, recipients):
    version = await some_version(store)
    execution = await store.create_execution(execution_of(version))
    sent = EmailRequest(
        id=fresh_id(),
        execution_id=execution.id,
        from_="a@example.net",
        to=recipients,
        subject="hi",
        has_text=True,
        has_html=False,
        request_json="{}",
        status=RequestStatus.SUCCESS,
        duration_ms=0,
        created_at=NOW,
    )

    store.email_requests.append(sent)
    await store.kv.delete(version.function_id, b"after the row")

    ((found,), _) = await store.email_requests.page(execution.id, None, 0)
    assert found.to == recipients


async def test_kd_74_values_are_bytes(store, path):
    version = await some_version(store)
    every = bytes(range(256))

    await store.kv.set(version.function_id, every, every, None, 1000)

    assert await store.kv.get(version.function_id, every) == every
    assert rows(path, "SELECT typeof(key), typeof(value) FROM kv_store") == [("blob", "blob")]


async def test_kd_75_memory_and_file_behave_alike(store, clock):
    """The same calls, chosen at random, have the same outcomes."""
    function = await some_function(store)
    limits = KVLimits(max_key_bytes=4, max_value_bytes=20, max_function_bytes=60)
    chance = random.Random(75)

    async def outcome(form, name, *args):
        try:
            return await getattr(form, name)(function.id, *args)
        except KVError as error:
            return type(error), str(error)

    async with open_store(IN_MEMORY, clock=clock) as memory:
        await memory.create_function(function)
        forms = [KV(one.kv, limits=limits, clock=clock) for one in (store, memory)]
        for _ in range(400):
            key = chance.choice(["a", "b", "c", "ab", "too long"])
            value = chance.choice(["1", "7", "x" * 20, "x" * 21])
            call: tuple[object, ...] = chance.choice(
                [
                    ("get", key),
                    ("set", key, value, chance.choice([None, 5])),
                    ("delete", key),
                    ("incr", key, chance.choice([1, -3])),
                    ("cas", key, chance.choice([None, "1", "7"]), value),
                    ("list", chance.choice(["", "a"]), 2),
                ]
            )
            clock.now += chance.choice([0, 0, 1])

            first, second = [await outcome(form, *call) for form in forms]

            assert first == second, call


async def test_kd_77_failures_are_counted_reported_and_never_an_empty_page(
    store, path, reported, caplog
):
    logger = StoreLogger(store.logs)
    await logger.log("no such execution", LogLevel.INFO, "lost")
    await store.kv.delete("f", b"after the line")

    assert store.lost_writes == 1
    assert "1 queued writes failed" in str(reported[0])
    with pytest.raises(StoreUnavailable):
        await StoreLogger(BrokenRows()).entries("e")
    with other_connection(path) as somebody:
        somebody.execute("ALTER TABLE logs RENAME TO gone")
    with pytest.raises(StoreUnavailable):
        await logger.entries("e")
    with other_connection(path) as somebody:
        somebody.execute("ALTER TABLE gone RENAME TO logs")


async def test_kd_78_kv_is_atomic_listed_limited_and_tells_failure_from_absence(store, clock):
    function_id = (await some_version(store)).function_id
    kv = KV(store.kv, limits=KVLimits(max_function_bytes=100), clock=clock)

    sums = await asyncio.gather(*(kv.incr(function_id, "n") for _ in range(20)))
    assert sorted(sums) == [*range(1, 21)]
    assert [await kv.cas(function_id, "lock", None, "me") for _ in range(2)] == [True, False]
    await kv.set(function_id, "soon", "gone", ttl_s=5)
    page = await kv.list(function_id)
    assert [key for key, _ in page.items] == ["lock", "n", "soon"]
    clock.now += 5
    with pytest.raises(KVKeyNotFound):
        await kv.get(function_id, "soon")
    with pytest.raises(KVLimitError):
        await kv.set(function_id, "large", "x" * 100)
    with pytest.raises(KVError) as failed:
        await KV(BrokenRows()).get(function_id, "n")
    assert not isinstance(failed.value, KVKeyNotFound)


async def test_kd_79_many_log_lines_share_a_commit(store, path):
    version = await some_version(store)
    execution = await store.create_execution(execution_of(version))
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)
    logger = StoreLogger(store.logs)

    for number in range(400):
        await logger.log(execution.id, LogLevel.INFO, f"line {number}")
    await store.update_execution(execution.id, "success", 1, None, None)

    store._connection.set_trace_callback(None)
    assert statements.count("COMMIT") == 1
    assert row_count(path, "logs") == 400


async def test_kd_76_times_stay_seconds_and_the_order_within_one_is_kept(store, path, clock):
    """Whole seconds in the fields that clients read; beside them the order of insertion."""
    version = await some_version(store)
    made = [await store.create_execution(execution_of(version)) for _ in range(5)]

    found, _ = await store.list_executions(version.function_id, ALL)

    assert {one.created_at for one in found} == {int(clock.now)}
    assert [one.id for one in found] == [one.id for one in reversed(made)]
    ordered = rows(path, "SELECT id FROM executions ORDER BY seq")
    assert ordered == [(one.id,) for one in made]
